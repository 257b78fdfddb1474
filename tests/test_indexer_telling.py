"""Files read before there was metadata are asked what they tell, and no vector is made."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.client import Client
from indexer.database import connect
from indexer.events import Done
from indexer.library import Library
from indexer.photo import Photo
from indexer.store import Store
from indexer.view import View
from tests import told_photos as told
from tests.fakes import write_encoder
from tests.serving import Serving, until
from tests.waiting import wait_until_free

Start = Callable[[], Client]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.at(tmp_path / "library")


@pytest.fixture
def start(library: Library, tmp_path: Path) -> Iterator[Start]:
    write_encoder(tmp_path / "fake")
    serving = Serving(library, tmp_path / "fake")
    yield serving.client
    serving.end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        block = told.exif(f"202{number}:07:14 18:03:11")
        told.write(folder / f"{number}.jpg", block, told.xmp(dc__title=f"No. {number}"))
    return folder


def photos(library: Library) -> list[Photo]:
    with View(library) as view:
        found = view.photos([row[0] for row in view.rows("SELECT id FROM photo")])
    return sorted(found.values(), key=lambda photo: photo.path)


def forget_metadata(library: Library) -> None:
    """Make the library what it was before there was metadata."""
    connection = connect(library, read_only=False)
    connection.execute("DELETE FROM metadata")
    connection.execute("UPDATE content SET taken = NULL")
    connection.execute("INSERT INTO untold SELECT id FROM content")
    connection.close()


def test_a_library_from_before_is_told_of_without_a_vector_made(
    start: Start, library: Library, folder: Path
) -> None:
    client = start()
    until(client, client.add([folder]))
    client.close()
    wait_until_free(library)
    told_at_first = photos(library)
    forget_metadata(library)
    (folder / "2.jpg").unlink()
    client = start()
    done = until(client, client.add([folder]))[-1]
    assert isinstance(done, Done)
    assert (done.indexed, done.failed) == (0, 0)
    assert photos(library)[:2] == told_at_first[:2]
    assert [photo.metadata.title for photo in photos(library)] == ["No. 0", "No. 1", None]
    with View(library) as view:
        assert view.rows("SELECT max(change) FROM embedding") == [(3,)]
        assert len(view.rows("SELECT * FROM untold")) == 1  # for when it returns


def test_a_file_that_can_be_read_no_more_is_not_asked_for_ever(
    start: Start, library: Library, folder: Path
) -> None:
    client = start()
    until(client, client.add([folder]))
    client.close()
    wait_until_free(library)
    forget_metadata(library)
    broken = folder / "1.jpg"
    stat = broken.stat()
    broken.write_bytes(b"x" * stat.st_size)
    os.utime(broken, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # unseen by any scan
    client = start()
    until(client, client.add([folder]))
    assert [photo.metadata.title for photo in photos(library)] == ["No. 0", None, "No. 2"]
    with View(library) as view:
        assert view.rows("SELECT * FROM untold") == []


@pytest.mark.parametrize("name", ["1.xmp", "1.jpg.xmp", "1.XMP"])
def test_an_xmp_file_that_comes_changes_and_goes_is_seen_by_the_next_scan(
    start: Start, library: Library, folder: Path, name: str
) -> None:
    client, beside = start(), folder / name
    until(client, client.add([folder]))
    titles: list[list[str | None]] = []
    for title in ("New", "Newer", None):
        if title is None:
            beside.unlink()
        else:
            beside.write_bytes(told.xmp(dc__title=title))
            os.utime(beside, ns=(0, len(titles)))  # files written at once may share a time
        done = until(client, client.add([folder]))[-1]
        assert isinstance(done, Done)
        assert (done.indexed, done.unchanged) == (0, 3)
        titles.append([photo.metadata.title for photo in photos(library)])
    assert titles == [
        ["No. 0", "New", "No. 2"],
        ["No. 0", "Newer", "No. 2"],
        ["No. 0", "No. 1", "No. 2"],
    ]


def test_xmp_files_in_a_folder_that_can_not_be_read_now_are_not_gone(
    library: Library, folder: Path
) -> None:
    store = Store(library)
    beside = {f"{folder}/away/1.xmp": 1, f"{folder}/2.xmp": 2}
    store.metadata.note_sidecars(folder, beside)
    store.metadata.note_sidecars(folder, {}, [f"{folder}/away"])
    known = store.connection.execute("SELECT path FROM sidecar").fetchall()
    assert known == [(f"{folder}/away/1.xmp",)]
    store.close()
