"""From files to rows and vectors, in process, with real decoders and a fake encoder."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.photo import PhotoState
from indexer.pipeline import Waiting, unseen
from indexer.snapshot_files import sweep, write_snapshot
from indexer.vectors import VectorIndex
from tests.fakes import SPEC
from tests.indexing import Bench


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
