"""Look through a library for anything that is not as it should be, from outside.

    python -m tests.audit LIBRARY [OTHER]

Prints a JSON line: what is wrong, and with an OTHER library of the same photos what differs.
A process of its own reads the vectors, as a search would.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from indexer.library import Library
from indexer.thumbnails import SIDES, thumbnail_path
from indexer.vectors import VectorIndex
from indexer.view import View

HOME = Path(__file__).resolve().parent.parent
CLOSE = 0.9999  # cosine of two encodings of one picture, in batches of other sizes
SHOWN = 5  # so many of each kind of difference are named
NOBODYS = {  # rows that belong to nothing
    "contents that no photo shows": "SELECT id FROM content WHERE NOT EXISTS"
    " (SELECT 1 FROM photo WHERE content_id = content.id)",
    "vectors of no content": "SELECT change FROM embedding WHERE content_id NOT IN"
    " (SELECT id FROM content)",
    "vectors of no encoder": "SELECT change FROM embedding WHERE encoder_id NOT IN"
    " (SELECT id FROM encoder)",
    "metadata of no content": "SELECT content_id FROM metadata WHERE content_id NOT IN"
    " (SELECT id FROM content)",
    "queued contents that are none": "SELECT content_id FROM unseen WHERE content_id NOT IN"
    " (SELECT id FROM content)",
    "photos that were not encoded": "SELECT path FROM photo, library WHERE state = 'indexed'"
    " AND NOT EXISTS (SELECT 1 FROM embedding WHERE encoder_id = serving"
    "  AND embedding.content_id = photo.content_id)",
    "queued contents": "SELECT content_id FROM unshown",
}


def wrong(library: Path, other: Path | None = None) -> list[str]:
    """What is wrong with a library at rest, or differs from another; [] if nothing is."""
    command = [sys.executable, "-m", "tests.audit", str(library), *([str(other)] if other else [])]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HOME)
    if done.returncode:
        return [f"the audit itself failed: {done.stderr.strip()[-500:]}"]
    found: list[str] = json.loads(done.stdout)
    return found


def all_wrong(library: Library) -> Iterator[str]:
    """Each thing that is wrong, as a sentence."""
    with closing(sqlite3.connect(library.database.as_uri() + "?mode=ro", uri=True)) as db:
        db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        for check in ("integrity_check", "foreign_key_check"):
            rows = db.execute(f"PRAGMA {check}").fetchall()
            if rows not in ([("ok",)], []):
                yield f"{check}: {rows[:SHOWN]}"
        for what, query in NOBODYS.items():
            rows = db.execute(query).fetchall()
            if rows:
                yield f"{len(rows)} {what}: {[row[0] for row in rows[:SHOWN]]}"
        hashes = {row[0] for row in db.execute("SELECT hash FROM content")}
    yield from strange_files(library, hashes)
    yield from strange_vectors(library)


def strange_files(library: Library, hashes: set[bytes]) -> Iterator[str]:
    """Files that belong to nothing, and thumbnails that are not there."""
    wanted = {thumbnail_path(library, one, SIDES[0]) for one in hashes}
    allowed = wanted | {thumbnail_path(library, one, SIDES[1]) for one in hashes}
    files = {path for path in library.thumbnails.rglob("*") if path.is_file()}
    if files - allowed:
        some = sorted(path.name for path in files - allowed)[:SHOWN]
        yield f"{len(files - allowed)} thumbnails of nobody: {some}"
    if wanted - files:
        yield f"{len(wanted - files)} contents without a thumbnail"
    cut = [path.name for path in files if not path.read_bytes().endswith(b"\xff\xd9")]
    if cut:
        yield f"{len(cut)} thumbnails that end too early: {cut[:SHOWN]}"
    pairs: dict[str, set[str]] = {}
    for path in library.vectors.glob("*"):
        pairs.setdefault(path.stem, set()).add(path.suffix)
    strange = [name for name, kinds in pairs.items() if kinds != {".faiss", ".npy"}]
    strange += [path.name for path in library.root.glob("**/new-*")]
    if library.socket.exists():
        strange.append(library.socket.name)
    if strange:
        yield f"files of nobody: {strange[:SHOWN]}"


def strange_vectors(library: Library) -> Iterator[str]:
    """Where what FAISS searches is not what SQLite holds, row by row."""
    with View(library) as view:
        known = view.serving()
        if known is None:
            return
        index = VectorIndex(view, known.digest, known.dimension)
        index.refresh(view)
        truth = {row[1]: row[2] for row in view.vectors_since(0, known.digest)}
        contents = [*map(int, index._snapshot_contents), *index._tail_contents]
        parts = (index._snapshot, index._tail)
        rows = np.concatenate([part.reconstruct_n(0, part.ntotal) for part in parts])
        searched = {
            content: row.astype(np.float16).tobytes()
            for content, row in zip(contents, rows, strict=True)
        }
    if len(searched) != len(contents):
        yield f"{len(contents) - len(searched)} contents lie twice in what FAISS searches"
    lacking = truth.keys() - searched.keys()
    if lacking:
        yield f"{len(lacking)} vectors that FAISS does not search: {sorted(lacking)[:SHOWN]}"
    other = [content for content in truth.keys() & searched if truth[content] != searched[content]]
    if other:
        yield f"{len(other)} vectors differ between FAISS and SQLite: {other[:SHOWN]}"


def photos(library: Library) -> dict[str, tuple[tuple[Any, ...], bytes | None]]:
    """Everything that is known of each photo that is not missing, and its vector, by path."""
    with closing(sqlite3.connect(library.database.as_uri() + "?mode=ro", uri=True)) as db:
        db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
        rows = db.execute(
            "SELECT path, size_bytes, mtime_ns, state, reason, hex(hash), width, height, mean_rgb,"
            " content.taken, make, model, latitude, longitude, title, caption, keywords, vector"
            " FROM photo JOIN library LEFT JOIN content ON content.id = photo.content_id"
            " LEFT JOIN metadata ON metadata.content_id = content.id LEFT JOIN embedding"
            " ON embedding.content_id = content.id AND encoder_id = serving"
            " WHERE state != 'missing'"
        )
        return {row[0]: (row[1:-1], row[-1]) for row in rows}


def differences(one: Library, two: Library) -> Iterator[str]:
    """What two libraries of the same photos know otherwise."""
    here, there = photos(one), photos(two)
    for mine, other, words in ((here, there, "too many"), (there, here, "missing")):
        only = sorted(mine.keys() - other.keys())
        if only:
            yield f"{len(only)} photos {words}: {only[:SHOWN]}"
    both = sorted(here.keys() & there.keys())
    unlike = [path for path in both if here[path][0] != there[path][0]]
    if unlike:
        first = unlike[0]
        yield f"{len(unlike)} photos differ, {first}: {here[first][0]} and {there[first][0]}"
    far = [path for path in both if not are_close(here[path][1], there[path][1])]
    if far:
        yield f"{len(far)} vectors differ: {far[:SHOWN]}"


def are_close(one: bytes | None, two: bytes | None) -> bool:
    """Whether two unit rows of float16 show the same."""
    if one is None or two is None:
        return one is two
    a, b = (np.frombuffer(row, np.float16).astype(np.float32) for row in (one, two))
    return a.shape == b.shape and float(a @ b) > CLOSE * float(np.linalg.norm(a) ** 2)


def main() -> None:
    """Print what is wrong."""
    libraries = [Library.at(Path(one)) for one in sys.argv[1:]]
    found = list(all_wrong(libraries[0]))
    if libraries[1:]:
        found += differences(*libraries)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
