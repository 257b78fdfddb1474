"""What no photo shows any more is cleared away, in small steps, whatever a kill has left."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.events import Done
from indexer.leftovers import AT_ONCE
from indexer.library import Library
from indexer.scan import Found
from indexer.store import Content, Finished, Store
from indexer.thumbnails import SIDES, thumbnail_path, write_whole
from indexer.view import View
from tests.fakes import SPEC, write_encoder
from tests.serving import Serving, until
from tests.small_photos import write_photos
from tests.waiting import wait_until

ROW = np.ones(8, np.float16)
FOLDER = Path("/photos")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(Library.at(tmp_path / "library"))
    yield store
    store.close()


def content_hash(number: int) -> bytes:
    return number.to_bytes(2, "little") * 8


def fill(store: Store, count: int) -> None:
    """Photos that show `count` contents, with thumbnails."""
    encoder = store.encoders.add(replace(SPEC, name="one", digest="one"), Path("/x"))
    store.encoders.want(encoder)
    store.join(FOLDER)
    store.add([Found(f"{FOLDER}/{n}.jpg", 9, 100 + n) for n in range(count)])
    finished = []
    for todo in store.pending([FOLDER]):
        value = content_hash(int(Path(todo.path).stem))
        finished.append(Finished(todo, Content(value, 40, 30, 0), ROW))
        for side in SIDES:
            write_whole(thumbnail_path(store.library, value, side), b"small")
    store.commit(encoder.id, finished)


def thumbnails(store: Store) -> int:
    return sum(path.is_file() for path in store.library.thumbnails.rglob("*"))


def contents(store: Store) -> int:
    return int(store.connection.execute("SELECT count(*) FROM content").fetchone()[0])


def test_what_a_folder_showed_goes_with_its_thumbnails(store: Store) -> None:
    fill(store, 30)
    store.leave(FOLDER)
    assert store.collect()
    assert (contents(store), thumbnails(store)) == (0, 0)


def test_thumbnails_of_nobody_are_found_and_those_of_photos_stay(store: Store) -> None:
    fill(store, 30)
    for number in (30, 31, 255):  # their photos were read, and never written down
        write_whole(thumbnail_path(store.library, content_hash(number), SIDES[0]), b"small")
    half = thumbnail_path(store.library, content_hash(3), SIDES[0]).with_name(".half.part")
    half.write_bytes(b"sma")
    mine = store.library.thumbnails / "mine.txt"
    mine.write_text("not ours to take away")
    assert store.collect()
    assert not half.exists()
    mine.unlink()
    assert (contents(store), thumbnails(store)) == (30, 60)


def test_clearing_away_stops_between_two_steps_and_goes_on_later(store: Store) -> None:
    fill(store, 1200)
    store.leave(FOLDER)
    asked = 0

    def after_one_step() -> bool:
        nonlocal asked
        asked += 1
        return asked > 1

    assert not store.collect(after_one_step)
    assert contents(store) == 1200 - AT_ONCE
    assert store.collect()
    assert (contents(store), thumbnails(store)) == (0, 0)


def test_thumbnails_that_are_gone_are_made_again_behind_a_run(tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 30, seed=1)
    write_encoder(tmp_path / "fake")
    library = Library.at(tmp_path / "library")
    for _ in range(2):
        serving = Serving(library, tmp_path / "fake")
        client = serving.client()
        until(client, client.add([tmp_path / "photos"]))
        wait_until(lambda: files(library) == 30)
        serving.end()
        shutil.rmtree(library.thumbnails, ignore_errors=True)
    with View(library) as view:
        assert view.counts().vectors == 30  # and none was seen again
        assert {row[0] for row in view.vectors_since(0, view.encoders()[0].digest)} == {
            *range(1, 31)
        }


def files(library: Library) -> int:
    return len(list(library.thumbnails.rglob("*.jpg")))


def test_thumbnails_that_can_not_be_written_end_no_run(tmp_path: Path) -> None:
    write_photos(tmp_path / "photos", 10, seed=1)
    write_encoder(tmp_path / "fake")
    library = Library.at(tmp_path / "library")
    library.root.mkdir()
    library.thumbnails.write_bytes(b"not a folder")
    serving = Serving(library, tmp_path / "fake")
    client = serving.client()
    done = until(client, client.add([tmp_path / "photos"]))[-1]
    assert isinstance(done, Done)
    assert done.indexed == 10
    serving.end()
