"""Give out the photos that are to be looked at, and write down what was seen.

A part of `store`: one writer, and each method is one transaction.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from indexer.database import as_bad_library, below
from indexer.errors import Reason
from indexer.metadata_table import MetadataTable
from indexer.photo import PhotoState
from indexer.scan import LAST_NS
from indexer.stored import Finished, ToDo
from indexer.transactions import Table, Writer, transaction

AS_HANDED_OUT = "id = ? AND mtime_ns = ? AND state = ?"  # as its ToDo says
FIRST = (LAST_NS, LAST_NS)  # where a walk from the newest on begins


class WorkTable(Table):
    """What is to be done and what was done. Raises BadLibrary from every method."""

    def __init__(self, db: Writer) -> None:
        super().__init__(db)
        self.metadata = MetadataTable(db)

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

    @transaction
    def try_again(self) -> None:
        """Pass over no photo any more: what hindered may have passed."""
        self.connection.execute("DELETE FROM passed_over")

    def seen(self, encoder_id: int, hashes: Iterable[bytes]) -> set[bytes]:
        """Those of the contents that have a vector of an encoder."""
        one = (
            "SELECT 1 FROM embedding JOIN content ON content.id = content_id"
            " WHERE hash = ? AND encoder_id = ?"
        )
        with as_bad_library(self.library):
            return {
                content_hash
                for content_hash in hashes
                if self.connection.execute(one, (content_hash, encoder_id)).fetchone()
            }

    @transaction
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


def _unseen(folder_ids: Sequence[int]) -> str:
    """The photos of contents that an encoder lacks: takes the folders, then the encoder."""
    return (
        "FROM unseen JOIN photo ON photo.id = (SELECT id FROM photo AS one"
        " WHERE one.content_id = unseen.content_id"
        f" AND state = '{PhotoState.INDEXED}' AND folder_id IN ({', '.join('?' * len(folder_ids))})"
        " AND id NOT IN (SELECT photo_id FROM passed_over) LIMIT 1) WHERE encoder_id = ?"
    )
