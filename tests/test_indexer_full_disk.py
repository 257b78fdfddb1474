"""On a full disk the indexer says so and waits; when there is room again it goes on by itself.

SQLite's own limit on pages stands in for the disk.
"""

from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.errors import Reason
from indexer.events import Done, Event, Manners
from indexer.library import Library
from indexer.store import Finished, Store, ToDo
from indexer.view import View
from tests.fakes import write_encoder
from tests.serving import Serving, until
from tests.small_photos import write_photos

PHOTOS = 160


class Crowded(Store):
    """A store whose disk is full at its first batch, until it has been tried three times."""

    def commit(
        self,
        encoder_id: int,
        finished: Sequence[Finished],
        failed: Sequence[tuple[ToDo, Reason]] = (),
    ) -> int:
        waits, tries = self.db.waits_for_room, iter([True, True, False])

        def waits_or_makes_room() -> bool:
            if not next(tries):
                self.connection.execute("PRAGMA max_page_count = 1000000")
            return waits()

        if self.connection.execute("SELECT count(*) FROM embedding").fetchone() == (0,):
            (pages,) = self.connection.execute("PRAGMA page_count").fetchone()
            self.connection.execute(f"PRAGMA max_page_count = {pages}")
            self.db.waits_for_room = waits_or_makes_room
        return super().commit(encoder_id, finished, failed)


def test_the_indexer_waits_for_room_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.serving.Store", Crowded)
    monkeypatch.setattr("indexer.neighbour.ROOM_S", 0.05)
    write_photos(tmp_path / "photos", PHOTOS, seed=1)
    write_encoder(tmp_path / "fake")
    serving = Serving(Library.at(tmp_path / "library"), tmp_path / "fake")
    client = serving.client()
    events = until(client, client.add([tmp_path / "photos"]))
    assert manners(events) == [Manners(is_full=True), Manners()]
    assert isinstance(events[-1], Done)
    assert (events[-1].indexed, events[-1].failed) == (PHOTOS, 0)
    serving.end()
    with View(serving.library) as view:
        assert (view.counts().indexed, view.counts().vectors) == (PHOTOS, PHOTOS)


def manners(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Manners)]
