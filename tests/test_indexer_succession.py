"""Searches in a library whose encoder changes: always one space, never a wait, never a failure."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from indexer.decoder_pool import DecoderPool
from indexer.library import Library
from indexer.pipeline import BatchEncoder, Waiting, index, unseen
from indexer.query import Query
from indexer.scan import Scan
from indexer.search import Searcher
from indexer.store import Store
from indexer.succession import Succession
from indexer.view import View
from models.encoder import Encoder, Vectors
from models.errors import BadEncoder
from tests.fakes import ColourEncoder, load_fake, write_encoder

RED = Query("red", everything=True)


class Turned(ColourEncoder):
    """Sees colours in another order of the axes: another space of the same dimension."""

    def _rows(self, colours: np.ndarray) -> Vectors:
        return np.roll(super()._rows(colours), 4, axis=1)


class Later(Executor):
    """Runs what was submitted when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def do() -> None:
            try:
                future.set_result(work(*given, **named))
            except BadEncoder as error:
                future.set_exception(error)

        self.waiting.append(do)
        return future

    def run(self) -> None:
        for work in self.waiting:
            work()
        self.waiting.clear()


def load(folder: Path) -> Encoder:
    fake = load_fake(folder)
    return Turned(fake.spec) if fake.spec.name == "two" else fake


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Six reds and three blues that `one` and `two` have seen; `one` serves."""
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(6):
        Image.new("RGB", (40, 40), (250 - number, 5, 5)).save(photos / f"red{number}.png")
    for number in range(3):
        Image.new("RGB", (40, 40), (5, 5, 250 - number)).save(photos / f"blue{number}.png")
    store, pool = Store(Library.at(tmp_path / "library")), DecoderPool(1)
    store.join(photos)
    store.add(Scan(photos))
    for name in ("one", "two"):
        known = store.encoders.add(write_encoder(tmp_path / name, named=name), tmp_path / name)
        store.encoders.want(known)
        encoder = BatchEncoder(load(tmp_path / name), 1)
        walk = unseen(store, known.id, [1]) if name == "two" else Waiting(store, [photos])
        list(index(store, known.id, encoder, pool, walk))
        encoder.close()
    pool.close()
    yield store
    store.close()


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def searcher(store: Store, later: Later) -> Iterator[Searcher]:
    searcher = Searcher(store.library, load=load, aside=later)
    yield searcher
    searcher.close()


def digest(folder: Path) -> str:
    return load_fake(folder).spec.digest


def are_red(searcher: Searcher) -> bool:
    """Whether the six reds come first, with the scores that one space gives."""
    hits = searcher.search(RED).hits
    scores = [hit.score for hit in hits]
    return (
        len(hits) == 9
        and all(hit.path.name.startswith("red") for hit in hits[:6])
        and min(scores[:6]) > 0.9
        and max(scores[6:]) < 0.5
    )


def test_a_search_goes_on_in_the_old_space_until_the_new_one_is_ready(
    store: Store, searcher: Searcher, later: Later, tmp_path: Path
) -> None:
    assert searcher.search(RED).digest == digest(tmp_path / "one")
    store.encoders.swap()
    for _ in range(3):
        assert searcher.search(RED).digest == digest(tmp_path / "one")
        assert are_red(searcher)
    assert len(later.waiting) == 1  # it is loaded once
    later.run()
    assert searcher.search(RED).digest == digest(tmp_path / "two")
    assert are_red(searcher)


def test_vectors_that_are_forgotten_on_the_way_are_not_missed(
    store: Store, searcher: Searcher, later: Later
) -> None:
    assert are_red(searcher)
    one = store.encoders.serving
    assert one is not None
    store.encoders.swap()
    store.encoders.forget(one, lambda: False)
    assert are_red(searcher)
    later.run()
    assert are_red(searcher)


def test_an_encoder_that_can_not_be_loaded_leaves_the_old_one_answering(
    store: Store, searcher: Searcher, later: Later, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert are_red(searcher)
    (tmp_path / "two" / "image.onnx").unlink()
    store.encoders.swap()
    searcher.search(RED)
    later.run()
    assert are_red(searcher)
    assert "no longer on this machine" in caplog.text
    assert searcher.search(RED).digest == digest(tmp_path / "one")
    assert later.waiting == []


def test_an_encoder_that_could_not_be_loaded_is_tried_again_after_a_while(
    store: Store, later: Later, tmp_path: Path
) -> None:
    now_s = [100.0]
    succession = Succession(store.library, None, load, later, lambda: now_s[0])
    with View(store.library) as view:

        def answers() -> str:
            space = succession.space(view)
            assert space is not None
            return space.spec.name

        assert answers() == "one"
        manifest = tmp_path / "two" / "manifest.json"
        manifest.rename(tmp_path / "aside")
        store.encoders.swap()
        answers()
        later.run()
        assert (answers(), later.waiting) == ("one", [])
        (tmp_path / "aside").rename(manifest)
        now_s[0] += 29
        assert (answers(), later.waiting) == ("one", [])
        now_s[0] += 2
        answers()
        later.run()
        assert answers() == "two"
    succession.close()


def test_an_encoder_that_was_asked_for_answers_whichever_serves(
    store: Store, tmp_path: Path
) -> None:
    searcher = Searcher(store.library, tmp_path / "two", load)
    assert searcher.search(RED).digest == digest(tmp_path / "two")
    assert are_red(searcher)
    searcher.close()


def test_a_library_whose_encoder_is_gone_says_so(store: Store, tmp_path: Path) -> None:
    (tmp_path / "one" / "manifest.json").unlink()
    searcher = Searcher(store.library, load=load)
    with pytest.raises(BadEncoder, match="no longer on this machine"):
        searcher.search(RED)
    searcher.close()


def test_a_library_that_nobody_serves_yet_is_empty(tmp_path: Path) -> None:
    searcher = Searcher(Library.at(tmp_path / "none"), load=load)
    searcher.warm_up()
    assert (searcher.search(RED).searched, searcher.search(RED).digest) == (0, None)
    searcher.close()
