"""Find photos by where they lie and what their files are like, and write down that they moved.

A part of `store`: one writer, and each method is one transaction.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from indexer.database import as_bad_library, below, text_of
from indexer.moves import Gone, Moved
from indexer.photo import PhotoState
from indexer.scan import Stamp
from indexer.stored import Row
from indexer.transactions import Table, transaction

PAGE = 500  # photos read at once
BELOW = "path >= CAST(? AS TEXT) AND path < CAST(? AS TEXT)"
ROW = "SELECT path, id, size_bytes, mtime_ns, state, reason, content_id IS NOT NULL FROM photo"


class PlaceTable(Table):
    """Where the photos of one library lie. Raises BadLibrary from every method."""

    def count(self, folder: Path) -> int:
        """How many photos below `folder` are not missing."""
        with as_bad_library(self.library):
            row = self.connection.execute(
                "SELECT count(*) FROM photo WHERE path >= CAST(? AS TEXT)"
                " AND path < CAST(? AS TEXT) AND state != ?",
                (*below(folder), PhotoState.MISSING),
            ).fetchone()
        return int(row[0])

    def searchable(self, folder: Path) -> Iterator[list[Stamp]]:
        """The photos below `folder` that can be searched, as their files were, in order of paths.

        Some at a time; nobody may write meanwhile.
        """
        with as_bad_library(self.library):
            cursor = self.connection.execute(
                f"SELECT CAST(path AS BLOB), size_bytes, mtime_ns FROM photo WHERE {BELOW}"
                " AND state = ?"
                " ORDER BY path",
                (*below(folder), PhotoState.INDEXED),
            )
            while page := cursor.fetchmany(PAGE):
                yield page

    def others(self, folder: Path) -> dict[str, Row]:
        """All other photos that the database knows below `folder`, by path."""
        states = tuple(state for state in PhotoState if state is not PhotoState.INDEXED)
        # In a folder of the library they are few among many; in one below it all are few.
        index = "INDEXED BY photo_to_do" if self._is_root(folder) else ""
        with as_bad_library(self.library):
            rows = self.connection.execute(
                f"{ROW} {index} WHERE {BELOW} AND state IN ({', '.join('?' * len(states))})",
                (*below(folder), *states),
            )
            return dict(map(row_of, rows))

    def _is_root(self, folder: Path) -> bool:
        return (
            self.connection.execute(
                "SELECT 1 FROM folder WHERE path = CAST(? AS TEXT)", (text_of(folder),)
            ).fetchone()
            is not None
        )

    def has_missing(self) -> bool:
        """Whether any photo is missing."""
        with as_bad_library(self.library):
            return bool(
                self.connection.execute(
                    "SELECT 1 FROM photo WHERE state = ? LIMIT 1", (PhotoState.MISSING,)
                ).fetchone()
            )

    def missing_since(self, mtime_ns: int) -> list[tuple[int, Gone]]:
        """The missing photos whose files had this time, with their sizes in bytes."""
        with as_bad_library(self.library):
            rows = self.connection.execute(
                "SELECT size_bytes, photo.id, path, hash FROM photo INDEXED BY photo_to_do"
                " LEFT JOIN content ON content.id = content_id"
                " WHERE state = ? AND mtime_ns = ? ORDER BY photo.id",
                (PhotoState.MISSING, mtime_ns),
            ).fetchall()
        return [(size, Gone(*row)) for size, *row in rows]

    def content_hash(self, photo_id: int) -> bytes | None:
        """What the library knows of a photo's bytes; None where nobody has looked at it since."""
        with as_bad_library(self.library):
            row = self.connection.execute(
                "SELECT CASE state WHEN ? THEN NULL ELSE hash END FROM photo"
                " LEFT JOIN content ON content.id = content_id WHERE photo.id = ?",
                (PhotoState.PENDING, photo_id),
            ).fetchone()
        return row[0] if row else None

    @transaction
    def move(self, moved: Sequence[Moved], homes: Sequence[tuple[int, Path]]) -> None:
        """Let photos lie elsewhere from now on: below one of `homes`, (folder id, path).

        Those that had a content are searchable at once; the others wait to be read.
        """
        deepest = sorted(homes, key=lambda home: -len(str(home[1])))

        def home(path: str) -> int:
            return next(n for n, at in deepest if path.startswith(f"{at}".rstrip("/") + "/"))

        self.connection.executemany(
            "UPDATE photo SET path = CAST(? AS TEXT), folder_id = ?, reason = NULL,"
            f" state = CASE WHEN content_id IS NULL OR state IN ('{PhotoState.PENDING}',"
            f" '{PhotoState.FAILED}') THEN '{PhotoState.PENDING}'"
            f" ELSE '{PhotoState.INDEXED}' END WHERE id = ?",
            ((text_of(one.found.path), home(one.found.path), one.id) for one in moved),
        )


def row_of(values: tuple[str, int, int, int, str, str | None, int]) -> tuple[str, Row]:
    """One row of `ROW`, with its path."""
    path, number, size, mtime, state, reason, is_known = values
    return path, Row(number, size, mtime, PhotoState(state), reason, bool(is_known))
