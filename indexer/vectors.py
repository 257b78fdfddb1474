"""Exact search over the library's vectors: a mapped FAISS snapshot and the changes since.

The truth is the table `embedding`. `vectors/<encoder>-<database>-<change>.faiss` holds the rows
up to that change number as float16, and `.npy` beside it the content of each row. Both are
written whole and then renamed, the second last; whoever finds none, or a broken pair, reads
SQLite instead.
All readers map the same file, so that a machine holds one copy.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.view import View
from models.encoder import Vectors

MIN_TAIL = 4096  # fewer changes than these are not worth a new snapshot: read in 20 ms
AT_ONCE = 65_536  # rows read from SQLite: 32 MB at 256 dimensions
UNFINISHED = ".new-"
TAIL_SHARE = 0.25  # of the snapshot: writes stay a small multiple of the library's size


@dataclass(frozen=True, slots=True)
class Nearest:
    """Contents by falling score, arrays of one length."""

    scores: NDArray[np.float32]  # (k,) cosine similarity
    contents: NDArray[np.int64]  # (k,)


class VectorIndex:
    """The vectors of one encoder, for one thread. Falls behind until `refresh`."""

    def __init__(self, view: View, digest: str, dimension: int) -> None:
        self.digest = digest
        self.dimension = dimension
        self._snapshot, self._snapshot_contents, self.snapshot_change = self._open(view)
        self._tail = _empty(dimension)
        self._tail_contents: list[int] = []
        self.change = self.snapshot_change

    def __len__(self) -> int:
        return int(self._snapshot.ntotal + self._tail.ntotal)

    @property
    def tail_is_long(self) -> bool:
        """Whether a new snapshot is due."""
        return is_long(self._tail.ntotal, self._snapshot.ntotal)

    def refresh(self, view: View) -> bool:
        """Take up what was committed since; whether there was anything."""
        rows = view.vectors_since(self.change, self.digest)
        if not rows:
            return False
        vectors = _matrix([row[2] for row in rows], self.dimension)
        self._tail.add(vectors.astype(np.float32))
        self._tail_contents += [row[1] for row in rows]
        self.change = rows[-1][0]
        return True

    def nearest(
        self, query: NDArray[np.float32], k: int, among: NDArray[np.int64] | None = None
    ) -> Nearest:
        """The `k` contents most similar to a unit vector (d,), fewer where there are fewer.

        With `among`, sorted content ids, exactly the best of those.
        """
        parts = [
            _search(self._snapshot, self._snapshot_contents, query, k, among),
            _search(self._tail, np.array(self._tail_contents, np.int64), query, k, among),
        ]
        scores = np.concatenate([part.scores for part in parts])
        contents = np.concatenate([part.contents for part in parts])
        order = np.argsort(-scores, kind="stable")[:k]
        return Nearest(scores[order], contents[order])

    def sample(self, n: int) -> Vectors:
        """About `n` rows spread evenly, (m, d) float32."""
        parts = []
        for index in (self._snapshot, self._tail):
            step = max(1, len(self) // n)
            rows = range(0, index.ntotal, step)
            parts += [index.reconstruct(row) for row in rows]
        return np.stack(parts) if parts else np.zeros((0, self.dimension), np.float32)

    def _open(self, view: View) -> tuple["faiss.Index", NDArray[np.int64], int]:
        """The newest whole snapshot of this very database, or an empty index.

        One that tells of a change which the database knows otherwise (it was restored from a
        backup, or lost its last seconds with the power) is passed over.
        """
        for change, path in sorted(_snapshots(view, self.digest), reverse=True):
            try:
                index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
                contents = np.load(path.with_suffix(".npy"), mmap_mode="r")
            except (RuntimeError, OSError, ValueError, EOFError):
                continue
            is_whole = 0 < index.ntotal == len(contents) and index.d == self.dimension
            if is_whole and view.content_at(change, self.digest) == contents[-1]:
                return index, contents, change
        return _empty(self.dimension), np.zeros(0, np.int64), 0


def is_long(tail: int, snapshot: int) -> bool:
    """Whether `tail` changes behind a snapshot of so many rows are worth a new one."""
    return tail > max(MIN_TAIL, TAIL_SHARE * snapshot)


def write_snapshot(view: View, digest: str, dimension: int) -> None:
    """Write all vectors of SQLite as a new snapshot and remove older ones.

    Raises OSError, and RuntimeError from FAISS, where the disk is full.
    """
    index = _empty(dimension)
    contents: list[int] = []
    change = 0
    while rows := view.vectors_since(change, digest, AT_ONCE):
        index.add(_matrix([row[2] for row in rows], dimension).astype(np.float32))
        contents += [row[1] for row in rows]
        change = rows[-1][0]
    if not contents:
        return
    home = view.library.vectors
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{_name(view, digest)}-{change}.faiss"
    older = [old for _, old in _snapshots(view, digest) if old != path]
    with tempfile.TemporaryDirectory(dir=home, prefix=UNFINISHED) as folder:
        new = Path(folder) / "new.npy"
        np.save(new, np.array(contents, np.int64))
        _sync_and_rename(new, path.with_suffix(".npy"))
        new = Path(folder) / "new.faiss"
        faiss.write_index(index, str(new))
        _sync_and_rename(new, path)
    for old in older:
        old.unlink(missing_ok=True)
        old.with_suffix(".npy").unlink(missing_ok=True)


def sweep(view: View) -> None:
    """Remove what a writer left that was killed, and snapshots of a database that is no more."""
    identity = view.identity()
    for path in view.library.vectors.glob("*"):
        if path.name.startswith(UNFINISHED):
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix in (".faiss", ".npy") and f"-{identity}-" not in path.name:
            path.unlink(missing_ok=True)


def drop(view: View, digest: str) -> None:
    """Delete all snapshots of one encoder."""
    for _, path in _snapshots(view, digest):
        path.unlink(missing_ok=True)
        path.with_suffix(".npy").unlink(missing_ok=True)


def _name(view: View, digest: str) -> str:
    """What the names of snapshots begin with: the encoder and the database."""
    return f"{digest[:16]}-{view.identity()}"


def _snapshots(view: View, digest: str) -> list[tuple[int, Path]]:
    """(change number, path) of the snapshots on disk of this encoder and this database."""
    found = []
    for path in view.library.vectors.glob(f"{_name(view, digest)}-*.faiss"):
        number = path.stem.rpartition("-")[2]
        if number.isdecimal():
            found.append((int(number), path))
    return found


def _sync_and_rename(new: Path, path: Path) -> None:
    with new.open("rb") as file:
        os.fsync(file.fileno())
    new.replace(path)


def _empty(dimension: int) -> "faiss.Index":
    """Float16 rows, inner product, exact; see DECISIONS on why no approximate index."""
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
    index.is_trained = True  # float16 has nothing to learn
    return index


def _matrix(blobs: list[bytes], dimension: int) -> NDArray[np.float16]:
    return np.frombuffer(b"".join(blobs), np.float16).reshape(-1, dimension)


def _search(
    index: "faiss.Index",
    contents: NDArray[np.int64],
    query: NDArray[np.float32],
    k: int,
    among: NDArray[np.int64] | None,
) -> Nearest:
    """The best `k` rows of one index, as contents."""
    k = min(k, index.ntotal)
    if k == 0:
        return Nearest(np.zeros(0, np.float32), np.zeros(0, np.int64))
    parameters = None
    if among is not None:
        bits = np.packbits(np.isin(contents, among), bitorder="little")
        selector = faiss.IDSelectorBitmap(bits)  # type: ignore[call-arg,arg-type] # faiss wraps it at run time
        parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg] # likewise
    scores, rows = index.search(query[None], k, params=parameters)
    found = rows[0] >= 0
    return Nearest(scores[0][found], np.asarray(contents)[rows[0][found]])
