"""Two encoders as one: photos of many threads in one batch, and a quick one beside a sure one."""

import logging
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from models.encoder import Encoder, Images, Vectors
from models.errors import BadEncoder
from models.gathered import Gathered
from models.quick_or_sure import QuickOrSure
from tests.fakes import SPEC

D, SIDE = 6, 4


class Right:
    """Counts its photos."""

    spec = SPEC

    def __init__(self) -> None:
        self.seen = 0
        self.closed = 0

    def images(self, batch: Images) -> Vectors:
        self.seen += len(batch)
        return np.ones((len(batch), D), np.float32)

    def texts(self, sentences: Sequence[str]) -> Vectors:
        return np.ones((len(sentences), D), np.float32)

    def close(self) -> None:
        self.closed += 1


def pictures(count: int) -> Images:
    return np.zeros((count, 3, SIDE, SIDE), np.uint8)


def test_threads_that_call_at_once_share_batches() -> None:
    entered, go_on = threading.Event(), threading.Event()
    sizes: list[int] = []

    def run(batch: Images) -> Vectors:
        sizes.append(len(batch))
        entered.set()
        assert go_on.wait(30)
        return batch[:, 0, 0, :2].astype(np.float32)

    gathered, rows = Gathered(run), dict[int, Vectors]()
    first, *others = (
        threading.Thread(target=lambda at=at: rows.update({at: gathered.run(of(at))}))
        for at in range(5)
    )
    first.start()
    assert entered.wait(30)
    for other in others:
        other.start()
    while len(gathered._waiting) < len(others):
        threading.Event().wait(0.001)
    go_on.set()
    for thread in (first, *others):
        thread.join()
    assert sizes == [2, 8]
    assert all((rows[at] == at).all() for at in range(5))


def of(value: int) -> Images:
    """Two pictures of one value."""
    return np.full((2, 3, SIDE, SIDE), value, np.uint8)


def test_what_fails_fails_for_all_that_wait() -> None:
    def run(batch: Images) -> Vectors:
        raise BadEncoder("no")

    with pytest.raises(BadEncoder, match="no"):
        Gathered(run).run(of(1))


class Recorded(Right):
    """Fails when told to."""

    fails = False

    def images(self, batch: Images) -> Vectors:
        if self.fails:
            raise BadEncoder("the package is broken")
        return super().images(batch)


def test_core_ml_takes_over_when_it_is_ready_and_worth_it() -> None:
    sure, quick, begun = Right(), Recorded(), list[Any]()
    both: Encoder = QuickOrSure(sure, lambda: quick, begun.append, worth=4)
    both.images(pictures(3))
    assert begun == []
    both.images(pictures(3))
    both.images(pictures(3))
    (get_ready,) = begun
    assert (sure.seen, quick.seen) == (9, 0)  # nobody waits meanwhile
    get_ready()
    both.images(pictures(3))
    assert (sure.seen, quick.seen) == (9, 3)
    assert both.texts(["a"]).tolist() == sure.texts(["a"]).tolist()


def test_a_broken_package_costs_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    sure, quick = Right(), Recorded()
    both = QuickOrSure(sure, lambda: quick, lambda work: work(), worth=1)
    both.images(pictures(3))
    both.images(pictures(3))
    quick.fails = True
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            both.images(pictures(3))
    assert [record.message for record in caplog.records] == [
        "photos of fake are left to ONNX Runtime: the package is broken"
    ]
    assert (sure.seen, quick.seen, quick.closed) == (12, 3, 1)


def test_a_package_that_never_runs_costs_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def prepare() -> Recorded:
        raise BadEncoder("it is no ML program")

    sure = Right()
    both = QuickOrSure(sure, prepare, lambda work: work(), worth=1)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            both.images(pictures(2))
    assert [record.message for record in caplog.records] == [
        "photos of fake are left to ONNX Runtime: it is no ML program"
    ]
    assert sure.seen == 6


def test_whoever_lets_go_of_both_ends_core_ml_too() -> None:
    sure, quick = Right(), Recorded()
    both = QuickOrSure(sure, lambda: quick, lambda work: work(), worth=1)
    both.images(pictures(3))
    both.close()
    assert (sure.closed, quick.closed) == (1, 1)


def test_core_ml_that_gets_ready_too_late_is_ended_at_once() -> None:
    sure, quick, begun = Right(), Recorded(), list[Any]()
    both = QuickOrSure(sure, lambda: quick, begun.append, worth=1)
    both.images(pictures(3))
    both.close()
    (get_ready,) = begun
    get_ready()
    assert quick.closed == 1
    both.images(pictures(3))
    assert (sure.seen, quick.seen, len(begun)) == (6, 0, 1)
