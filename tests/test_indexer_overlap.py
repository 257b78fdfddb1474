"""What overlaps while photos are indexed: encoding, commits, and how much may be under way."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from indexer.decode import Decoded
from indexer.decoder_pool import IN_FLIGHT
from indexer.photo import PhotoState
from indexer.pipeline import BATCH, PART, PART_S, BatchEncoder, Read, Waiting, Walk, index
from indexer.scan import Found
from indexer.store import Content, ToDo
from models.drawn import DrawnPhoto
from models.encoder import Images, Vectors
from models.errors import BadEncoder
from tests.fakes import ColourEncoder
from tests.indexing import Bench, Done


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.close()


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
