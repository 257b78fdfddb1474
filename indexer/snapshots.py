"""Decide when a new vector snapshot is due, and write it. The indexer's part of `vectors`."""

import logging
import threading

from indexer.errors import BadLibrary
from indexer.library import Library
from indexer.photo import KnownEncoder
from indexer.snapshot_files import write_snapshot
from indexer.vectors import MIN_TAIL, VectorIndex, is_long
from indexer.view import View

log = logging.getLogger(__name__)


class Snapshots:
    """Keeps the changes behind one encoder's snapshot few, so that readers open at once.

    Snapshots are written on a thread beside, by a reader of the library: a million rows take
    seconds, and meanwhile photos are committed and clients heard.
    """

    def __init__(self, library: Library, known: KnownEncoder) -> None:
        self.library = library
        self.known = known
        with View(library) as view:
            self._in_snapshot = len(VectorIndex(view, known.digest, known.dimension))
            self._vectors = view.counts(known.digest).vectors
        self._stopping = threading.Event()
        self._writer: threading.Thread | None = None
        self.added(0)  # readers passed over the last one if its last photo has left the library

    def added(self, vectors: int) -> None:
        """Note that vectors were committed, and begin a snapshot when it is due."""
        self._vectors += vectors
        if self._is_due and not self._is_writing:
            self._begin()

    def catch_up(self) -> None:
        """Return when reading what lies behind the snapshot takes no while."""
        self.wait()
        if self._vectors - self._in_snapshot > MIN_TAIL:
            self._begin()
            self.wait()

    def wait(self) -> None:
        """Return when no snapshot is being written."""
        if self._writer is not None:
            self._writer.join()

    def close(self) -> None:
        """Give up the one that is being written."""
        self._stopping.set()
        self.wait()

    @property
    def _is_due(self) -> bool:
        return is_long(self._vectors - self._in_snapshot, self._in_snapshot)

    @property
    def _is_writing(self) -> bool:
        return self._writer is not None and self._writer.is_alive()

    def _begin(self) -> None:
        self._writer = threading.Thread(target=self._write_all, name="snapshot")
        self._writer.start()

    def _write_all(self) -> None:
        """Write one, and again while so much was committed meanwhile that the next is due."""
        while True:
            vectors = self._vectors
            self._write()
            self._in_snapshot = vectors  # also where it failed: the next try is as far away
            if self._stopping.is_set() or not self._is_due:
                return

    def _write(self) -> None:
        known, is_stopped = self.known, self._stopping.is_set
        try:
            with View(self.library) as view:
                write_snapshot(view, known.digest, known.dimension, is_stopped)
        except (OSError, RuntimeError, BadLibrary) as error:  # readers read SQLite then
            log.warning("no snapshot of the vectors: %s", error)
