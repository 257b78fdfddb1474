"""Write the library's database: every INSERT, UPDATE and DELETE of the project.

Only the indexer process holds a Store, under its lock: one writer, so no half states. Each
method is one transaction. Reading for the window and the command line is `indexer.view`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from indexer.database import as_bad_library, below, connect, text_of
from indexer.errors import Reason
from indexer.library import Library
from indexer.migrations import migrate
from indexer.photo import FolderState, PhotoState
from indexer.scan import LAST_NS, Found
from models.spec import EncoderSpec

AS_HANDED_OUT = "id = ? AND mtime_ns = ? AND state = ?"  # as its ToDo says


@dataclass(frozen=True, slots=True)
class Row:
    """What the database knows of a photo file when it is seen again."""

    id: int
    size_bytes: int
    mtime_ns: int
    state: PhotoState
    reason: str | None
    embedded: bool  # its content has a vector of the present encoder


@dataclass(frozen=True, slots=True)
class ToDo:
    """A photo to be decoded and encoded."""

    id: int
    path: str
    mtime_ns: int
    state: PhotoState  # PENDING, or INDEXED where another encoder has seen it


@dataclass(frozen=True, slots=True)
class Content:
    """What a decoder learned of one file's bytes."""

    hash: bytes  # 16 bytes
    width: int  # upright px
    height: int
    mean_rgb: int  # 0xRRGGBB
    taken: str | None  # ISO local wall time


@dataclass(frozen=True, slots=True)
class Finished:
    """A photo that was decoded, with its vector unless the content has one already."""

    todo: ToDo
    content: Content
    vector: NDArray[np.float16] | None  # (d,) unit row


class Store:
    """The one writer of `library`, for vectors of `spec`. Raises BadLibrary from every method."""

    def __init__(self, library: Library, spec: EncoderSpec) -> None:
        self.library = library
        self.connection = connect(library, read_only=False)
        self.db = Database(self.connection)
        with as_bad_library(library):
            migrate(self.db)
            self.encoder_id = self._encoder(spec)

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
        """Take `folder` out of the library, with what is known of photos that lie only there."""
        with as_bad_library(self.library), self.db.atomic():
            row = self.connection.execute(
                "SELECT id FROM folder WHERE path = CAST(? AS TEXT)", (text_of(folder),)
            ).fetchone()
            if row is None:
                return
            orphans = (
                "SELECT content_id FROM photo WHERE folder_id = :folder EXCEPT"
                " SELECT content_id FROM photo WHERE folder_id != :folder"
            )
            values = {"folder": row[0]}
            self.connection.execute(
                f"CREATE TEMP TABLE orphan AS {orphans}",
                values,
            )
            self.connection.execute("DELETE FROM photo WHERE folder_id = :folder", values)
            self.connection.execute(
                "DELETE FROM embedding WHERE content_id IN (SELECT content_id FROM orphan)"
            )
            self.connection.execute(
                "DELETE FROM content WHERE id IN (SELECT content_id FROM orphan)"
            )
            self.connection.execute("DROP TABLE orphan")
            self.connection.execute("DELETE FROM folder WHERE id = :folder", values)

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
            cursor = self.connection.execute(
                "SELECT path, photo.id, size_bytes, mtime_ns, state, reason,"
                " EXISTS (SELECT 1 FROM embedding WHERE encoder_id = ?"
                "  AND embedding.content_id = photo.content_id)"
                " FROM photo WHERE path >= CAST(? AS TEXT) AND path < CAST(? AS TEXT)",
                (self.encoder_id, *below(folder)),
            )
            return {
                path: Row(number, size, mtime, PhotoState(state), reason, bool(embedded))
                for path, number, size, mtime, state, reason, embedded in cursor
            }

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
        """Move photos to a state that needs no reason: missing, or back from there."""
        with as_bad_library(self.library), self.db.atomic():
            self.connection.executemany(
                "UPDATE photo SET state = ?, reason = NULL WHERE id = ?",
                ((state, number) for number in photo_ids),
            )

    # Work

    def to_do(self, folders: Sequence[Path], after: ToDo | None, limit: int) -> list[ToDo]:
        """The next photos below `folders` to decode, newest first, `after` the last one given.

        Pending ones; when there are no more, those whose content lacks a vector of the present
        encoder. Each page is a short walk over the index (state, mtime_ns), however many there are.
        """
        if after is None or after.state is PhotoState.PENDING:
            page = self._page(folders, PhotoState.PENDING, after, limit, "TRUE")
            if page:
                return page
            after = None
        lacks_vector = (
            "NOT EXISTS (SELECT 1 FROM embedding"
            f" WHERE encoder_id = {self.encoder_id} AND embedding.content_id = photo.content_id)"
        )
        return self._page(folders, PhotoState.INDEXED, after, limit, lacks_vector)

    def _page(
        self,
        folders: Sequence[Path],
        state: PhotoState,
        after: ToDo | None,
        limit: int,
        condition: str,
    ) -> list[ToDo]:
        inside = " OR ".join(
            "(path >= CAST(? AS TEXT) AND path < CAST(? AS TEXT))" for _ in folders
        )
        ranges = [bound for folder in folders for bound in below(folder)]
        start = (after.mtime_ns, after.id) if after else (LAST_NS, LAST_NS)
        with as_bad_library(self.library):
            cursor = self.connection.execute(
                "SELECT id, path, mtime_ns FROM photo INDEXED BY photo_to_do"
                " WHERE state = ? AND (mtime_ns, id) < (?, ?)"
                f" AND ({inside or 'FALSE'}) AND {condition}"
                " ORDER BY mtime_ns DESC, id DESC LIMIT ?",
                (state, *start, *ranges, limit),
            )
            return [ToDo(number, path, mtime_ns, state) for number, path, mtime_ns in cursor]

    def embedded(self, hashes: Iterable[bytes]) -> set[bytes]:
        """Those of the contents that have a vector of the present encoder."""
        return {
            content_hash
            for content_hash in hashes
            if self.connection.execute(
                "SELECT 1 FROM embedding JOIN content ON content.id = content_id"
                " WHERE hash = ? AND encoder_id = ?",
                (content_hash, self.encoder_id),
            ).fetchone()
        }

    def commit(
        self, finished: Sequence[Finished], failed: Sequence[tuple[ToDo, Reason]] = ()
    ) -> int:
        """Write a batch, whole; the highest change number so far.

        A photo that is not as it was handed out is left as it is: one that a scan has seen change
        stays pending, for what was read may be the old picture, and one that is gone stays missing.
        """
        with as_bad_library(self.library), self.db.atomic():
            for one in finished:
                self._finish(one)
            self.connection.executemany(
                f"UPDATE photo SET state = ?, reason = ? WHERE {AS_HANDED_OUT}",
                (
                    (PhotoState.FAILED, reason, one.id, one.mtime_ns, one.state)
                    for one, reason in failed
                ),
            )
            row = self.connection.execute("SELECT max(change) FROM embedding").fetchone()
        return int(row[0] or 0)

    def _finish(self, one: Finished) -> None:
        content = one.content
        row = self.connection.execute(
            f"SELECT 1 FROM photo WHERE {AS_HANDED_OUT}",
            (one.todo.id, one.todo.mtime_ns, one.todo.state),
        )
        if row.fetchone() is None:
            return  # edited or gone while it was being read, or its folder has left the library
        self.connection.execute(
            "INSERT INTO content (hash, width, height, mean_rgb, taken) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (hash) DO NOTHING",
            (content.hash, content.width, content.height, content.mean_rgb, content.taken),
        )
        (content_id,) = self.connection.execute(
            "SELECT id FROM content WHERE hash = ?", (content.hash,)
        ).fetchone()
        self.connection.execute(
            "UPDATE photo SET state = ?, reason = NULL, content_id = ? WHERE id = ?",
            (PhotoState.INDEXED, content_id, one.todo.id),
        )
        if one.vector is not None:
            self.connection.execute(
                "INSERT INTO embedding (encoder_id, content_id, vector) VALUES (?, ?, ?)"
                " ON CONFLICT (encoder_id, content_id) DO NOTHING",
                (self.encoder_id, content_id, one.vector.tobytes()),
            )

    def _encoder(self, spec: EncoderSpec) -> int:
        self.connection.execute(
            "INSERT INTO encoder (digest, name, dimension) VALUES (?, ?, ?)"
            " ON CONFLICT (digest) DO UPDATE SET name = excluded.name",
            (spec.digest, spec.name, spec.dimension),
        )
        row = self.connection.execute("SELECT id FROM encoder WHERE digest = ?", (spec.digest,))
        return int(row.fetchone()[0])
