"""Retrieval figures and the cut, against the plainest way to count them."""

import numpy as np
import pytest

from models import calibrate
from models.encoder import Vectors
from models.evaluate import retrieval


def rows(n: int, seed: int, d: int = 8) -> Vectors:
    values: Vectors = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    return values


def test_figures_are_those_of_counting_one_by_one() -> None:
    photos, texts = rows(30, 1), rows(75, 2)
    owner = np.random.default_rng(3).integers(0, 30, 75)
    got = retrieval(photos, texts, owner)
    places = []
    for text, right in zip(texts, owner, strict=True):
        order = sorted(range(30), key=lambda photo: -float(text @ photos[photo]))
        places.append(order.index(right) + 1)
    assert got["text_to_photo"]["R@1"] == pytest.approx(np.mean([p <= 1 for p in places]))
    assert got["text_to_photo"]["R@5"] == pytest.approx(np.mean([p <= 5 for p in places]))
    assert got["text_to_photo"]["R@10"] == pytest.approx(np.mean([p <= 10 for p in places]))
    assert got["text_to_photo"]["median_rank"] == np.median(places)
    places = []
    for photo in sorted(set(owner.tolist())):
        order = sorted(range(75), key=lambda text: -float(texts[text] @ photos[photo]))
        places.append(min(order.index(text) for text in range(75) if owner[text] == photo) + 1)
    assert got["photo_to_text"]["R@5"] == pytest.approx(np.mean([p <= 5 for p in places]))
    assert got["photo_to_text"]["median_rank"] == np.median(places)
    assert (got["photos"], got["captions"]) == (30, 75)


def test_a_perfect_encoder_finds_everything_first() -> None:
    photos = np.eye(6, dtype=np.float32)
    got = retrieval(photos, photos, np.arange(6))
    assert got["text_to_photo"] == {"R@1": 1.0, "R@5": 1.0, "R@10": 1.0, "median_rank": 1.0}


def test_an_encoder_that_sees_all_photos_alike_finds_nothing() -> None:
    photos = np.full((50, 4), 0.5, np.float32)
    got = retrieval(photos, photos, np.arange(50))
    assert got["text_to_photo"]["R@10"] == 0.0


def test_no_captions_give_zeros() -> None:
    got = retrieval(rows(3, 1), np.zeros((0, 8), np.float32), np.zeros(0, np.int64))
    assert got["text_to_photo"]["R@1"] == 0.0
    assert got["photo_to_text"]["median_rank"] == 0.0


def test_standard_scores_are_those_of_the_formula() -> None:
    texts, photos, bank = rows(4, 1), rows(5, 2), rows(60, 3)
    z = calibrate.standardised(texts, photos, bank)
    for t in range(4):
        scores = [float(texts[t] @ row) for row in bank]
        middle = float(np.median(scores))
        spread = 1.4826 * float(np.median([abs(score - middle) for score in scores]))
        for p in range(5):
            assert z[t, p] == pytest.approx((float(texts[t] @ photos[p]) - middle) / spread, 1e-4)


def test_the_cut_keeps_nineteen_in_twenty_of_what_is_near_the_top() -> None:
    photos = rows(100, 1, d=16)
    texts = photos + 0.4 * rows(100, 2, d=16)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    cut = calibrate.fit(photos, texts, np.arange(100), rows(500, 3, d=16))
    assert 0.95 <= cut.kept_near_top <= 0.97
    assert cut.passing < 0.2
    assert cut.cut_z > 1
