"""Clear away what no photo shows any more, and find the photos whose thumbnails are gone.

In small steps behind all other work, each of which may be the last: what is left waits. Thumbnails
are gone where the disk was full, after a power cut, or when somebody has cleared them away.
A part of `store`: one writer, and each step is one transaction.
"""

import os
import random
from collections.abc import Callable, Iterable
from contextlib import suppress

from indexer.database import as_bad_library
from indexer.photo import PhotoState
from indexer.thumbnails import SIDES, UNFINISHED, thumbnail_path
from indexer.transactions import Table, Writer, transaction

AT_ONCE = 200  # contents that are collected in one transaction: some 10 ms
UNSHOWN = "NOT EXISTS (SELECT 1 FROM photo WHERE photo.content_id = {})"


class Leftovers(Table):
    """What may go from one library. Raises BadLibrary from every method."""

    def __init__(self, db: Writer) -> None:
        super().__init__(db)
        self._unswept: list[str] | None = None  # folders of thumbnails; None: not looked yet
        self._bare: list[bytes] = []  # contents without a thumbnail

    def clear(self, is_stopped: Callable[[], bool] = lambda: False) -> bool:
        """Take step after step until nothing is left, which is True, or `is_stopped`."""
        while not is_stopped():
            if not self._collect_some() and not self._sweep_one():
                return True
        return False

    def look_again(self) -> None:
        """Look through all thumbnails once more: some could not be written just now."""
        self._unswept = None
        self._bare = []

    @property
    def has_bare(self) -> bool:
        """Whether thumbnails are known to be gone, and nobody has taken them to be made."""
        return bool(self._bare)

    def put_back(self, contents: Iterable[bytes]) -> None:
        """Keep for later what was taken from `bare`, and not made."""
        self._bare += contents

    def bare(self, limit: int) -> list[tuple[bytes, str]]:
        """Some contents whose thumbnails are gone, each with a photo to make them from. Once."""
        some, self._bare = self._bare[:limit], self._bare[limit:]
        found = []
        for content_hash in some:
            with as_bad_library(self.library):
                row = self.connection.execute(
                    "SELECT path FROM photo JOIN content ON content.id = content_id"
                    " WHERE hash = ? AND state = ?",
                    (content_hash, PhotoState.INDEXED),
                ).fetchone()
            if row is not None:
                found.append((content_hash, str(row[0])))
        return found

    def _collect_some(self) -> bool:
        """Drop some contents with their vectors, then their thumbnails; whether there were any."""
        found, gone = self._drop_rows()
        for content_hash in gone:
            for side in SIDES:
                with suppress(OSError):
                    thumbnail_path(self.library, content_hash, side).unlink()
        return found > 0

    @transaction
    def _drop_rows(self) -> tuple[int, list[bytes]]:
        """How many contents waited, and the hashes of those that really went."""
        rows = self.connection.execute(f"SELECT content_id FROM unshown LIMIT {AT_ONCE}").fetchall()
        which = f"= ? AND {UNSHOWN}"
        gone = []
        for row in rows:
            one = f"SELECT hash FROM content WHERE id {which.format('content.id')}"
            gone += self.connection.execute(one, row).fetchall()
        for table in ("embedding", "unseen"):
            where = f"content_id {which.format(f'{table}.content_id')}"
            self.connection.executemany(f"DELETE FROM {table} WHERE {where}", rows)
        self.connection.executemany(
            f"DELETE FROM content WHERE id {which.format('content.id')}", rows
        )
        self.connection.executemany("DELETE FROM unshown WHERE content_id = ?", rows)
        return len(rows), [content_hash for (content_hash,) in gone]

    def _sweep_one(self) -> bool:
        """Look through one folder of thumbnails for files of nobody; whether there was one.

        A kill leaves such: between the rows and the files above, or in the middle of writing one.
        They are looked for once, from a random folder on, so that short lives get round as well.
        """
        if self._unswept is None:
            self._unswept = [f"{first:02x}" for first in range(256)]
            random.shuffle(self._unswept)
        if not self._unswept:
            return False
        name = self._unswept.pop()
        known, there = self._hashes(name), set()
        with suppress(OSError), os.scandir(self.library.thumbnails / name) as files:
            for file in files:
                is_ours = file.name.endswith((".jpg", UNFINISHED))
                if is_ours and file.name.partition("-")[0] not in known:
                    os.unlink(file.path)  # noqa: PTH108 - as many as there are photos
                there.add(file.name)
        self._bare += [bytes.fromhex(one) for one in known if f"{one}-{SIDES[0]}.jpg" not in there]
        return True

    def _hashes(self, name: str) -> set[str]:
        """The contents whose thumbnails lie in the folder `name`, in hexadecimal."""
        first = int(name, 16)
        with as_bad_library(self.library):
            rows = self.connection.execute(
                "SELECT hex(hash) FROM content WHERE hash >= ? AND (? OR hash < ?)",
                (bytes([first]), first == 0xFF, bytes([(first + 1) & 0xFF])),
            )
            return {digest.lower() for (digest,) in rows}
