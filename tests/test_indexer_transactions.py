"""A write that finds no room changes nothing, waits if it may, and is then done as if nothing was.

SQLite's own limit on pages stands in for the disk.
"""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from indexer.errors import DiskFull, Reason
from indexer.library import Library
from indexer.problems import try_again
from indexer.scan import Found
from indexer.store import Store

FOLDER = Path("/photos")
MANY = [Found(f"{FOLDER}/{number:0100}.jpg", 9, number) for number in range(2000)]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(Library.at(tmp_path / "library"))
    store.join(FOLDER)
    (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
    store.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    yield store
    store.close()


def make_room(store: Store) -> None:
    store.connection.execute("PRAGMA max_page_count = 1000000")


def test_a_write_that_finds_no_room_changes_nothing_and_says_so(store: Store) -> None:
    with pytest.raises(DiskFull, match="The disk is full"):
        store.add(MANY)
    assert store.rows(FOLDER) == {}
    store.add(MANY[:1])
    assert len(store.rows(FOLDER)) == 1


def test_a_write_waits_for_room_and_is_done_once(store: Store) -> None:
    told: list[str] = []

    def waits() -> bool:
        told.append("full")
        if len(told) == 3:
            make_room(store)
        return True

    store.db.waits_for_room = waits
    store.db.has_room = lambda: told.append("room")
    store.add(MANY)
    assert told == ["full", "full", "full", "room"]
    assert len(store.rows(FOLDER)) == len(MANY)
    store.add(MANY)
    assert told[4:] == []


def test_photos_that_are_to_be_tried_again_wait_for_room(store: Store) -> None:
    store.add(MANY[:1])
    store.commit(1, [], [(todo, Reason.EMPTY) for todo in store.pending([FOLDER])])
    store.connection.execute("CREATE TABLE filler (bytes BLOB)")
    store.connection.execute(
        "CREATE TEMP TRIGGER swell AFTER UPDATE ON photo BEGIN"
        " INSERT INTO filler VALUES (zeroblob(100000)); END"
    )
    told: list[str] = []

    def waits() -> bool:
        told.append("full")
        make_room(store)
        return True

    store.db.waits_for_room = waits
    assert try_again(store) == 1
    assert told == ["full"]
    assert len(store.pending([FOLDER])) == 1


def test_a_file_beside_the_database_waits_for_room_as_well(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = iter([1000, 1000, 1 << 30])
    monkeypatch.setattr(
        "indexer.transactions.disk_usage", lambda _: SimpleNamespace(free=next(free))
    )
    told: list[str] = []

    def waits() -> bool:
        told.append("full")
        return True

    store.db.waits_for_room = waits
    store.db.has_room = lambda: told.append("room")
    store.db.await_room()
    assert (told, store.db.was_full) == (["full", "full", "room"], True)


def test_a_file_that_can_not_be_written_for_another_reason_is_not_waited_for(store: Store) -> None:
    store.db.waits_for_room = lambda: pytest.fail("it waits")
    store.db.await_room()
    assert not store.db.was_full


def test_whoever_may_not_wait_hears_of_it_at_once(store: Store) -> None:
    store.db.waits_for_room = lambda: False
    with pytest.raises(DiskFull):
        store.add(MANY)
    make_room(store)
    store.add(MANY)
    assert len(store.rows(FOLDER)) == len(MANY)
