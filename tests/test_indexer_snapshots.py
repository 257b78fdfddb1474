"""When snapshots of the vectors are written, and what becomes of one that is given up."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer.library import Library
from indexer.photo import KnownEncoder
from indexer.scan import Found
from indexer.snapshot_files import AT_ONCE, snapshots_of, sweep, write_snapshot
from indexer.snapshots import Snapshots
from indexer.store import Content, Finished, Store
from indexer.vectors import MIN_TAIL, VectorIndex
from indexer.view import View
from tests.fakes import SPEC


class Shelf:
    """A library with as many vectors as are asked for."""

    def __init__(self, place: Path) -> None:
        self.library = Library.at(place / "library")
        self.store = Store(self.library)
        self.known: KnownEncoder = self.store.encoders.add(SPEC, place)
        self.store.join(place)
        self.place = place
        self.count = 0

    def embed(self, count: int) -> int:
        first, self.count = self.count, self.count + count
        names = [str(self.place / f"{n:06}.jpg") for n in range(first, self.count)]
        self.store.add([Found(name, 1, n) for n, name in enumerate(names)])
        finished = []
        for todo in reversed(self.store.pending([self.place])):  # oldest first
            content = Content(todo.id.to_bytes(16, "big"), 1, 1, 0)
            row = np.full(SPEC.dimension, todo.id % 7, np.float16)
            finished.append(Finished(todo, content, row))
        self.store.commit(self.known.id, finished)
        return count

    def in_snapshots(self) -> list[int]:
        with View(self.library) as view:
            return [change for change, _ in snapshots_of(view, SPEC.digest)]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    one = Shelf(tmp_path)
    yield one
    one.store.close()


def test_a_snapshot_is_written_beside_and_holds_what_sqlite_does(shelf: Shelf) -> None:
    snapshots = Snapshots(shelf.library, shelf.known)
    snapshots.added(shelf.embed(MIN_TAIL))
    assert shelf.in_snapshots() == []
    snapshots.added(shelf.embed(1))
    shelf.embed(AT_ONCE)  # commits go on meanwhile
    snapshots.wait()
    with View(shelf.library) as view:
        (change,) = shelf.in_snapshots()
        assert change > MIN_TAIL
        index = VectorIndex(view, SPEC.digest, SPEC.dimension)
        assert len(index) == change
        index.refresh(view)
        assert len(index) == view.counts().vectors == MIN_TAIL + 1 + AT_ONCE
        assert index.sample(len(index))[:, 0].tolist() == [n % 7 for n in range(1, len(index) + 1)]
    snapshots.close()


def test_one_that_is_given_up_leaves_the_old_one_in_its_place(shelf: Shelf) -> None:
    shelf.embed(20)
    with View(shelf.library) as view:
        write_snapshot(view, SPEC.digest, SPEC.dimension)
        before = shelf.in_snapshots()
        shelf.embed(20)
        asked = iter([False, True])
        write_snapshot(view, SPEC.digest, SPEC.dimension, lambda: next(asked, True))
        assert shelf.in_snapshots() == before
        assert len(list(shelf.library.vectors.iterdir())) == 2
        (shelf.library.vectors / ".new-0-left").mkdir()
        sweep(view)
        assert len(list(shelf.library.vectors.iterdir())) == 2
        next(shelf.library.vectors.glob("*.faiss")).unlink()  # killed between the two files
        sweep(view)
        assert list(shelf.library.vectors.iterdir()) == []


def test_half_of_one_that_is_being_renamed_stays_when_another_encoder_comes(shelf: Shelf) -> None:
    shelf.embed(20)
    with View(shelf.library) as view:
        write_snapshot(view, SPEC.digest, SPEC.dimension)
        next(shelf.library.vectors.glob("*.faiss")).rename(shelf.place / "new.faiss")
        Snapshots(shelf.library, shelf.known).close()
        assert [path.suffix for path in shelf.library.vectors.iterdir()] == [".npy"]


def test_one_that_can_not_be_written_is_no_trouble(shelf: Shelf) -> None:
    shelf.library.vectors.write_bytes(b"not a folder")
    snapshots = Snapshots(shelf.library, shelf.known)
    snapshots.added(shelf.embed(MIN_TAIL + 1))
    snapshots.catch_up()
    assert shelf.in_snapshots() == []
    snapshots.close()
