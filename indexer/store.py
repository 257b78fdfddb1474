"""Write the library's database: every INSERT, UPDATE and DELETE of the project.

Only the indexer process holds a Store, under its lock: one writer, so no half states. Each
method is one transaction. Reading for the window and the command line is `indexer.view`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from indexer.database import as_bad_library, below, connect, text_of
from indexer.encoder_table import EncoderTable
from indexer.errors import Reason
from indexer.library import Library
from indexer.metadata import NOTHING, Metadata
from indexer.metadata_table import MetadataTable
from indexer.migrations import migrate
from indexer.photo import FolderState, PhotoState
from indexer.place_table import PlaceTable
from indexer.scan import LAST_NS, Found

AS_HANDED_OUT = "id = ? AND mtime_ns = ? AND state = ?"  # as its ToDo says
ROW = "SELECT path, id, size_bytes, mtime_ns, state, reason, content_id IS NOT NULL FROM photo"
FIRST = (LAST_NS, LAST_NS)  # where a walk from the newest on begins
AT_ONCE = 500  # contents that are collected in one transaction


@dataclass(frozen=True, slots=True)
class Row:
    """What the database knows of a photo file when it is seen again."""

    id: int
    size_bytes: int
    mtime_ns: int
    state: PhotoState
    reason: str | None
    is_known: bool  # what it shows has been looked at


@dataclass(frozen=True, slots=True)
class ToDo:
    """A photo to be decoded and encoded."""

    id: int
    path: str
    mtime_ns: int
    state: PhotoState  # PENDING, or INDEXED where it is to be seen by another encoder
    place: tuple[int, int]  # in the walk that gave it: its time in ns, and a number


@dataclass(frozen=True, slots=True)
class Content:
    """What a decoder learned of one file's bytes."""

    hash: bytes  # 16 bytes
    width: int  # upright px
    height: int
    mean_rgb: int  # 0xRRGGBB
    metadata: Metadata = NOTHING


@dataclass(frozen=True, slots=True)
class Finished:
    """A photo that was decoded, with its vector unless the content has one already."""

    todo: ToDo
    content: Content
    vector: NDArray[np.float16] | None  # (d,) unit row


class Store:
    """The one writer of `library`. Raises BadLibrary from every method."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.connection = connect(library, read_only=False)
        self.db = Database(self.connection)
        self.encoders = EncoderTable(library, self.connection, self.db)
        self.metadata = MetadataTable(library, self.db)
        self.places = PlaceTable(library, self.connection, self.db)
        with as_bad_library(library):
            migrate(self.db)
            # Photos that could not be read just now, for a reason that may pass.
            self.connection.execute("CREATE TEMP TABLE passed_over (photo_id INTEGER PRIMARY KEY)")

    def close(self) -> None:
        """Close the file. The WAL is folded in by SQLite."""
        self.connection.close()

    # Folders

    def folders(self) -> list[tuple[int, Path, FolderState]]:
        """Id, path and state of all folders, in the order in which they joined."""
        rows = self.connection.execute("SELECT id, path, state FROM folder ORDER BY id").fetchall()
        return [(number, Path(path), FolderState(state)) for number, path, state in rows]

    def join(self, folder: Path) -> bool:
        """Make `folder` part of the library; whether that is news.

        One inside a folder of the library is part already. One that holds others takes their
        photos over, so that no photo lies in two folders.
        """
        known = self.folders()
        if any(folder == path or path in folder.parents for _, path, _ in known):
            return False
        with as_bad_library(self.library), self.db.atomic():
            cursor = self.connection.execute(
                "INSERT INTO folder (path, state) VALUES (CAST(? AS TEXT), ?)",
                (text_of(folder), FolderState.AVAILABLE),
            )
            for number, path, _ in known:
                if folder in path.parents:
                    self.connection.execute(
                        "UPDATE photo SET folder_id = ? WHERE folder_id = ?",
                        (cursor.lastrowid, number),
                    )
                    self.connection.execute("DELETE FROM folder WHERE id = ?", (number,))
        return True

    def leave(self, folder: Path) -> None:
        """Take `folder` out of the library; `collect` drops what no photo shows any more."""
        with as_bad_library(self.library), self.db.atomic():
            row = self.connection.execute(
                "SELECT id FROM folder WHERE path = CAST(? AS TEXT)", (text_of(folder),)
            ).fetchone()
            if row is None:
                return
            self.connection.execute("DELETE FROM photo WHERE folder_id = ?", row)
            self.connection.execute("DELETE FROM folder WHERE id = ?", row)

    def collect(self, is_stopped: Callable[[], bool] = lambda: False) -> None:
        """Drop contents that no photo shows any more, with their vectors, some at a time."""
        some = f"SELECT content_id FROM unshown LIMIT {AT_ONCE}"
        while not is_stopped():
            with as_bad_library(self.library), self.db.atomic():
                rows = self.connection.execute(some).fetchall()
                if not rows:
                    return
                unused = (
                    "content_id = ? AND NOT EXISTS"
                    " (SELECT 1 FROM photo WHERE photo.content_id = {}.content_id)"
                )
                for table in ("embedding", "unseen"):
                    statement = f"DELETE FROM {table} WHERE {unused.format(table)}"
                    self.connection.executemany(statement, rows)
                self.connection.executemany(
                    "DELETE FROM content WHERE id = ?"
                    " AND NOT EXISTS (SELECT 1 FROM photo WHERE content_id = content.id)",
                    rows,
                )
                self.connection.executemany("DELETE FROM unshown WHERE content_id = ?", rows)

    def set_folder_state(self, folder: Path, state: FolderState) -> bool:
        """Note whether `folder` can be looked at now; whether that is news."""
        with as_bad_library(self.library):
            cursor = self.connection.execute(
                "UPDATE folder SET state = ? WHERE path = CAST(? AS TEXT) AND state != ?",
                (state, text_of(folder), state),
            )
        return cursor.rowcount > 0

    # What a scan finds

    def rows(self, folder: Path) -> dict[str, Row]:
        """All photos that the database knows below `folder`, by path."""
        with as_bad_library(self.library):
            inside = f"{ROW} WHERE path >= CAST(? AS TEXT) AND path < CAST(? AS TEXT)"
            return dict(map(_row, self.connection.execute(inside, below(folder))))

    def rows_at(self, paths: Iterable[str]) -> dict[str, Row]:
        """The photos that the database knows at these paths, by path."""
        at = f"{ROW} WHERE path = CAST(? AS TEXT)"
        with as_bad_library(self.library):
            found = (self.connection.execute(at, [text_of(path)]).fetchone() for path in paths)
            return dict(_row(one) for one in found if one is not None)

    def add(self, photos: Iterable[Found]) -> None:
        """Add files as pending photos, or make known ones pending again (edited, to retry)."""
        folders = sorted(self.folders(), key=lambda folder: -len(str(folder[1])))

        def home(path: str) -> int:
            return next(n for n, root, _ in folders if path.startswith(f"{root}".rstrip("/") + "/"))

        with as_bad_library(self.library), self.db.atomic():
            self.connection.executemany(
                "INSERT INTO photo (folder_id, path, size_bytes, mtime_ns, state)"
                f" VALUES (?, CAST(? AS TEXT), ?, ?, '{PhotoState.PENDING}')"
                " ON CONFLICT (path) DO UPDATE SET size_bytes = excluded.size_bytes,"
                " mtime_ns = excluded.mtime_ns, state = excluded.state, reason = NULL",
                (
                    (home(photo.path), text_of(photo.path), photo.size_bytes, photo.mtime_ns)
                    for photo in photos
                ),
            )

    def set_states(self, photo_ids: Iterable[int], state: PhotoState) -> None:
        """Move photos to a state that needs no reason: missing, or back from there.

        Of one that waited to be read nothing is known: its content was that of the old file.
        """
        with as_bad_library(self.library), self.db.atomic():
            self.connection.executemany(
                "UPDATE photo SET state = ?, reason = NULL, content_id ="
                f" CASE state WHEN '{PhotoState.PENDING}' THEN NULL ELSE content_id END"
                " WHERE id = ?",
                ((state, number) for number in photo_ids),
            )

    # Work

    def pending(
        self, folders: Sequence[Path], after: tuple[int, int] = FIRST, limit: int = -1
    ) -> list[ToDo]:
        """The photos below `folders` that nobody has looked at, newest first, behind a place.

        A short walk over the index (state, mtime_ns), however many photos there are.
        """
        inside = " OR ".join(
            "(path >= CAST(? AS TEXT) AND path < CAST(? AS TEXT))" for _ in folders
        )
        ranges = [bound for folder in folders for bound in below(folder)]
        with as_bad_library(self.library):
            cursor = self.connection.execute(
                "SELECT id, path, mtime_ns FROM photo INDEXED BY photo_to_do"
                " WHERE state = ? AND (mtime_ns, id) < (?, ?)"
                f" AND ({inside or 'FALSE'}) ORDER BY mtime_ns DESC, id DESC LIMIT ?",
                (PhotoState.PENDING, *after, *ranges, limit),
            )
            return [
                ToDo(number, path, mtime_ns, PhotoState.PENDING, (mtime_ns, number))
                for number, path, mtime_ns in cursor
            ]

    def unseen(
        self,
        encoder_id: int,
        folder_ids: Sequence[int],
        after: tuple[int, int] = FIRST,
        limit: int = -1,
    ) -> list[ToDo]:
        """A photo in `folder_ids` of each content that an encoder has not seen, newest first.

        Contents whose photos are missing or were passed over have none.
        """
        with as_bad_library(self.library):
            cursor = self.connection.execute(
                "SELECT photo.id, path, mtime_ns, newest_ns, unseen.content_id"
                f" {_unseen(folder_ids)} AND (newest_ns, unseen.content_id) < (?, ?)"
                " ORDER BY newest_ns DESC, unseen.content_id DESC LIMIT ?",
                (*folder_ids, encoder_id, *after, limit),
            )
            return [
                ToDo(number, path, mtime_ns, PhotoState.INDEXED, (newest_ns, content_id))
                for number, path, mtime_ns, newest_ns, content_id in cursor
            ]

    def count_unseen(self, encoder_id: int, folder_ids: Sequence[int]) -> int:
        """How many photos `unseen` would give."""
        with as_bad_library(self.library):
            row = self.connection.execute(
                f"SELECT count(*) {_unseen(folder_ids)}", (*folder_ids, encoder_id)
            ).fetchone()
        return int(row[0])

    def try_again(self) -> None:
        """Pass over no photo any more: what hindered may have passed."""
        with as_bad_library(self.library):
            self.connection.execute("DELETE FROM passed_over")

    def seen(self, encoder_id: int, hashes: Iterable[bytes]) -> set[bytes]:
        """Those of the contents that have a vector of an encoder."""
        return {
            content_hash
            for content_hash in hashes
            if self.connection.execute(
                "SELECT 1 FROM embedding JOIN content ON content.id = content_id"
                " WHERE hash = ? AND encoder_id = ?",
                (content_hash, encoder_id),
            ).fetchone()
        }

    def commit(
        self,
        encoder_id: int,
        finished: Sequence[Finished],
        failed: Sequence[tuple[ToDo, Reason]] = (),
    ) -> int:
        """Write a batch with vectors of one encoder, whole; the highest change number so far.

        A photo that is not as it was handed out is left as it is: one that a scan has seen change
        stays pending, for what was read may be the old picture, and one that is gone stays missing.
        """
        with as_bad_library(self.library), self.db.atomic():
            for one in finished:
                self._finish(encoder_id, one)
            for todo, reason in failed:
                self._fail(todo, reason)
            row = self.connection.execute("SELECT max(change) FROM embedding").fetchone()
        return int(row[0] or 0)

    def _finish(self, encoder_id: int, one: Finished) -> None:
        content = one.content
        row = self.connection.execute(
            f"SELECT 1 FROM photo WHERE {AS_HANDED_OUT}",
            (one.todo.id, one.todo.mtime_ns, one.todo.state),
        )
        if row.fetchone() is None:
            return  # edited or gone while it was being read, or its folder has left the library
        taken = content.metadata.taken
        self.connection.execute(
            "INSERT INTO content (hash, width, height, mean_rgb, taken) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (hash) DO NOTHING",
            (content.hash, content.width, content.height, content.mean_rgb, taken),
        )
        (content_id,) = self.connection.execute(
            "SELECT id FROM content WHERE hash = ?", (content.hash,)
        ).fetchone()
        self.metadata.add(content_id, content.metadata)
        self.connection.execute(
            "UPDATE photo SET state = ?, reason = NULL, content_id = ? WHERE id = ?",
            (PhotoState.INDEXED, content_id, one.todo.id),
        )
        if one.vector is not None:
            self.connection.execute(
                "INSERT INTO embedding (encoder_id, content_id, vector) VALUES (?, ?, ?)"
                " ON CONFLICT (encoder_id, content_id) DO NOTHING",
                (encoder_id, content_id, one.vector.tobytes()),
            )

    def _fail(self, todo: ToDo, reason: Reason) -> None:
        """Note why a photo could not be read.

        One that was read before stays as it is where the reason may pass (its drive was taken
        away just now): the next scan finds out. It is passed over until then.
        """
        if todo.state is PhotoState.INDEXED and reason.may_pass:
            self.connection.execute("INSERT OR IGNORE INTO passed_over VALUES (?)", (todo.id,))
            return
        self.connection.execute(
            "UPDATE photo SET state = ?, reason = ?, content_id ="
            f" CASE state WHEN '{PhotoState.PENDING}' THEN NULL ELSE content_id END"
            f" WHERE {AS_HANDED_OUT}",
            (PhotoState.FAILED, reason, todo.id, todo.mtime_ns, todo.state),
        )


def _row(values: tuple[str, int, int, int, str, str | None, int]) -> tuple[str, Row]:
    path, number, size, mtime, state, reason, is_known = values
    return path, Row(number, size, mtime, PhotoState(state), reason, bool(is_known))


def _unseen(folder_ids: Sequence[int]) -> str:
    """The photos of contents that an encoder lacks: takes the folders, then the encoder."""
    return (
        "FROM unseen JOIN photo ON photo.id = (SELECT id FROM photo AS one"
        " WHERE one.content_id = unseen.content_id"
        f" AND state = '{PhotoState.INDEXED}' AND folder_id IN ({', '.join('?' * len(folder_ids))})"
        " AND id NOT IN (SELECT photo_id FROM passed_over) LIMIT 1) WHERE encoder_id = ?"
    )
