"""On a full disk the indexer says so and waits; when there is room again it goes on by itself.

SQLite's own limit on pages stands in for the disk.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from indexer.errors import DiskFull, Reason
from indexer.events import Done, Event, Manners
from indexer.library import Library
from indexer.store import Finished, Store, ToDo
from indexer.transactions import transaction
from indexer.view import View
from indexer.work import Work
from tests.fakes import write_encoder
from tests.serving import Serving, until
from tests.small_photos import write_photos
from tests.waiting import wait_until, wait_until_free

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


def test_thumbnails_wait_for_room_and_nobody_waits_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1 << 40]
    monkeypatch.setattr("indexer.transactions.disk_usage", lambda _: SimpleNamespace(free=free[-1]))
    monkeypatch.setattr("indexer.mending.ROOM_S", 0.05)
    write_photos(tmp_path / "photos", 20, seed=1)
    write_encoder(tmp_path / "fake")
    serving = Serving(Library.at(tmp_path / "library"), tmp_path / "fake")
    client, library = serving.client(), serving.library
    until(client, client.add([tmp_path / "photos"]))
    serving.end()
    shutil.rmtree(library.thumbnails)
    free.append(0)
    client = serving.client()
    events = until(client, client.refresh())
    events += until(client, client.refresh())  # while the thumbnails wait
    assert not library.thumbnails.exists()
    free.append(1 << 40)
    wait_until(lambda: len(list(library.thumbnails.rglob("*.jpg"))) == 20)
    events += until(client, client.refresh())
    assert manners(events) == [Manners(is_full=True), Manners()]
    serving.end()


def test_an_indexer_that_waits_for_room_ends_when_its_clients_leave(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(Store):
        @transaction
        def leave(self, folder: Path) -> None:
            raise DiskFull(str(folder))

    monkeypatch.setattr("tests.serving.Store", Full)
    write_encoder(tmp_path / "fake")
    serving = Serving(Library.at(tmp_path / "library"), tmp_path / "fake")
    client = serving.client()
    client.remove(tmp_path)
    assert next(event for event in client.events() if isinstance(event, Manners)).is_full
    client.close()
    wait_until_free(serving.library)
    serving.end()


def test_who_tells_progress_outlives_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[float] = []

    def fails(_: Work, now_s: float) -> bool:
        calls.append(now_s)
        raise ValueError("a bug")

    monkeypatch.setattr("indexer.service.TICK_S", 0.01)
    monkeypatch.setattr(Work, "tell_progress", fails)
    write_encoder(tmp_path / "fake")
    serving = Serving(Library.at(tmp_path / "library"), tmp_path / "fake")
    serving.client()
    wait_until(lambda: len(calls) > 2)
    serving.end()


def manners(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Manners)]
