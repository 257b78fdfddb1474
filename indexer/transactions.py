"""Let each write of a library be whole, and let it wait where the disk is full.

A transaction that finds no room has changed nothing, so it can be tried again as it is: nobody
above needs to know, and nothing is read or encoded twice.
"""

import sqlite3
from collections.abc import Callable, Iterable
from functools import wraps
from shutil import disk_usage
from typing import Concatenate, ParamSpec, TypeVar

from sqlite_utils import Database

from indexer.database import as_bad_library
from indexer.errors import DiskFull
from indexer.library import Library

ROOM_BYTES = 1 << 22  # of the disk: with less a full one is not tried again
Given = ParamSpec("Given")
Result = TypeVar("Result")
Self = TypeVar("Self", bound="Table")


class Writer(Database):
    """The one connection that writes `library`."""

    def __init__(self, library: Library, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self.library = library
        self.was_full = False  # at some time; whoever mends what that did sets it back
        self.waits_for_room: Callable[[], bool] = lambda: False  # whether to try again
        self.has_room: Callable[[], None] = lambda: None  # called when that went well
        self.lacks_room: Callable[[], None] = lambda: None  # called where nobody waits for it

    @property
    def is_full(self) -> bool:
        """Whether the disk has no room for files beside the database."""
        return disk_usage(self.library.root).free < ROOM_BYTES

    def await_room(self) -> None:
        """A file beside the database could not be written: wait while the disk is full."""
        while self.is_full:
            self.was_full = True
            if not self.waits_for_room():
                return
        self.has_room()


def transaction(
    method: Callable[Concatenate[Self, Given], Result],
) -> Callable[Concatenate[Self, Given], Result]:
    """Run a method of a Table in one transaction, or in the one under way.

    Its arguments must bear to be read again: no generators.
    """

    @wraps(method)
    def whole(self: Self, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        is_ours, has_waited = not self.connection.in_transaction, False
        while True:
            try:
                with as_bad_library(self.library), self.db.atomic():
                    result = method(self, *args, **kwargs)
            except DiskFull:
                if not (is_ours and self.db.waits_for_room()):
                    raise
                has_waited = self.db.was_full = True
            else:
                if has_waited:
                    self.db.has_room()
                return result

    return whole


class Table:
    """Some tables of one library. Raises BadLibrary from every method."""

    def __init__(self, db: Writer) -> None:
        self.library = db.library
        self.db = db
        self.connection: sqlite3.Connection = db.conn

    def write_each(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Run a statement for each of `rows`, in one transaction."""
        self._write_all(statement, list(rows))  # a second try reads them again

    @transaction
    def _write_all(self, statement: str, rows: list[tuple[object, ...]]) -> None:
        self.connection.executemany(statement, rows)
