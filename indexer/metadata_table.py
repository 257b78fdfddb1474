"""Write down what files tell of their photos, with the names of places, a row a content.

A part of `store`: one writer. Contents that nobody asked yet, because the library is older than
this table or a file beside the photo has changed, wait in a queue of their own.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from indexer.database import as_bad_library, below, text_of
from indexer.metadata import Metadata
from indexer.photo import PhotoState
from indexer.places import Gazetteer, Place
from indexer.scan import SIDECAR
from indexer.transactions import Table, Writer, transaction

FIELDS = (
    *("offset_minutes", "latitude", "longitude", "altitude_m"),
    *("make", "model", "lens", "turn", "rating", "title", "caption", "keywords"),
)
PLACE = ("town", "county", "region", "country")
COLUMNS = ", ".join(FIELDS + PLACE)  # behind content.taken they are what `known_metadata` wants
INSERT = f"INTO metadata (content_id, {COLUMNS}) VALUES (?{', ?' * len(FIELDS + PLACE)})"


def known_metadata(row: Sequence[Any]) -> tuple[Metadata, Place | None]:
    """The values of one row: taken, then `COLUMNS`, which are NULL where nobody asked yet."""
    taken, *rest = row
    fields = dict(zip(FIELDS, rest, strict=False))
    fields["turn"] = fields["turn"] or 1
    fields["keywords"] = tuple(json.loads(fields["keywords"] or "[]"))
    town, county, region, country = rest[len(FIELDS) :]
    place = Place(town, county, region, country) if country else None
    return Metadata(taken=taken, **fields), place


class MetadataTable(Table):
    """What is known of the contents of one library. Raises BadLibrary from every method."""

    def __init__(self, db: Writer) -> None:
        super().__init__(db)
        self._gazetteer = Gazetteer()

    def add(self, content_id: int, metadata: Metadata) -> None:
        """Note what a file told, inside a transaction. Of several copies the first is heard."""
        self.db.execute(f"INSERT OR IGNORE {INSERT}", self._row(content_id, metadata))

    @transaction
    def replace(self, told: Collection[tuple[int, Metadata]], mute: Collection[int] = ()) -> None:
        """Note what files tell now. They wait no longer, nor do contents that are `mute`."""
        for content_id, metadata in told:
            known = self.db.execute(
                "UPDATE content SET taken = ? WHERE id = ?", (metadata.taken, content_id)
            )
            if known.rowcount:  # else it was collected meanwhile
                row = self._row(content_id, metadata)
                self.db.execute(f"INSERT OR REPLACE {INSERT}", row)
            self.db.execute("DELETE FROM untold WHERE content_id = ?", (content_id,))
        for content_id in mute:
            self.db.execute("DELETE FROM untold WHERE content_id = ?", (content_id,))

    def note_sidecars(
        self, folder: Path, found: Mapping[str, int], unreadable: Iterable[str] = ()
    ) -> int:
        """Queue what photos show beside whom an XMP file came, changed or went; how many did.

        `found` are all XMP files below `folder`, path to mtime_ns, but for folders `unreadable`.
        """
        hidden = tuple(f"{one}/" for one in unreadable)
        inside = "path >= CAST(? AS TEXT) AND path < CAST(? AS TEXT)"
        with as_bad_library(self.library):
            known: dict[str, int] = dict(
                self.db.execute(f"SELECT path, mtime_ns FROM sidecar WHERE {inside}", below(folder))
            )
        gone = [path for path in known.keys() - found.keys() if not path.startswith(hidden)]
        news = {path: at for path, at in found.items() if known.get(path) != at}
        self._queue_beside({**dict.fromkeys(gone), **news})
        return len(gone) + len(news)

    def note_sidecars_at(self, found: Mapping[str, int | None]) -> int:
        """The same for single XMP files; None: it is not there."""
        at = "SELECT mtime_ns FROM sidecar WHERE path = CAST(? AS TEXT)"
        news = {}
        with as_bad_library(self.library):
            for path, mtime_ns in found.items():
                row = self.db.execute(at, [text_of(path)]).fetchone()
                if (row[0] if row else None) != mtime_ns:
                    news[path] = mtime_ns
        self._queue_beside(news)
        return len(news)

    @transaction
    def _queue_beside(self, news: Mapping[str, int | None]) -> None:
        """Note when XMP files were changed, or that they went, and queue what lies beside them."""
        inside = "path >= CAST(? AS TEXT) AND path < CAST(? AS TEXT)"
        if not news:
            return
        for path, mtime_ns in news.items():
            if mtime_ns is None:
                self.db.execute("DELETE FROM sidecar WHERE path = CAST(? AS TEXT)", [text_of(path)])
            else:
                self.db.execute(
                    "INSERT OR REPLACE INTO sidecar VALUES (CAST(? AS TEXT), ?)",
                    [text_of(path), mtime_ns],
                )
            name = text_of(path)[: -len(SIDECAR)]  # of a photo, or without its extension
            self.db.execute(
                "INSERT OR IGNORE INTO untold SELECT content_id FROM photo"
                f" WHERE content_id IS NOT NULL AND (path = CAST(? AS TEXT) OR ({inside}))",
                [name, name + b".", name + b"/"],  # "/" follows "." in every byte order
            )

    def untold(
        self, folder_ids: Sequence[int], after: int | None = None, limit: int = -1
    ) -> list[tuple[int, str]]:
        """(content, path of a photo in `folder_ids` that shows it) that wait, behind one of them.

        The last that came goes first. Contents whose photos are all missing have none.
        """
        inside = ", ".join("?" * len(folder_ids))
        with as_bad_library(self.library):
            return self.db.execute(
                "SELECT untold.content_id, path FROM untold JOIN photo ON photo.id ="
                " (SELECT id FROM photo AS one WHERE one.content_id = untold.content_id"
                f" AND state = '{PhotoState.INDEXED}' AND folder_id IN ({inside}) LIMIT 1)"
                " WHERE untold.content_id < coalesce(?, 9223372036854775807)"
                " ORDER BY untold.content_id DESC LIMIT ?",
                (*folder_ids, after, limit),
            ).fetchall()

    def _row(self, content_id: int, metadata: Metadata) -> tuple[object, ...]:
        values = {name: getattr(metadata, name) for name in FIELDS}
        words = metadata.keywords
        values["keywords"] = json.dumps(words, ensure_ascii=False) if words else None
        place = None
        if metadata.latitude is not None and metadata.longitude is not None:
            place = self._gazetteer.place(metadata.latitude, metadata.longitude)
        names = (getattr(place, name, None) for name in PLACE)
        return content_id, *values.values(), *names
