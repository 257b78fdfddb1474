"""Exact search over the library's vectors: a mapped FAISS snapshot and the changes since.

The truth is the table `embedding`; `snapshot_files` says what lies on the disk.
All readers map the same file, so that a machine holds one copy.
"""

from dataclasses import dataclass

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.snapshot_files import empty_index, rows_since, snapshots_of
from indexer.view import View
from models.encoder import Vectors

MIN_TAIL = 4096  # fewer changes than these are not worth a new snapshot: read in 20 ms
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
        self._tail = empty_index(dimension)
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
        before = self.change
        for change, contents, codes in rows_since(view, before, self.digest):
            self._tail.add_sa_codes(codes)
            self._tail_contents += contents
            self.change = change
        return self.change > before

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
        for change, path in sorted(snapshots_of(view, self.digest), reverse=True):
            try:
                index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
                contents = np.load(path.with_suffix(".npy"), mmap_mode="r")
            except (RuntimeError, OSError, ValueError, EOFError):
                continue
            is_whole = 0 < index.ntotal == len(contents) and index.d == self.dimension
            if is_whole and view.content_at(change, self.digest) == contents[-1]:
                return index, contents, change
        return empty_index(self.dimension), np.zeros(0, np.int64), 0


def is_long(tail: int, snapshot: int) -> bool:
    """Whether `tail` changes behind a snapshot of so many rows are worth a new one."""
    return tail > max(MIN_TAIL, TAIL_SHARE * snapshot)


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
