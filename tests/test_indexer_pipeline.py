"""From files to rows and vectors, in process, with real decoders and a fake encoder."""

import os
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from indexer.changes import Changes, Known, compare
from indexer.decode import Decoded
from indexer.decoder_pool import IN_FLIGHT, DecoderPool
from indexer.library import Library
from indexer.photo import PhotoState
from indexer.pipeline import (
    BATCH,
    PART,
    PART_S,
    Batch,
    BatchEncoder,
    Read,
    Waiting,
    Walk,
    index,
    unseen,
)
from indexer.scan import Found, Scan
from indexer.snapshot_files import sweep, write_snapshot
from indexer.store import Content, Store, ToDo
from indexer.vectors import VectorIndex
from indexer.view import View
from models.drawn import DrawnPhoto
from models.encoder import Images, Vectors
from models.errors import BadEncoder
from models.spec import EncoderSpec
from tests.fakes import SPEC, ColourEncoder


class Done(DecoderPool):
    """Decoders whose work is done: they give the same whatever is asked."""

    def __init__(self, read: Iterable[Read | None]) -> None:
        super().__init__(count=1)
        self.read = read

    def stream(self, *_: object) -> Iterator[Any]:
        return iter(self.read)


class Bench:
    """A library with its writer, decoders and a fake encoder, driven by hand."""

    def __init__(self, folder: Path) -> None:
        self.library = Library.at(folder / "a library")
        self.encoder = ColourEncoder()
        self.open_store()
        self.batches = BatchEncoder(self.encoder, threads=2)
        self.pool = DecoderPool(2)
        self.view = View(self.library)

    def open_store(self, spec: EncoderSpec = SPEC) -> None:
        self.store = Store(self.library)
        self.known = self.store.encoders.add(spec, Path("nowhere"))
        self.store.encoders.want(self.known)

    def scan(self, folder: Path) -> Changes:
        self.store.join(folder)
        known = Known(iter(()), self.store.rows(folder), self.store.rows_at)
        changes = compare(Scan(folder), known)
        self.store.add(changes.to_add)
        self.store.set_states([row.id for row in changes.missing.values()], PhotoState.MISSING)
        self.store.set_states(changes.returned, PhotoState.INDEXED)
        return changes

    def read(self, folder: Path) -> list[Batch]:
        waiting = Waiting(self.store, [folder])
        return self.read_walk(waiting, self.known.id)

    def read_walk(self, walk: Walk, encoder_id: int) -> list[Batch]:
        return list(index(self.store, encoder_id, self.batches, self.pool, walk))

    def encode_with(self, encoder: ColourEncoder, threads: int) -> None:
        self.batches.close()
        self.encoder, self.batches = encoder, BatchEncoder(encoder, threads)

    def write(self, read: Iterable[Read | None]) -> list[Batch]:
        """Encode and commit photos that were read already."""
        return list(index(self.store, self.known.id, self.batches, Done(read), ()))

    def update(self, folder: Path) -> tuple[Changes, list[Batch]]:
        return self.scan(folder), self.read(folder)

    def close(self) -> None:
        self.view.close()
        self.pool.close()
        self.batches.close()
        self.store.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_every_photo_of_a_folder_gets_a_vector_and_thumbnails(
    bench: Bench, photo_folder: Path
) -> None:
    bench.update(photo_folder)
    counts = bench.view.counts()
    assert counts.photos == counts.indexed == counts.vectors == 16
    for row in bench.view.table().hashes:
        name = row.tobytes().hex()
        assert (bench.library.thumbnails / name[:2] / f"{name}-256.jpg").stat().st_size > 500


def test_the_newest_photos_are_read_first(bench: Bench, photo_folder: Path) -> None:
    photos = sorted(path for path in photo_folder.rglob("*") if path.is_file())
    for age, path in enumerate(photos):
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    bench.scan(photo_folder)
    assert [path for _, path in Waiting(bench.store, [photo_folder])] == [str(p) for p in photos]


def test_a_second_run_reads_nothing(bench: Bench, photo_folder: Path) -> None:
    bench.update(photo_folder)
    changes, batches = bench.update(photo_folder)
    assert (changes.found, changes.unchanged, batches) == (16, 16, [])


def test_copies_share_one_vector_and_are_encoded_once(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "twins"
    folder.mkdir()
    Image.new("RGB", (64, 64), "red").save(folder / "a.png")
    (folder / "b.png").write_bytes((folder / "a.png").read_bytes())
    bench.update(folder)
    assert (bench.view.counts().indexed, bench.view.counts().vectors) == (2, 1)
    assert bench.encoder.seen == 1


def test_an_edited_photo_gets_a_new_vector(bench: Bench, tmp_path: Path) -> None:
    folder = tmp_path / "edited"
    folder.mkdir()
    Image.new("RGB", (64, 64), "red").save(folder / "a.png")
    bench.update(folder)
    Image.new("RGB", (65, 64), "blue").save(folder / "a.png")
    bench.update(folder)
    found = VectorIndex(bench.view, SPEC.digest, SPEC.dimension)
    found.refresh(bench.view)
    nearest = found.nearest(bench.encoder.texts(["blue"])[0], 1)
    photos = bench.view.photos_of([int(nearest.contents[0])])
    assert [photo.path for copies in photos.values() for photo in copies] == [folder / "a.png"]


def test_a_photo_that_is_gone_and_returns_keeps_its_vector(
    bench: Bench, photo_folder: Path, tmp_path: Path
) -> None:
    bench.update(photo_folder)
    seen = bench.encoder.seen
    photo = next(path for path in photo_folder.rglob("*") if path.is_file())
    photo.rename(tmp_path / "aside")
    assert len(bench.update(photo_folder)[0].missing) == 1
    assert bench.view.counts().missing == 1
    (tmp_path / "aside").rename(photo)
    assert len(bench.update(photo_folder)[0].returned) == 1
    assert bench.view.counts().indexed == 16
    assert bench.encoder.seen == seen


def test_a_broken_photo_gets_a_reason_and_stops_nobody(bench: Bench, photo_folder: Path) -> None:
    whole = next(photo_folder.rglob("*.jpg")).read_bytes()
    (photo_folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (photo_folder / "empty.png").write_bytes(b"")
    (photo_folder / "words.jpg").write_text("I am no photo")
    bench.update(photo_folder)
    reasons = {problem.path.name: problem.reason for problem in bench.view.problems()}
    assert reasons == {
        "cut.jpg": "The file ends too early.",
        "empty.png": "The file is empty.",
        "words.jpg": "We can't read this kind of file yet.",
    }
    assert bench.view.counts().indexed == 16
    assert bench.update(photo_folder)[0].failed == 3


def test_a_file_name_that_is_no_unicode_is_indexed_and_read_back(
    bench: Bench, tmp_path: Path
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    odd = os.fsdecode(os.fsencode(folder) + b"/caf\xe9 \xf0\x9f\x8e\x82 'quoted'.png")
    try:
        Image.new("RGB", (40, 40), "green").save(odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    bench.update(folder)
    photo = bench.view.photo(int(bench.view.table().ids[0]))
    assert photo is not None
    assert photo.path.exists()


def test_another_encoder_embeds_anew_and_keeps_the_old_vectors(
    bench: Bench, photo_folder: Path
) -> None:
    bench.update(photo_folder)
    other = bench.store.encoders.add(replace(SPEC, digest="another-digest"), Path("nowhere"))
    bench.store.encoders.want(other)
    assert bench.scan(photo_folder).unchanged == 16
    (folder_id,) = (number for number, _, _ in bench.store.folders())
    walk = unseen(bench.store, other.id, [folder_id])
    assert sum(one.embedded for one in bench.read_walk(walk, other.id)) == 16
    assert bench.view.counts("another-digest").vectors == 16
    assert bench.view.counts(SPEC.digest).vectors == 16
    assert list(walk) == []


def test_a_folder_inside_another_joins_it_and_a_parent_takes_its_children_over(
    bench: Bench, photo_folder: Path
) -> None:
    inner = photo_folder / "inner"
    inner.mkdir()
    next(photo_folder.glob("*.jpg")).rename(inner / "one.jpg")
    bench.update(inner)
    bench.update(photo_folder)
    folders = bench.view.folders()
    assert [(folder.path, folder.photos) for folder in folders] == [(photo_folder, 16)]
    assert not bench.store.join(inner)


def test_leaving_takes_photos_and_vectors_out_but_not_those_of_copies_elsewhere(
    bench: Bench, photo_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    photo = next(photo_folder.rglob("*.jpg"))
    (other / "copy.jpg").write_bytes(photo.read_bytes())
    bench.update(photo_folder)
    bench.update(other)
    bench.store.leave(photo_folder)
    bench.store.collect()
    counts = bench.view.counts()
    assert (counts.photos, counts.indexed, counts.vectors) == (1, 1, 1)


def test_the_snapshot_and_the_changes_behind_it_say_what_sqlite_says(
    bench: Bench, photo_folder: Path, tmp_path: Path
) -> None:
    bench.update(photo_folder)
    write_snapshot(bench.view, SPEC.digest, SPEC.dimension)
    later = tmp_path / "later"
    later.mkdir()
    Image.new("RGB", (64, 64), "red").save(later / "red.png")
    bench.update(later)
    found = VectorIndex(bench.view, SPEC.digest, SPEC.dimension)
    assert len(found) == 16
    found.refresh(bench.view)
    rows = bench.view.vectors_since(0, SPEC.digest)
    assert len(found) == len(rows) == 17
    query = bench.encoder.texts(["red"])[0]
    matrix = np.frombuffer(b"".join(row[2] for row in rows), np.float16).reshape(17, -1)
    want = np.sort(matrix.astype(np.float32) @ query)[::-1]
    np.testing.assert_allclose(found.nearest(query, 17).scores, want, atol=1e-3)
    assert found.nearest(query, 1).contents[0] == rows[-1][1]


def test_a_damaged_snapshot_is_passed_over(bench: Bench, photo_folder: Path) -> None:
    bench.update(photo_folder)
    write_snapshot(bench.view, SPEC.digest, SPEC.dimension)
    (snapshot,) = bench.library.vectors.glob("*.faiss")
    snapshot.write_bytes(snapshot.read_bytes()[:50])
    found = VectorIndex(bench.view, SPEC.digest, SPEC.dimension)
    found.refresh(bench.view)
    assert len(found) == 16


def test_a_search_among_some_contents_finds_exactly_the_best_of_those(
    bench: Bench, photo_folder: Path
) -> None:
    bench.update(photo_folder)
    found = VectorIndex(bench.view, SPEC.digest, SPEC.dimension)
    found.refresh(bench.view)
    query = bench.encoder.texts(["blue"])[0]
    every = found.nearest(query, 16)
    some = np.sort(every.contents[::3])
    assert list(found.nearest(query, 16, some).contents) == list(every.contents[::3])


def test_a_snapshot_of_a_database_that_is_no_more_is_never_searched(
    bench: Bench, photo_folder: Path
) -> None:
    bench.update(photo_folder)
    write_snapshot(bench.view, SPEC.digest, SPEC.dimension)
    bench.store.close()
    bench.view.close()
    for file in bench.library.root.glob("library.sqlite3*"):
        file.unlink()
    bench.open_store()
    assert len(VectorIndex(bench.view, SPEC.digest, SPEC.dimension)) == 0
    sweep(bench.view)
    assert list(bench.library.vectors.iterdir()) == []


def test_a_snapshot_that_knows_a_change_otherwise_is_passed_over(
    bench: Bench, photo_folder: Path
) -> None:
    bench.update(photo_folder)
    write_snapshot(bench.view, SPEC.digest, SPEC.dimension)
    bench.store.connection.execute("DELETE FROM embedding WHERE change = 16")  # as a backup would
    found = VectorIndex(bench.view, SPEC.digest, SPEC.dimension)
    assert len(found) == 0
    found.refresh(bench.view)
    assert len(found) == 15


@pytest.mark.parametrize("year_s", [-10_000_000_000, 5_700_000_000, 10_400_000_000])
def test_a_file_from_another_century_is_indexed_like_any_other(
    bench: Bench, tmp_path: Path, year_s: int
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    Image.new("RGB", (40, 40), "green").save(folder / "old.png")
    try:
        os.utime(folder / "old.png", (year_s, year_s))
    except OSError:
        pytest.skip("this file system keeps no such time")
    bench.update(folder)
    assert bench.view.counts().indexed == 1
    assert len(bench.view.table()) == 1
    assert bench.update(folder)[0].unchanged == 1


def test_a_photo_that_is_edited_while_it_is_read_is_read_again(
    bench: Bench, tmp_path: Path
) -> None:
    folder = tmp_path / "edited"
    folder.mkdir()
    Image.new("RGB", (64, 64), "red").save(folder / "a.png")
    bench.scan(folder)
    waiting = Waiting(bench.store, [folder])
    batch = list(bench.pool.index(waiting, SPEC.image, None))
    Image.new("RGB", (65, 64), "blue").save(folder / "a.png")
    os.utime(folder / "a.png", (1_800_000_000, 1_800_000_000))
    bench.scan(folder)
    bench.write(batch)
    assert bench.view.counts().pending == 1
    assert sum(one.indexed for one in bench.read(folder)) == 1


def test_states_change_only_as_the_table_of_transitions_allows(
    bench: Bench, photo_folder: Path, tmp_path: Path
) -> None:
    bench.store.connection.execute("CREATE TEMP TABLE seen (old TEXT, new TEXT)")
    bench.store.connection.execute(
        "CREATE TEMP TRIGGER watch AFTER UPDATE OF state ON photo WHEN old.state != new.state"
        " BEGIN INSERT INTO seen VALUES (old.state, new.state); END"
    )
    good, bad = sorted(photo_folder.glob("*.jpg"))[:2]
    whole = good.read_bytes()
    bad.write_text("no photo")
    bench.update(photo_folder)
    bad.write_bytes(whole + b"x")  # mended: failed, pending, indexed
    good.write_text("broken now")  # indexed, pending, failed
    bench.update(photo_folder)
    for photo in (good, bad):
        photo.rename(tmp_path / photo.name)
    bench.update(photo_folder)  # both missing
    for photo in (good, bad):
        (tmp_path / photo.name).rename(photo)
    bench.update(photo_folder)  # back
    seen = set(bench.store.connection.execute("SELECT old, new FROM seen"))
    assert len(seen) >= 7
    for old, new in seen:
        assert PhotoState(old).can_become(PhotoState(new)), (old, new)


@pytest.mark.parametrize("readable", [True, False])
def test_a_photo_that_goes_while_it_is_read_stays_missing(
    bench: Bench, tmp_path: Path, readable: bool
) -> None:
    folder = tmp_path / "going"
    folder.mkdir()
    Image.new("RGB", (64, 64), "red").save(folder / "a.png")
    if not readable:
        (folder / "a.png").write_text("no photo")
    bench.scan(folder)
    batch = list(bench.pool.index(Waiting(bench.store, [folder]), SPEC.image, None))
    (folder / "a.png").unlink()
    bench.scan(folder)
    bench.write(batch)
    counts = bench.view.counts()
    assert (counts.missing, counts.indexed, counts.failed) == (1, 0, 0)


def seen_photos(bench: Bench, folder: Path, count: int) -> list[Read]:
    """Photos of a library that were read and are different, without a file that could be read."""
    folder.mkdir()
    bench.store.join(folder)
    paths = [str(folder / f"{number}.jpg") for number in range(count)]
    bench.store.add([Found(path, 1, number) for number, path in enumerate(paths)])
    square = np.zeros((3, 32, 32), np.uint8)
    return [
        (todo, Decoded(square, Content(todo.id.to_bytes(16), 40, 30, 0)))
        for todo, _ in Waiting(bench.store, [folder])
    ]


class Stepwise(ColourEncoder):
    """Encodes one part for each time that it is allowed to."""

    def __init__(self) -> None:
        super().__init__()
        self.allowed, self.done = threading.Semaphore(1), threading.Semaphore(0)

    def images(self, batch: Images) -> Vectors:
        assert self.allowed.acquire(timeout=20)
        rows = super().images(batch)
        self.done.release()
        return rows


def test_photos_are_encoded_while_others_are_committed(bench: Bench, tmp_path: Path) -> None:
    encoder, read = Stepwise(), seen_photos(bench, tmp_path / "many", 4 * BATCH)
    bench.encode_with(encoder, threads=1)
    commit = bench.store.commit

    def commit_when_the_next_are_encoded(*arguments: Any) -> int:
        if encoder.done.acquire(timeout=20) and encoder.seen < len(read):
            encoder.allowed.release()
            assert encoder.done.acquire(timeout=20)
            encoder.done.release()
        return commit(*arguments)

    bench.store.commit = commit_when_the_next_are_encoded  # type: ignore[method-assign,assignment] # a spy
    assert sum(batch.embedded for batch in bench.write(read)) == len(read)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_no_more_than_a_batch_is_encoded_and_not_committed(
    bench: Bench, tmp_path: Path, threads: int
) -> None:
    read = seen_photos(bench, tmp_path / "many", 5 * BATCH)
    bench.encode_with(bench.encoder, threads)
    committed = 0
    for batch in index(bench.store, bench.known.id, bench.batches, Done(read), ()):
        assert bench.encoder.seen - committed <= BATCH
        committed += batch.indexed
    assert committed == bench.encoder.seen == len(read)


def test_no_more_photos_are_asked_for_than_fit_into_the_memory(
    bench: Bench, drawn_photos: list[DrawnPhoto]
) -> None:
    most = bench.pool.count * IN_FLIGHT + PART + BATCH
    asked = committed = 0

    def walk() -> Walk:
        nonlocal asked
        for number in range(3 * most):
            asked += 1
            assert asked - committed <= most
            path = str(drawn_photos[0].path)
            yield ToDo(number, path, 0, PhotoState.PENDING, (0, number)), path

    for batch in index(bench.store, bench.known.id, bench.batches, bench.pool, walk()):
        committed += len(batch.photos)
    assert committed == asked == 3 * most


def test_copies_that_come_while_the_first_is_encoded_wait_for_its_vector(
    bench: Bench, tmp_path: Path
) -> None:
    read = seen_photos(bench, tmp_path / "copies", BATCH)
    (_, first) = read[0]
    batches = bench.write([(todo, first) for todo, _ in read])
    assert (bench.view.counts().indexed, bench.view.counts().vectors) == (BATCH, 1)
    assert sum(batch.embedded for batch in batches) == bench.encoder.seen == 1


def test_what_is_encoded_is_committed_though_the_next_photo_takes_long(
    bench: Bench, tmp_path: Path
) -> None:
    read = seen_photos(bench, tmp_path / "few", 3)

    def slowly() -> Iterator[Read | None]:
        yield from read[:2]
        began_s = time.monotonic()
        while bench.view.counts().indexed < 2:
            assert time.monotonic() - began_s < 20
            yield None
        yield read[2]

    assert [batch.indexed for batch in bench.write(slowly())] == [2, 1]


def test_an_encoder_that_fails_ends_the_run_and_what_was_committed_stays(
    bench: Bench, tmp_path: Path
) -> None:
    class Failing(ColourEncoder):
        def images(self, batch: Images) -> Vectors:
            if self.seen >= 2 * BATCH:
                raise BadEncoder("It fails now.")
            return super().images(batch)

    read = seen_photos(bench, tmp_path / "many", 4 * BATCH)
    bench.encode_with(Failing(), threads=1)
    with pytest.raises(BadEncoder):
        bench.write(read)
    assert BATCH < bench.view.counts().indexed <= 2 * BATCH
    assert bench.view.counts().indexed == bench.view.counts().vectors


def test_a_slow_encoder_is_given_fewer_photos_at_once(bench: Bench) -> None:
    now_s = 0.0

    class Slow(ColourEncoder):
        def images(self, batch: Images) -> Vectors:
            nonlocal now_s
            now_s += PART_S / 3 * len(batch)
            return super().images(batch)

    batches = BatchEncoder(Slow(), threads=2, clock=lambda: now_s)
    assert batches.part == PART
    batches.begin(np.zeros((PART, 3, 32, 32), np.uint8)).result()
    assert batches.part == 3
    batches.close()
