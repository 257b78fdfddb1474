"""Read the library's database for the window and the command line: every SELECT for people.

A View is cheap to open, belongs to one thread and writes nothing. No transaction outlives a
method. A library that does not exist yet reads as an empty one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.database import below, text_of
from indexer.encoder_table import KNOWN, known_encoder
from indexer.errors import Reason
from indexer.metadata_table import COLUMNS, known_metadata
from indexer.photo import (
    Counts,
    Folder,
    FolderState,
    KnownEncoder,
    Photo,
    PhotoState,
    Problem,
    Switch,
)
from indexer.reader import Reader

PHOTO = (
    "SELECT photo.id, path, state, reason, hash, width, height, size_bytes, mtime_ns, taken,"
    f" {COLUMNS} FROM photo LEFT JOIN content ON content.id = photo.content_id"
    " LEFT JOIN metadata ON metadata.content_id = content.id"
)


@dataclass(frozen=True, slots=True)
class PhotoTable:
    """Every photo that can be shown, newest first, as arrays of one length n."""

    ids: NDArray[np.int64]  # (n,)
    taken_s: NDArray[np.float64]  # (n,) seconds since 1970 in local wall time; file time if no date
    hashes: NDArray[np.uint8]  # (n, 16)
    mean_rgb: NDArray[np.uint8]  # (n, 3)
    width: NDArray[np.int32]  # (n,) upright px
    height: NDArray[np.int32]  # (n,)

    def __len__(self) -> int:
        return len(self.ids)


class View(Reader):
    """A reader of `library`. Raises BadLibrary when it is damaged or newer than we are."""

    def folders(self) -> list[Folder]:
        """The folders of the library, in the order in which they joined."""
        rows = self.rows(
            "SELECT folder.id, folder.path, folder.state, count(photo.id) FROM folder"
            " LEFT JOIN photo ON folder_id = folder.id GROUP BY folder.id ORDER BY folder.id"
        )
        return [Folder(n, Path(path), FolderState(state), size) for n, path, state, size in rows]

    def counts(self, digest: str | None = None) -> Counts:
        """How many photos stand where; vectors of the encoder with `digest`, or of all."""
        by_state = dict(self.rows("SELECT state, count(*) FROM photo GROUP BY state"))
        vectors = self.rows(
            "SELECT count(*) FROM embedding"
            + (" WHERE encoder_id = (SELECT id FROM encoder WHERE digest = ?)" if digest else ""),
            (digest,) if digest else (),
        )
        return Counts(
            photos=sum(by_state.values()),
            indexed=by_state.get(PhotoState.INDEXED, 0),
            missing=by_state.get(PhotoState.MISSING, 0),
            failed=by_state.get(PhotoState.FAILED, 0),
            pending=by_state.get(PhotoState.PENDING, 0),
            vectors=vectors[0][0] if vectors else 0,
        )

    def serving(self) -> KnownEncoder | None:
        """The encoder whose vectors answer searches; None in a new library."""
        rows = self.rows(f"{KNOWN} JOIN library ON serving = encoder.id")
        return known_encoder(self.library, rows[0]) if rows else None

    def switch(self) -> Switch | None:
        """The switch to another encoder that is under way, if one is."""
        rows = self.rows(f"{KNOWN} JOIN library ON wanted = encoder.id AND wanted != serving")
        if not rows:
            return None
        wanted = known_encoder(self.library, rows[0])
        seen = self.counts(wanted.digest).vectors
        ((left,),) = self.rows("SELECT count(*) FROM unseen WHERE encoder_id = ?", (wanted.id,))
        return Switch(wanted, seen, seen + left)

    def unseen(self) -> int:
        """How many contents have photos, but no vector that answers: away when encoders changed."""
        rows = self.rows("SELECT count(*) FROM unseen JOIN library ON serving = encoder_id")
        return int(rows[0][0]) if rows else 0

    def encoders(self) -> list[KnownEncoder]:
        """All encoders that the library knows; `counts(digest)` says how much of each it holds."""
        return [known_encoder(self.library, row) for row in self.rows(KNOWN)]

    def problems(self) -> list[Problem]:
        """The photos that could not be read, with sentences."""
        rows = self.rows(
            "SELECT id, path, reason FROM photo WHERE state = ? ORDER BY path", (PhotoState.FAILED,)
        )
        return [Problem(n, Path(path), Reason(reason).sentence) for n, path, reason in rows]

    def photo(self, photo_id: int) -> Photo | None:
        """One photo, or None when it left the library."""
        return self.photos([photo_id]).get(photo_id)

    def photos(self, photo_ids: Sequence[int]) -> dict[int, Photo]:
        """The photos with these ids, by id."""
        rows = self.rows_in_slices(f"{PHOTO} WHERE photo.id IN", photo_ids)
        return {row[0]: _photo(row) for row in rows}

    def photos_of(self, content_ids: Sequence[int]) -> dict[int, list[Photo]]:
        """The photos that can be shown of each content: one, or several where there are copies."""
        found: dict[int, list[Photo]] = {}
        where = f"state = '{PhotoState.INDEXED}' AND photo.content_id IN"
        statement = PHOTO.replace("SELECT ", "SELECT photo.content_id, ", 1) + f" WHERE {where}"
        for content_id, *row in self.rows_in_slices(statement, content_ids, " ORDER BY path"):
            found.setdefault(content_id, []).append(_photo(tuple(row)))
        return found

    def contents_below(self, folder: Path) -> NDArray[np.int64]:
        """The contents of the photos inside `folder`, sorted, each once."""
        rows = self.rows(
            "SELECT DISTINCT content_id FROM photo WHERE path >= CAST(? AS TEXT)"
            f" AND path < CAST(? AS TEXT) AND state = '{PhotoState.INDEXED}' ORDER BY content_id",
            below(folder),
        )
        return np.array([row[0] for row in rows], np.int64)

    def vector_of(self, path: Path, digest: str) -> bytes | None:
        """The stored vector (float16) of the photo at `path`, if it is in the library."""
        rows = self.rows(
            "SELECT vector FROM photo JOIN embedding USING (content_id)"
            " JOIN encoder ON encoder.id = encoder_id"
            " WHERE path = CAST(? AS TEXT) AND digest = ? AND state = ?",
            (text_of(path), digest, PhotoState.INDEXED),
        )
        return rows[0][0] if rows else None

    def vectors_since(
        self, change: int, digest: str, limit: int = -1
    ) -> list[tuple[int, int, bytes]]:
        """(change, content id, float16 vector) of embeddings after `change`, in order."""
        return self.rows(
            # Plus: through the index of encoders SQLite would sort all their vectors each time.
            "SELECT change, content_id, vector FROM embedding"
            " WHERE +encoder_id = (SELECT id FROM encoder WHERE digest = ?)"
            " AND change > ? ORDER BY change LIMIT ?",
            (digest, change, limit),
        )

    def content_at(self, change: int, digest: str) -> int | None:
        """The content that was embedded by the encoder with `digest` at a change."""
        rows = self.rows(
            "SELECT content_id FROM embedding JOIN encoder ON encoder.id = encoder_id"
            " WHERE change = ? AND digest = ?",
            (change, digest),
        )
        return rows[0][0] if rows else None

    def identity(self) -> str:
        """The random name of this database; none while it has not been made yet."""
        rows = self.rows("SELECT id FROM library")
        return rows[0][0] if rows else "none"

    def table(self) -> PhotoTable:
        """Every photo that can be shown, newest first."""
        rows = self.rows(
            "SELECT photo.id, CAST(coalesce(strftime('%s', taken),"
            "  strftime('%s', mtime_ns / 1000000000, 'unixepoch', 'localtime'),"
            "  mtime_ns / 1000000000) AS INTEGER) AS taken_s,"
            " hash, mean_rgb, width, height FROM photo JOIN content ON content.id = content_id"
            f" WHERE state = '{PhotoState.INDEXED}' ORDER BY taken_s DESC, photo.id DESC"
        )
        ids, taken, hashes, colours, widths, heights = (
            zip(*rows, strict=True) if rows else ((),) * 6
        )
        rgb = np.array(colours, np.int32)
        return PhotoTable(
            ids=np.array(ids, np.int64),
            taken_s=np.array(taken, np.float64),
            hashes=np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 16),
            mean_rgb=np.stack([rgb >> 16, rgb >> 8 & 255, rgb & 255], axis=-1).astype(np.uint8),
            width=np.array(widths, np.int32),
            height=np.array(heights, np.int32),
        )


def _photo(row: tuple[Any, ...]) -> Photo:
    number, path, state, reason, content_hash, width, height, size, mtime, *told = row
    metadata, place = known_metadata(told)
    return Photo(
        id=number,
        path=Path(path),
        state=PhotoState(state),
        reason=Reason(reason).sentence if reason else None,
        hash=content_hash,
        width=width,
        height=height,
        taken=datetime.fromisoformat(metadata.taken) if metadata.taken else None,
        size_bytes=size,
        mtime_ns=mtime,
        metadata=metadata,
        place=str(place) if place else None,
    )
