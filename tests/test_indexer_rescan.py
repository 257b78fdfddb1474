"""What a look at a folder writes down: nothing is taken for gone lightly."""

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer.changes import Known, compare
from indexer.events import Doubt, Event
from indexer.library import Library
from indexer.metadata import Metadata
from indexer.moves import HASH_BYTES, content_hash
from indexer.photo import Answer, FolderState, PhotoState
from indexer.picture import content_hash as decoders_hash
from indexer.rescan import Rescan
from indexer.scan import Scan
from indexer.settle import Settled
from indexer.store import FIRST, Content, Finished, Row, Store
from tests.fakes import SPEC


class Shelf:
    """A folder of files that pass for photos, all of them indexed, and what a rescan tells."""

    def __init__(self, place: Path) -> None:
        self.root = place / "photos"
        self.root.mkdir()
        self.store = Store(Library.at(place / "library"))
        self.told: list[Event] = []
        self.busy: set[str] = set()
        self.rescan = Rescan(self.store, self.told.append, lambda: False, self.busy.__contains__)
        self.encoder = self.store.encoders.add(SPEC, place).id

    def fill(self, *names: str) -> None:
        """New files, scanned and indexed."""
        for name in names:
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_bytes(os.fsencode(name))
        self.rescan.folder(self.root)
        finished = []
        for todo in self.store.pending([self.root], FIRST):
            digest = content_hash(todo.path)
            assert digest is not None
            content = Content(digest, 4, 3, 0, Metadata())
            finished.append(Finished(todo, content, np.full(SPEC.dimension, 0.35, np.float16)))
        self.store.commit(self.encoder, finished)

    def rows(self) -> dict[str, tuple[int, PhotoState]]:
        rows = self.store.rows(self.root)
        return {path[len(str(self.root)) + 1 :]: (r.id, r.state) for path, r in rows.items()}

    def states(self) -> set[FolderState]:
        return {state for _, _, state in self.store.folders()}

    def settle(self, *, files: tuple[str, ...] = (), folders: tuple[str, ...] = ()) -> None:
        """What a watcher would hand over."""
        every = Settled(
            frozenset(str(self.root / name) for name in files),
            frozenset(str(self.root / name) for name in folders),
        )
        for _ in self.rescan.settled(every):
            pass


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    one = Shelf(tmp_path)
    yield one
    one.store.close()


def test_the_hash_of_a_file_is_the_one_that_decoders_give(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"bytes" * 1000)
    got = content_hash(str(tmp_path / "a.jpg"))
    assert got == decoders_hash(b"bytes" * 1000)
    assert len(got or b"") == HASH_BYTES
    assert content_hash(str(tmp_path / "b.jpg")) is None


@pytest.mark.slow
def test_a_tree_of_ten_thousand_photos_that_is_renamed_is_known_again(shelf: Shelf) -> None:
    shelf.fill(*(f"old/{number // 100:03}/{number:05}.jpg" for number in range(10_000)))
    before = shelf.rows()
    (shelf.root / "old").rename(shelf.root / "new")
    began_s = time.perf_counter()
    changes = shelf.rescan.folder(shelf.root)
    print(f"10,000 moved photos were known again in {time.perf_counter() - began_s:.2f} s")
    assert changes is not None
    assert (len(changes.moved), changes.unchanged, changes.to_add) == (10_000, 10_000, [])
    assert shelf.rows() == {path.replace("old", "new"): row for path, row in before.items()}
    assert shelf.store.pending([shelf.root]) == []


def test_the_two_sides_of_a_move_may_be_seen_one_after_the_other(shelf: Shelf) -> None:
    shelf.fill("a.jpg", "b.jpg", "in/c.jpg")
    before = shelf.rows()
    (shelf.root / "a.jpg").rename(shelf.root / "in" / "z.jpg")
    shelf.settle(files=("a.jpg",))
    assert shelf.rows()["a.jpg"][1] is PhotoState.MISSING
    shelf.settle(folders=("in",))
    assert shelf.rows()["in/z.jpg"] == before["a.jpg"]


def test_a_file_of_the_same_size_and_time_with_other_bytes_is_new(shelf: Shelf) -> None:
    shelf.fill("a.jpg")
    stamp = (shelf.root / "a.jpg").stat().st_mtime_ns
    (shelf.root / "a.jpg").unlink()
    (shelf.root / "b.jpg").write_text("b.jpg")
    os.utime(shelf.root / "b.jpg", ns=(stamp, stamp))
    shelf.rescan.folder(shelf.root)
    rows = shelf.rows()
    assert (rows["a.jpg"][1], rows["b.jpg"][1]) == (PhotoState.MISSING, PhotoState.PENDING)


def test_a_file_that_is_being_written_is_neither_new_nor_gone(shelf: Shelf) -> None:
    shelf.fill("a.jpg")
    before = shelf.rows()
    shelf.busy |= {str(shelf.root / "a.jpg"), str(shelf.root / "b.jpg")}
    for name in ("a.jpg", "b.jpg"):
        (shelf.root / name).write_text("half")
    shelf.rescan.folder(shelf.root)
    assert shelf.rows() == before
    shelf.busy.clear()
    shelf.rescan.folder(shelf.root)
    assert {state for _, state in shelf.rows().values()} == {PhotoState.PENDING}


def test_nothing_is_forgotten_of_a_drive_that_left_its_empty_folder_behind(shelf: Shelf) -> None:
    names = [f"{number}.jpg" for number in range(40)]
    shelf.fill(*names, "in/a.jpg")
    before = shelf.rows()
    for name in [*names, "in/a.jpg"]:
        (shelf.root / name).rename(shelf.root.parent / Path(name).name)
    (shelf.root / "in").rmdir()
    shelf.settle(files=tuple(names), folders=("in",))
    shelf.settle(files=tuple(names[:20]))
    assert [one for one in shelf.told if isinstance(one, Doubt)] == [
        Doubt(str(shelf.root), 41, 41)  # once, though it was looked at twice
    ]
    assert (shelf.rows(), shelf.states()) == (before, {FolderState.DOUBTFUL})
    for name in names:
        (shelf.root.parent / name).rename(shelf.root / name)
    shelf.rescan.folder(shelf.root)
    assert shelf.states() == {FolderState.AVAILABLE}
    assert shelf.rows()["in/a.jpg"][1] is PhotoState.MISSING  # one is no question


def test_a_file_beside_a_photo_that_came_or_went_is_news(shelf: Shelf) -> None:
    shelf.fill("a.jpg", "in/b.jpg")
    (folder,) = (number for number, _, _ in shelf.store.folders())

    def untold() -> list[str]:
        asked = shelf.store.metadata.untold([folder])
        shelf.store.metadata.replace([], [content for content, _ in asked])
        return sorted(Path(path).name for _, path in asked)

    untold()
    for name in ("a.xmp", "in/b.jpg.xmp"):
        (shelf.root / name).touch()
    shelf.settle(files=("a.xmp",), folders=("in",))
    assert untold() == ["a.jpg", "b.jpg"]
    shelf.settle(files=("a.xmp", "in/b.jpg.xmp"))
    assert untold() == []
    (shelf.root / "a.xmp").unlink()
    shelf.settle(files=("a.xmp",))
    assert untold() == ["a.jpg"]


def test_a_part_of_a_folder_is_weighed_against_the_whole(shelf: Shelf) -> None:
    shelf.fill(*(f"{number}.jpg" for number in range(60)), *(f"in/{n}.jpg" for n in range(12)))
    for path in (shelf.root / "in").iterdir():
        path.unlink()
    shelf.rescan.folder(shelf.root / "in")
    assert sum(state is PhotoState.MISSING for _, state in shelf.rows().values()) == 12
    for number in range(30):
        (shelf.root / f"{number}.jpg").unlink()
    shelf.rescan.folder(shelf.root)
    assert shelf.states() == {FolderState.DOUBTFUL}
    shelf.rescan.folder(shelf.root, Answer.KEEP)
    shelf.rescan.folder(shelf.root)
    assert shelf.states() == {FolderState.KEPT}
    assert sum(state is PhotoState.MISSING for _, state in shelf.rows().values()) == 12
    shelf.rescan.folder(shelf.root, Answer.FORGET)
    assert sum(state is PhotoState.MISSING for _, state in shelf.rows().values()) == 42
    assert shelf.states() == {FolderState.AVAILABLE}


def test_a_look_at_what_is_as_it_was_reads_no_row_whatever_the_order(shelf: Shelf) -> None:
    names = [f"{kind}{number:04}.jpg" for number in range(700) for kind in ("", "caf\udce9", "a/é")]
    shelf.fill(*names)
    rows = shelf.store.rows(shelf.root)
    read: list[str] = []

    def rows_at(paths: Iterable[str]) -> dict[str, Row]:
        read.extend(paths)
        return {path: rows[path] for path in read}

    gone = shelf.root / "a" / "é0350.jpg"
    for is_there in (True, False):
        known = Known(shelf.store.places.searchable(shelf.root), {}, rows_at)
        changes = compare(Scan(shelf.root), known)
        assert (changes.found, changes.unchanged) == (2100 - (not is_there), changes.found)
        assert list(changes.missing) == read == ([] if is_there else [str(gone)])
        gone.unlink(missing_ok=True)
    backwards = reversed(list(shelf.store.places.searchable(shelf.root)))
    assert compare(Scan(shelf.root), Known(backwards, {}, rows_at)).unchanged == 2099


def test_who_stops_while_moves_are_proven_keeps_those_that_are(shelf: Shelf) -> None:
    shelf.fill(*(f"old/{number:03}.jpg" for number in range(450)))
    before = shelf.rows()
    (shelf.root / "old").rename(shelf.root / "new")
    came: list[int] = []
    stopping = Rescan(
        shelf.store, shelf.told.append, lambda: len(came) == 2, moves=lambda: came.append(1)
    )
    assert stopping.folder(shelf.root) is None
    assert sum(path.startswith("new") for path in shelf.rows()) == 400
    changes = shelf.rescan.folder(shelf.root)
    assert changes is not None
    assert (len(changes.moved), changes.unchanged, changes.to_add) == (50, 450, [])
    assert shelf.rows() == {path.replace("old", "new"): row for path, row in before.items()}
