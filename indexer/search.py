"""Answer questions: a query becomes a vector, the nearest photos are ranked, the tail is cut."""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.library import Library
from indexer.query import Query, unread_scripts
from indexer.space import Space
from indexer.succession import Succession
from indexer.vectors import Nearest, VectorIndex
from indexer.view import View
from models.encoder import Encoder
from models.installed import load

AT_LEAST = 1000  # contents to fetch at first: as quick as one, and says how many match
SCRIPT_NAMES = {"CJK": "Chinese or Japanese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese"}


@dataclass(frozen=True, slots=True)
class Hit:
    """One photo that answers a query."""

    photo_id: int
    path: Path
    score: float  # cosine similarity
    confidence: float | None  # None while no encoder is calibrated for it
    why: tuple[str, ...]  # "content" for what the picture shows
    taken: datetime | None
    place: str | None


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to a query, best first."""

    hits: tuple[Hit, ...]
    matches: int  # contents above the cut; may exceed the hits
    searched: int  # contents that have a vector
    note: str | None  # a sentence for the person
    digest: str | None = None  # of the encoder that answered; None where none serves yet


class Searcher:
    """Search `library`. For one thread; nothing heavy happens before a search.

    Each search looks which encoder serves, and takes its words, its cut and its vectors together.
    """

    def __init__(
        self,
        library: Library,
        asked: Path | None = None,
        load: Callable[[Path], Encoder] = load,
        aside: Executor | None = None,
    ) -> None:
        """Search with the encoder that serves the library, or always with the one in `asked`.

        `aside` is where an encoder is loaded that begins to serve meanwhile.
        """
        self.library = library
        self._view = View(library)
        self._succession = Succession(library, asked, load, aside)

    def close(self) -> None:
        """Let go of the library's files."""
        self._succession.close()
        self._view.close()

    def warm_up(self) -> None:
        """Load the text tower and map the vectors, so that the first search is quick."""
        space = self._succession.space(self._view)
        if space is not None:
            space.warm_up(self._view)

    def search(self, query: Query) -> Results:
        """The photos that answer `query`. Raises BadQuestion, BadLibrary, UnreadablePhoto."""
        query.check()
        space = self._succession.space(self._view)
        if space is None:
            return Results((), 0, 0, None)
        spec, index = space.spec, space.vectors(self._view)
        note, unread = self._script_note(query, spec.text.scripts)
        if unread and not query.everything:
            return Results((), 0, len(index), note, spec.digest)
        vector = self._vector(query, space)
        cut = -np.inf if query.everything else space.cut(vector, index)
        hits, matches = self._hits(query, vector, cut, index)
        return Results(hits, matches, len(index), note, spec.digest)

    def _vector(self, query: Query, space: Space) -> NDArray[np.float32]:
        """The unit vector (d,) of the words, the photo, or both."""
        total = np.zeros(space.spec.dimension, np.float32)
        if query.words.strip():
            total += space.text(query.words.strip())
        if query.like is not None:
            total += space.photo(self._view, query.like)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), np.float32)

    def _hits(
        self, query: Query, vector: NDArray[np.float32], cut: float, index: VectorIndex
    ) -> tuple[tuple[Hit, ...], int]:
        """Photos above `cut`, best first, at most `query.limit`; and how many contents match."""
        among = self._view.contents_below(query.folder) if query.folder else None
        k = max(AT_LEAST, 2 * query.limit)
        while True:
            nearest = index.nearest(vector, k, among)
            above = int((nearest.scores > cut).sum())
            hits = self._photos(query, nearest, above)
            if len(hits) >= query.limit or above < k:  # the rest lies below the cut
                return tuple(hits[: query.limit]), above
            k *= 4  # many of these contents have no photo any more: look further down

    def _photos(self, query: Query, nearest: Nearest, above: int) -> list[Hit]:
        """The photos of the first `above` contents; copies follow one another."""
        hits: list[Hit] = []
        for start in range(0, above, 500):
            contents = nearest.contents[start : min(start + 500, above)]
            photos = self._view.photos_of([int(content) for content in contents])
            for score, content in zip(nearest.scores[start:], contents, strict=False):
                for photo in photos.get(int(content), []):
                    if query.folder is None or query.folder in photo.path.parents:
                        hits.append(
                            Hit(
                                photo_id=photo.id,
                                path=photo.path,
                                score=float(score),
                                confidence=None,
                                why=("content",),
                                taken=photo.taken,
                                place=photo.place,
                            )
                        )
            if len(hits) >= query.limit:
                break
        return hits

    def _script_note(self, query: Query, scripts: tuple[str, ...]) -> tuple[str | None, bool]:
        """A sentence where the encoder can't read the words, and whether it can read none."""
        unread, all_of_it = unread_scripts(query.words, scripts)
        if not unread:
            return None, False
        names = sorted({SCRIPT_NAMES.get(name, name.capitalize()) for name in unread})
        return (
            f"This encoder learned English. Words in {' and '.join(names)} may find little.",
            all_of_it and query.like is None,
        )
