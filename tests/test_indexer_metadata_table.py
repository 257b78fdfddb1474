"""What a library keeps of what files tell, from the decoder process to the answer of a search."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.decode import Decoder
from indexer.decoder_pool import DecoderPool
from indexer.errors import Reason, UnreadablePhoto
from indexer.library import Library
from indexer.metadata import NOTHING, Metadata
from indexer.photo import Photo, PhotoState
from indexer.scan import Scan
from indexer.store import Content, Finished, Store
from indexer.view import View
from tests import told_photos as told
from tests.fakes import SPEC

PARIS = Metadata(
    taken="2023-07-14T18:03:11",
    offset_minutes=120,
    latitude=48.8584,
    longitude=2.2945,
    make="Canon",
    model="Canon EOS 6D",
    turn=6,
    rating=5,
    title="Tour",
    keywords=("night", "été"),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(Library.at(tmp_path / "library"))
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"x")
    store.join(folder)
    store.add(Scan(folder))
    yield store
    store.close()


def commit(store: Store, metadata: Metadata, content: bytes = b"one") -> None:
    """Let the first photo that waits show a content whose file tells `metadata`."""
    encoder = store.encoders.add(SPEC, store.library.root / "fake")
    todo = store.pending([path for _, path, _ in store.folders()], limit=1)[0]
    vector = np.ones(8, np.float16)
    store.commit(
        encoder.id, [Finished(todo, Content(content.ljust(16), 40, 30, 0, metadata), vector)]
    )


def photos(store: Store) -> list[Photo]:
    with View(store.library) as view:
        ids = [row[0] for row in view.rows("SELECT id FROM photo ORDER BY path")]
        found = view.photos(ids)
        same = [one for some in view.photos_of([1, 2]).values() for one in some]
        assert {photo.id: photo for photo in same}.items() <= found.items()
    return [photo for photo in found.values() if photo.state is PhotoState.INDEXED]


def test_what_a_file_told_is_there_with_the_name_of_its_place(store: Store) -> None:
    commit(store, PARIS)
    (photo,) = photos(store)
    assert photo.metadata == PARIS
    assert photo.place == "Paris, Île-de-France, France"
    assert photo.taken is not None
    assert photo.taken.isoformat() == PARIS.taken
    assert store.metadata.untold([1]) == []


def test_a_file_that_tells_nothing_is_not_asked_again(store: Store) -> None:
    commit(store, NOTHING)
    (photo,) = photos(store)
    assert (photo.metadata, photo.place, photo.taken) == (NOTHING, None, None)
    assert store.metadata.untold([1]) == []


def test_of_two_copies_the_first_is_heard(store: Store) -> None:
    commit(store, PARIS)
    commit(store, replace(PARIS, title=None))
    assert [photo.metadata.title for photo in photos(store)] == ["Tour", "Tour"]


def test_contents_that_wait_are_told_of_and_wait_no_longer(store: Store) -> None:
    commit(store, NOTHING, b"one")
    commit(store, NOTHING, b"two")
    store.connection.execute("INSERT INTO untold SELECT id FROM content")
    waiting = store.metadata.untold([1])
    assert [content for content, _ in waiting] == [2, 1]
    assert store.metadata.untold([1], after=2) == waiting[1:]
    assert store.metadata.untold([]) == []
    store.metadata.replace([(1, PARIS), (99, PARIS)])
    assert [content for content, _ in store.metadata.untold([1])] == [2]
    assert sorted(photo.metadata.title or "" for photo in photos(store)) == ["", "Tour"]


def test_what_is_known_of_a_content_goes_with_it(store: Store, tmp_path: Path) -> None:
    commit(store, PARIS)
    store.connection.execute("INSERT INTO untold SELECT id FROM content")
    store.leave(tmp_path / "photos")
    store.collect()
    for table in ("content", "metadata", "untold"):
        assert store.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_a_decoder_tells_what_it_reads_with_the_pixels_and_without(tmp_path: Path) -> None:
    path = told.write(tmp_path / "photo.jpg", told.exif(), told.xmp(dc__title="Inside"))
    (tmp_path / "photo.xmp").write_bytes(told.xmp(told.keywords("beside")))
    decoder = Decoder()
    try:
        found = decoder.tell(path)
        assert (found.title, found.keywords, found.offset_minutes) == ("Inside", ("beside",), 120)
        assert decoder.index(path, SPEC.image, None).content.metadata == found
        with pytest.raises(UnreadablePhoto):
            decoder.tell(tmp_path / "photo.xmp")
    finally:
        decoder.close()


def test_a_pool_tells_of_many_files_and_says_why_not(tmp_path: Path) -> None:
    path = told.write(tmp_path / "photo.jpg", told.exif())
    pool = DecoderPool(1)
    try:
        found = dict(pool.tell([(1, str(path)), (2, str(tmp_path / "gone.jpg"))]))
    finally:
        pool.close()
    assert isinstance(found[1], Metadata)
    assert found[2] is Reason.GONE
