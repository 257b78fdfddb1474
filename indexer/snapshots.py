"""Decide when a new vector snapshot is due, and write it. The indexer's part of `vectors`."""

import logging

from indexer.library import Library
from indexer.photo import KnownEncoder
from indexer.vectors import MIN_TAIL, VectorIndex, is_long, sweep, write_snapshot
from indexer.view import View

log = logging.getLogger(__name__)


class Snapshots:
    """Keeps the changes behind one encoder's snapshot few, so that readers open at once."""

    def __init__(self, library: Library, known: KnownEncoder) -> None:
        self.library = library
        self.known = known
        with View(library) as view:
            sweep(view)
            self._in_snapshot = len(VectorIndex(view, known.digest, known.dimension))
            self._vectors = view.counts(known.digest).vectors
        self.added(0)  # readers passed over the last one if its last photo has left the library

    def added(self, vectors: int) -> None:
        """Note that vectors were committed, and write a snapshot when it is due."""
        self._vectors += vectors
        if is_long(self._vectors - self._in_snapshot, self._in_snapshot):
            self._write()

    def catch_up(self) -> None:
        """Write a snapshot if reading what lies behind it would take a while."""
        if self._vectors - self._in_snapshot > MIN_TAIL:
            self._write()

    def _write(self) -> None:
        try:
            with View(self.library) as view:
                write_snapshot(view, self.known.digest, self.known.dimension)
        except (OSError, RuntimeError) as error:  # FAISS raises the latter; readers read SQLite
            log.warning("no snapshot of the vectors: %s", error)
        self._in_snapshot = self._vectors
