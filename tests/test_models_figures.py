"""Every figure of the report against brute force or a formula of its own, on tiny arrays."""

import itertools
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pytest

from models.encoder import Vectors
from models.findings import telling
from models.gap import fitted_temperature, mean_cosine, space
from models.interval import wilson
from models.pair_accuracy import pair_figures, statement_figures
from models.prompts import PromptSet, class_vectors, prompt_sets
from models.word_search import precision
from models.zero_shot import classified
from tests.fakes import ColourEncoder


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def units(seed: int, *shape: int) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))


def test_the_gap_and_the_spread_are_those_of_all_pairs_counted_one_by_one() -> None:
    photos, texts = units(0, 5, 4), units(1, 7, 4)
    owner = np.array([0, 1, 2, 3, 4, 0, 1])
    figures = space(photos, texts, owner)
    middle = np.mean(photos, axis=0) - np.mean(texts, axis=0)
    assert figures["gap"] == pytest.approx(math.sqrt(sum(float(part) ** 2 for part in middle)))
    each = [float(a @ b) for a, b in itertools.combinations(photos, 2)]
    assert mean_cosine(photos) == pytest.approx(sum(each) / len(each), abs=1e-6)
    matched = [float(texts[j] @ photos[i]) for j, i in enumerate(owner)]
    others = [float(texts[j] @ photos[i]) for j in range(7) for i in range(5) if i != owner[j]]
    cosine = figures["cosine"]
    assert isinstance(cosine, dict)
    assert cosine["matched"]["mean"] == pytest.approx(np.mean(matched), abs=1e-6)
    assert cosine["unmatched"]["std"] == pytest.approx(np.std(others), abs=1e-6)


def test_the_fitted_temperature_surprises_less_than_its_neighbours() -> None:
    scores = units(2, 40, 12) * np.float32(0.5)
    right = scores.max(axis=1) - np.float32(0.02)

    def surprise(temperature: float) -> float:
        exponent = scores.astype(np.float64) / temperature
        return float((np.log(np.exp(exponent).sum(axis=1)) - right / temperature).mean())

    best = fitted_temperature(scores, right)
    assert surprise(best) <= min(surprise(best * 1.05), surprise(best / 1.05))


def test_wilson_s_interval_solves_its_own_equation_and_stays_within_bounds() -> None:
    # Its ends are the shares p whose own test would just accept what was seen.
    for share, n in ((0.5, 40), (0.9, 10), (0.0, 5), (1.0, 5)):
        low, high = wilson(share, n)
        assert 0 <= low <= share + 1e-12 <= high + 2e-12 <= 1 + 2e-12
        for end in (low, high):
            if 1e-9 < end < 1 - 1e-9:
                assert abs(share - end) == pytest.approx(
                    1.959964 * math.sqrt(end * (1 - end) / n), rel=1e-6
                )
    assert wilson(0.0, 0) == [0.0, 1.0]


def test_top_1_and_top_5_count_ties_as_misses() -> None:
    scores = np.array([[0.9, 0.1, 0, 0, 0, 0], [0.5, 0.5, 0, 0, 0, 0]], np.float32)
    right = np.array([0, 1])
    figures = classified(scores, right)
    assert (figures["top1"], figures["top5"], figures["median_rank"]) == (0.5, 1.0, 1.5)


def test_an_ensemble_is_the_mean_direction_of_its_sentences(pool: Executor) -> None:
    class Spelling(ColourEncoder):
        def texts(self, sentences: Sequence[str]) -> Vectors:
            rows = np.array([[len(s), s.count("a"), 1, 0, 0, 0, 0, 0] for s in sentences], "f4")
            return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    encoder = Spelling()
    prompts = PromptSet("two", "ours", ("{}", "a big {}"))
    got = class_vectors(encoder, ["cat", "panda"], prompts, pool)
    for row, word in zip(got, ("cat", "panda"), strict=True):
        mean = encoder.texts([word, f"a big {word}"]).mean(axis=0)
        assert row == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6)


def test_every_set_of_prompts_says_where_it_comes_from_and_leaves_a_gap() -> None:
    sets = prompt_sets()
    assert sets[0].templates == ("{}",), "the plain name comes first: gains are against it"
    assert all(one.source and all("{}" in text for text in one.templates) for one in sets)


def test_precision_counts_the_first_and_puts_the_wrong_first_among_equals() -> None:
    scores = np.array([0.5, 0.5, 0.9, 0.1], np.float32)
    is_right = np.array([True, False, True, True])
    assert precision(scores, is_right, 2) == 0.5
    assert precision(scores, is_right, 3) == pytest.approx(2 / 3)
    assert precision(scores, is_right, 20) == 0.75


def test_pairs_that_share_a_row_widen_the_interval() -> None:
    margins = np.array([0.1, 0.2, -0.1, 0.0], np.float32)
    blind = np.array([0.1, -0.1, -0.1, 0.1], np.float32)
    figures = pair_figures(margins, blind, np.array([0, 0, 1, 2]))
    assert (figures["accuracy"], figures["blind"]) == (0.5, 0.5)
    assert (figures["pairs"], figures["rows"]) == (4, 3)
    assert figures["interval"] == wilson(0.5, 3)


def test_statements_are_compared_within_their_relation_alone() -> None:
    chance = np.random.default_rng(3)
    scores = chance.random(60).astype(np.float32)
    is_true = chance.random(60) < 0.5
    relation = [("vsr", "on" if one else "in") for one in chance.random(60) < 0.5]
    wins = [
        scores[a] > scores[b]
        for a in range(60)
        for b in range(60)
        if is_true[a] and not is_true[b] and relation[a] == relation[b]
    ]
    figures = statement_figures(scores, is_true, relation)
    assert figures["accuracy"] == pytest.approx(sum(wins) / len(wins))
    assert figures["comparisons"] == len(wins)
    assert statement_figures(scores, np.ones(60, bool), relation)["comparisons"] == 0


def test_the_interval_of_statements_is_about_that_of_hanley_and_mcneil() -> None:
    chance = np.random.default_rng(4)
    is_true = np.arange(300) < 120
    scores = (chance.normal(size=300) + 0.5 * is_true).astype(np.float32)
    figures = statement_figures(scores, is_true, ["one"] * 300)
    area, interval = figures["accuracy"], figures["interval"]
    assert isinstance(area, float)
    assert isinstance(interval, list)
    # Hanley & McNeil 1982, "The meaning and use of the area under a ROC curve".
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + 119 * (q1 - area**2) + 179 * (q2 - area**2)
    assert interval[1] - interval[0] == pytest.approx(
        2 * 1.96 * math.sqrt(spread / (120 * 180)), rel=0.15
    )


def test_best_worst_and_confidently_wrong_are_of_different_subjects() -> None:
    rank = np.array([1, 1, 5, 9, 2])
    confidence = np.array([0.5, 0.9, 0.8, 0.2, 0.3], np.float32)
    assert telling(rank, confidence, np.array([0, 0, 1, 2, 1]), 2) == {
        "Best": [1],
        "Worst": [3, 2],
        "Confidently wrong": [2, 3],
    }
