"""`sightword search`: the photos that answer a question, best first."""

import json
import sys

from app.commands.unreadable import check_photo
from indexer.library import Library
from indexer.query import Query
from indexer.scan import check_folder
from indexer.search import Hit, Results, Searcher
from indexer.view import View
from models.installed import find


def run(library: Library, model: str | None, query: Query, *, as_json: bool) -> int:
    """Search and print. Raises BadQuestion, KnownError.

    The encoder that serves the library answers; with a `model`, that one's vectors do, as far as
    there are any. Nothing is switched by asking.
    """
    query.check()
    if query.like is not None:
        check_photo(query.like)
    searcher = Searcher(library, find(model, library.encoders) if model else None)
    try:
        results = searcher.search(query)
    finally:
        searcher.close()
    if not results.hits and query.folder is not None:
        check_folder(query.folder)
    for rank, hit in enumerate(results.hits, start=1):
        print(json.dumps(_row(rank, hit)) if as_json else f"{hit.score:.3f}  {hit.path}")
    if results.note:
        print(results.note, file=sys.stderr)
    if not results.hits:
        with View(library) as view:
            known = view.counts().photos
        print(nothing(query, results, known, model), file=sys.stderr)
    return 0


def nothing(query: Query, results: Results, known: int, model: str | None = None) -> str:
    """The sentence for an empty answer over `known` photos, with the way on."""
    if known and not results.searched:
        option = f" --model {model}" if model else ""
        return (
            f"None of your {known:,} photos has been looked at with this encoder yet. "
            f"Bring the library up to date with `sightword index FOLDER{option}`."
        )
    if not results.searched:
        return "The library is empty. Fill it with `sightword index FOLDER`."
    what = f'"{query.words.strip()}"' if query.words.strip() else f"{query.like}"
    where = f" in {query.folder}" if query.folder else ""
    if query.everything:
        return f"There are no photos{where} to compare."
    return (
        f"No photo{where} matches {what}: none of {results.searched:,} comes close enough. "
        "See the nearest with --all."
    )


def _row(rank: int, hit: Hit) -> dict[str, object]:
    """A hit as docs/command-line.md has it."""
    return {
        "rank": rank,
        "path": str(hit.path),
        "score": round(hit.score, 6),
        "confidence": hit.confidence,
        "why": list(hit.why),
        "taken": hit.taken.isoformat() if hit.taken else None,
        "place": hit.place,
    }
