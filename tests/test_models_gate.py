"""The gate: what passes as the same encoder, what does not, and what is not even judged."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from models.encoder import Images, Vectors
from models.errors import KnownError, ParityError
from models.gate import (
    FULL,
    HALF,
    TRAINED,
    WOKEN,
    Answers,
    DegenerateEncoder,
    compare,
    judge,
    refuse_degenerate,
    samples,
    spread_of,
)
from tests.fakes import SPEC

N, D = 60, 32
PHOTOS = np.zeros((N, 3, 4, 4), np.uint8)
SENTENCES = [str(n) for n in range(N)]


def unit(rows: np.ndarray) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def rows_with(common: float, seed: int = 0, directions: int = D) -> Vectors:
    """Rows that differ along some axes, and share a part of length `common` times the rest."""
    rng = np.random.default_rng(seed)
    own = np.zeros((N, D))
    own[:, :directions] = rng.normal(size=(N, directions))
    shared = rng.normal(size=D)
    shared *= common * np.sqrt(directions) / np.linalg.norm(shared)
    return unit(own + shared)


class Said:
    """An encoder that gives rows made beforehand."""

    def __init__(self, photos: Vectors, sentences: Vectors) -> None:
        self.spec = SPEC
        self.answers = Answers(photos, sentences)

    def images(self, batch: Images) -> Vectors:
        return self.answers.photos[: len(batch)]

    def texts(self, sentences: Sequence[str]) -> Vectors:
        return self.answers.sentences[: len(sentences)]

    def close(self) -> None:
        pass


class Unasked(Said):
    """An encoder that must not be run."""

    def images(self, batch: Images) -> Vectors:
        raise AssertionError(f"it was asked for {len(batch)} pictures")


REFERENCE = Said(rows_with(0.7, 1), rows_with(0.7, 2))


def noisy(rows: Vectors, share: float) -> Vectors:
    noise = unit(np.random.default_rng(9).normal(size=rows.shape))
    return unit(rows + share * noise)


def test_rounding_passes_and_is_measured() -> None:
    exported = Said(noisy(rows_with(0.7, 1), 3e-4), noisy(rows_with(0.7, 2), 3e-4))
    verdict = judge(REFERENCE, exported, PHOTOS, SENTENCES, HALF)
    assert 0.99999 < verdict.photos.worst < 1
    assert verdict.top_10 > 0.99
    assert 0.2 < verdict.photos.spread.cosine < 0.5


def test_the_same_rounding_is_too_much_for_an_export_in_float32() -> None:
    exported = Said(noisy(rows_with(0.7, 1), 6e-3), rows_with(0.7, 2))
    with pytest.raises(ParityError, match=r"photos: the worst cosine is 0\.9999"):
        judge(REFERENCE, exported, PHOTOS, SENTENCES, FULL)


def broken_row(rows: Vectors) -> Vectors:
    broken = rows.copy()
    broken[17] = rows[18]
    return broken


def not_a_number(rows: Vectors) -> Vectors:
    broken = rows.copy()
    broken[3, 5] = np.nan
    return broken


def infinite(rows: Vectors) -> Vectors:
    broken = rows.copy()
    broken[3, 5] = np.inf
    return broken


def too_long(rows: Vectors) -> Vectors:
    return rows * np.float32(1.01)


def turned(rows: Vectors) -> Vectors:
    return rows[:, ::-1]


def silent(rows: Vectors) -> Vectors:
    return np.zeros_like(rows)


@pytest.mark.parametrize("fault", [broken_row, not_a_number, infinite, too_long, turned, silent])
@pytest.mark.parametrize("tower", ["photos", "sentences"])
def test_a_fault_in_one_tower_is_seen(fault: Callable[[Vectors], Vectors], tower: str) -> None:
    answers = REFERENCE.answers
    rows = {"photos": answers.photos, "sentences": answers.sentences}
    rows[tower] = fault(rows[tower])
    with pytest.raises(ParityError, match=tower):
        judge(REFERENCE, Said(**rows), PHOTOS, SENTENCES, HALF)


def test_rows_of_another_number_or_dimension_are_no_parity() -> None:
    answers = REFERENCE.answers
    for rows in (answers.photos[1:], answers.photos[:, 1:]):
        with pytest.raises(ParityError, match="were expected"):
            judge(REFERENCE, Said(rows, answers.sentences), PHOTOS, SENTENCES, HALF)


def test_what_a_plain_cosine_passes_is_seen_when_the_mean_is_gone() -> None:
    # Much in common, as in a real CLIP: other photos' rows have a cosine of 0.85.
    want = rows_with(2.4)
    assert spread_of(want).cosine < TRAINED
    got = noisy(want, 0.03)
    assert (want * got).sum(axis=1).min() > 0.999
    assert compare(Answers(want, want), Answers(got, want)).photos.worst < HALF


def test_lists_that_differ_fail_though_every_row_is_near() -> None:
    exported = Said(noisy(rows_with(0.7, 1), 0.03), noisy(rows_with(0.7, 2), 0.03))
    with pytest.raises(ParityError, match="top 10 overlap"):
        judge(REFERENCE, exported, PHOTOS, SENTENCES, HALF)


@pytest.mark.parametrize(
    ("rows", "limit", "words"),
    [
        (rows_with(70.0), TRAINED, "hardly tells photos apart"),  # as random weights
        (rows_with(1.5), WOKEN, "hardly tells photos apart"),  # good enough only for trained ones
        (rows_with(0.7, directions=1), TRAINED, r"differ along 1\.\d axes"),
        (np.tile(unit(np.ones((1, D))), (N, 1)), TRAINED, "hardly tells photos apart"),
        (not_a_number(rows_with(0.7)), TRAINED, "finite"),
        (rows_with(0.7)[:1], TRAINED, "at least two"),
    ],
)
def test_a_degenerate_reference_is_not_judged(rows: Vectors, limit: float, words: str) -> None:
    reference, exported = Said(rows, rows_with(0.7)), Unasked(rows, rows)
    with pytest.raises(DegenerateEncoder, match=words) as raised:
        judge(reference, exported, PHOTOS, SENTENCES, HALF, limit)
    assert isinstance(raised.value, KnownError)


def test_sentences_that_are_all_alike_prove_nothing_either() -> None:
    with pytest.raises(DegenerateEncoder, match="hardly tells sentences apart"):
        refuse_degenerate(Answers(rows_with(0.7), rows_with(70.0)))


def test_samples_are_two_hundred_and_fit_the_recipe() -> None:
    squash = replace(SPEC, image=replace(SPEC.image, side=40, resize="squash"))
    pictures, sentences = samples(squash)
    assert pictures.shape == (200, 3, 40, 40)
    assert pictures.dtype == np.uint8
    assert len(set(sentences)) == 200
    again, _ = samples(squash, count=5)
    np.testing.assert_array_equal(again, pictures[:5])
