"""Write down which encoders a library knows, which one serves and which is wanted.

An encoder *serves* when its vectors answer searches, and is *wanted* while photos are being seen
anew with it so that it may serve next; at rest both are the same. A part of `store`: one writer,
and each method is one transaction where it doesn't say otherwise.
"""

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from shutil import disk_usage

from indexer.database import as_bad_library, text_of
from indexer.library import Library
from indexer.photo import KnownEncoder
from indexer.transactions import ROOM_BYTES, Table, transaction
from models.spec import EncoderSpec

AT_ONCE = 200  # vectors that are deleted in one transaction: it needs little room on a full disk
STEPS = 10_000  # of SQLite's machine, some ms, between two looks whether to stop
WASTE = 0.2  # of the file: less free room than this is left in it for what comes

KNOWN = "SELECT encoder.id, digest, name, dimension, folder FROM encoder"
AT_WORK = "(SELECT serving FROM library UNION SELECT wanted FROM library)"


def known_encoder(library: Library, row: tuple[int, str, str, int, str | None]) -> KnownEncoder:
    """The value of one row of `KNOWN`. Folders inside the library are written from there on."""
    number, digest, name, dimension, folder = row
    return KnownEncoder(number, digest, name, dimension, library.root / folder if folder else None)


class EncoderTable(Table):
    """The encoders of one library. Raises BadLibrary from every method."""

    @property
    def serving(self) -> KnownEncoder | None:
        """The one whose vectors answer; None in a new library."""
        return self._one("JOIN library ON serving = encoder.id")

    @property
    def wanted(self) -> KnownEncoder | None:
        """The one that is to serve; the same as `serving` at rest."""
        return self._one("JOIN library ON wanted = encoder.id")

    @transaction
    def add(self, spec: EncoderSpec, folder: Path) -> KnownEncoder:
        """Know an encoder, and where it lies now."""
        root = self.library.root
        place = folder.relative_to(root) if folder.is_relative_to(root) else folder
        self.connection.execute(
            "INSERT INTO encoder (digest, name, dimension, folder)"
            " VALUES (?, ?, ?, CAST(? AS TEXT)) ON CONFLICT (digest)"
            " DO UPDATE SET name = excluded.name, folder = excluded.folder",
            (spec.digest, spec.name, spec.dimension, text_of(place)),
        )
        known = self._one("WHERE digest = ?", spec.digest)
        assert known is not None
        return known

    @transaction
    def want(self, encoder: KnownEncoder) -> None:
        """Queue all that this encoder has not seen yet. In a library where none serves, it does."""
        at_work = (self.serving, self.wanted)  # whose queues the triggers keep
        is_at_work = any(one is not None and one.id == encoder.id for one in at_work)
        self.connection.execute(
            "UPDATE library SET wanted = :id, serving = coalesce(serving, :id)",
            {"id": encoder.id},
        )
        self.connection.execute(f"DELETE FROM unseen WHERE encoder_id NOT IN {AT_WORK}")
        if not is_at_work:
            self.connection.execute(
                "INSERT OR IGNORE INTO unseen SELECT :id, max(mtime_ns), content_id FROM photo"
                " WHERE content_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM embedding"
                "  WHERE encoder_id = :id AND embedding.content_id = photo.content_id)"
                " GROUP BY content_id",
                {"id": encoder.id},
            )

    @transaction
    def swap(self) -> None:
        """Let the wanted one serve from now on. The vectors of the other stay."""
        self.connection.execute("UPDATE library SET serving = wanted")
        self.connection.execute(f"DELETE FROM unseen WHERE encoder_id NOT IN {AT_WORK}")

    def vectors(self, encoder: KnownEncoder) -> int:
        """How many contents it has seen."""
        count = "SELECT count(*) FROM embedding WHERE encoder_id = ?"
        with as_bad_library(self.library):
            return int(self.connection.execute(count, (encoder.id,)).fetchone()[0])

    def forget(self, encoder: KnownEncoder, is_stopped: Callable[[], bool]) -> None:
        """Delete its vectors, in many small transactions, and give their room back to the disk.

        It must neither serve nor be wanted. Ends early where `is_stopped`; a second call goes on.
        """
        while not is_stopped():
            self._reuse_log()
            if self._forget_some(encoder):
                self._give_room_back(is_stopped)
                return

    @transaction
    def _forget_some(self, encoder: KnownEncoder) -> bool:
        """Delete some of its vectors, and behind the last the encoder; whether that is all."""
        some = "SELECT change FROM embedding WHERE encoder_id = ? LIMIT ?"
        gone = self.connection.execute(
            f"DELETE FROM embedding WHERE change IN ({some})", (encoder.id, AT_ONCE)
        )
        if gone.rowcount:
            return False
        self.connection.execute("DELETE FROM encoder WHERE id = ?", (encoder.id,))
        return True

    def _reuse_log(self) -> None:
        """On a tight disk: let SQLite's log begin anew, so that what is deleted needs no room."""
        if disk_usage(self.library.root).free < ROOM_BYTES:
            with suppress(sqlite3.OperationalError):  # then it grows, or waits for room
                self.connection.execute("PRAGMA wal_checkpoint")

    def _give_room_back(self, is_stopped: Callable[[], bool]) -> None:
        """Write the file anew where much of it is free; given up where `is_stopped`."""
        with as_bad_library(self.library):
            free, pages = (
                self.connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("freelist_count", "page_count")
            )
            if free <= WASTE * pages:
                return
            self.connection.set_progress_handler(is_stopped, STEPS)
            try:
                with suppress(sqlite3.OperationalError):  # no room for the copy: it stays as it is
                    self.connection.execute("VACUUM")
            finally:
                self.connection.set_progress_handler(None, STEPS)

    def by_digest(self, digest: str) -> KnownEncoder | None:
        """The encoder with this digest, if the library knows it."""
        return self._one("WHERE digest = ?", digest)

    def _one(self, condition: str, *values: str) -> KnownEncoder | None:
        with as_bad_library(self.library):
            row = self.connection.execute(f"{KNOWN} {condition}", values).fetchone()
        return known_encoder(self.library, row) if row else None
