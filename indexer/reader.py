"""Open a library's database for reading, bring an older one up to date first, and ask it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from types import TracebackType
from typing import Any, Self

from sqlite_utils import Database

from indexer.database import as_bad_library, check_place, connect
from indexer.library import Library
from indexer.lock import Busy, lock
from indexer.migrations import MIGRATIONS, check_version, migrate

SLICE = 500  # parameters a statement; SQLite's own limit was 999 for long


class Reader:
    """A reader of `library`, for one thread. Raises BadLibrary when it is damaged or newer."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a later call opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of one statement; none where there is no library yet."""
        if self._connection is None:
            if not self.library.database.exists():
                check_place(self.library)
                return []
            connection = connect(self.library, read_only=True)
            taken = connection.execute("PRAGMA user_version").fetchone()[0]
            if taken < len(MIGRATIONS):
                connection.close()
                if taken == 0 or not self._migrated():  # the indexer is at it this moment
                    return []
                return self.rows(statement, values)
            check_version(taken)
            self._connection = connection
        with as_bad_library(self.library):
            return self._connection.execute(statement, values).fetchall()

    def _migrated(self) -> bool:
        """Bring an older database up to date, unless the indexer holds it; whether that is done."""
        try:
            with lock(self.library):
                connection = connect(self.library, read_only=False)
                with as_bad_library(self.library), closing(connection):
                    migrate(Database(connection))
        except Busy:
            return False
        return True

    def rows_in_slices(self, statement: str, values: Sequence[int], tail: str = "") -> list[Any]:
        """All rows of a statement that ends with `IN`, for however many values."""
        found: list[Any] = []
        for start in range(0, len(values), SLICE):
            some = [int(value) for value in values[start : start + SLICE]]
            found += self.rows(f"{statement} ({', '.join('?' * len(some))}){tail}", some)
        return found
