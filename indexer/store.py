"""Write the library's database: the one writer's face, with folders and what a scan finds.

Only the indexer process holds a Store, under its lock: one writer, so no half states. Each
method is one transaction. Its other parts are the tables beside it (`work_table` and others).
Reading for the window and the command line is `indexer.view`.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from indexer.database import as_bad_library, below, connect, text_of
from indexer.encoder_table import EncoderTable
from indexer.leftovers import Leftovers
from indexer.library import Library
from indexer.migrations import migrate
from indexer.photo import FolderState, PhotoState
from indexer.place_table import ROW, PlaceTable, row_of
from indexer.scan import Found
from indexer.stored import Content, Finished, Row, ToDo
from indexer.transactions import Writer, transaction
from indexer.work_table import FIRST, WorkTable

__all__ = ["FIRST", "Content", "Finished", "Row", "Store", "ToDo"]


class Store(WorkTable):
    """The one writer of `library`. Raises BadLibrary from every method."""

    def __init__(self, library: Library) -> None:
        super().__init__(Writer(library, connect(library, read_only=False)))
        self.encoders = EncoderTable(self.db)
        self.places = PlaceTable(self.db)
        self.leftovers = Leftovers(self.db)
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
        every = "SELECT id, path, state FROM folder ORDER BY id"
        with as_bad_library(self.library):
            rows = self.connection.execute(every).fetchall()
        return [(number, Path(path), FolderState(state)) for number, path, state in rows]

    @transaction
    def join(self, folder: Path) -> bool:
        """Make `folder` part of the library; whether that is news.

        One inside a folder of the library is part already. One that holds others takes their
        photos over, so that no photo lies in two folders.
        """
        known = self.folders()
        if any(folder == path or path in folder.parents for _, path, _ in known):
            return False
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

    @transaction
    def leave(self, folder: Path) -> None:
        """Take `folder` out of the library; `collect` drops what no photo shows any more."""
        row = self.connection.execute(
            "SELECT id FROM folder WHERE path = CAST(? AS TEXT)", (text_of(folder),)
        ).fetchone()
        if row is None:
            return
        self.connection.execute("DELETE FROM photo WHERE folder_id = ?", row)
        self.connection.execute("DELETE FROM folder WHERE id = ?", row)

    @transaction
    def set_folder_state(self, folder: Path, state: FolderState) -> bool:
        """Note whether `folder` can be looked at now; whether that is news."""
        cursor = self.connection.execute(
            "UPDATE folder SET state = ? WHERE path = CAST(? AS TEXT) AND state != ?",
            (state, text_of(folder), state),
        )
        return cursor.rowcount > 0

    def collect(self, is_stopped: Callable[[], bool] = lambda: False) -> bool:
        """Clear away what no photo shows any more, some at a time; whether nothing is left."""
        return self.leftovers.clear(is_stopped)

    # What a scan finds

    def rows(self, folder: Path) -> dict[str, Row]:
        """All photos that the database knows below `folder`, by path."""
        with as_bad_library(self.library):
            inside = f"{ROW} WHERE path >= CAST(? AS TEXT) AND path < CAST(? AS TEXT)"
            return dict(map(row_of, self.connection.execute(inside, below(folder))))

    def rows_at(self, paths: Iterable[str]) -> dict[str, Row]:
        """The photos that the database knows at these paths, by path."""
        at = f"{ROW} WHERE path = CAST(? AS TEXT)"
        with as_bad_library(self.library):
            found = (self.connection.execute(at, [text_of(path)]).fetchone() for path in paths)
            return dict(row_of(one) for one in found if one is not None)

    def add(self, photos: Iterable[Found]) -> None:
        """Add files as pending photos, or make known ones pending again (edited, to retry)."""
        folders = sorted(self.folders(), key=lambda folder: -len(str(folder[1])))

        def home(path: str) -> int:
            return next(n for n, root, _ in folders if path.startswith(f"{root}".rstrip("/") + "/"))

        self.write_each(
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
        self.write_each(
            "UPDATE photo SET state = ?, reason = NULL, content_id ="
            f" CASE state WHEN '{PhotoState.PENDING}' THEN NULL ELSE content_id END"
            " WHERE id = ?",
            ((state, number) for number in photo_ids),
        )
