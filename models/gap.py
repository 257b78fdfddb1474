"""Measure how photos and sentences lie in their one space: the gap between them, and the spread.

Photos fill one narrow cone of the sphere and sentences another (Liang et al. 2022, "Mind the
Gap", https://arxiv.org/abs/2203.02053). The gap is the distance between the middles of the two.
"""

import numpy as np
from numpy.typing import NDArray

from models.encoder import Vectors
from models.findings import Figures, softmax

BINS = 40  # of the histogram of cosines
QUERIES = 1000  # for the temperature; more change its third digit
WARMEST, COLDEST = 1.0, 0.001  # temperatures; CLIP ends at 0.01


def space(photos: Vectors, texts: Vectors, owner: NDArray[np.int64]) -> Figures:
    """Figures of (n, d) photos and (m, d) texts, where text j describes photo `owner[j]`."""
    scores = texts @ photos.T  # (m, n)
    is_match = np.zeros(scores.shape, bool)
    is_match[np.arange(len(texts)), owner] = True
    matched, unmatched = scores[is_match], scores[~is_match]
    return {
        "gap": float(np.linalg.norm(photos.mean(axis=0) - texts.mean(axis=0))),
        "temperature": fitted_temperature(scores, matched),
        "mean_cosine_of_photos": mean_cosine(photos),
        "mean_cosine_of_texts": mean_cosine(texts),
        "cosine": {"matched": distribution(matched), "unmatched": distribution(unmatched)},
        "histogram": histogram(matched, unmatched),
    }


def mean_cosine(rows: Vectors) -> float:
    """The mean cosine of two different ones of (n, d) unit rows: 1 if all are alike, 0 if spread.

    From the length of the sum, since the square of the sum holds every pair twice.
    """
    n = len(rows)
    if n < 2:
        return 1.0
    total = rows.sum(axis=0, dtype=np.float64)
    return float((total @ total - n) / (n * (n - 1)))


def distribution(cosines: NDArray[np.float32]) -> dict[str, float]:
    """Mean, standard deviation, and the 5th, 50th and 95th percentile; nothing of nothing."""
    if cosines.size == 0:
        return {}
    low, middle, high = np.quantile(cosines, (0.05, 0.5, 0.95))
    return {
        "mean": float(cosines.mean(dtype=np.float64)),
        "std": float(cosines.std(dtype=np.float64)),
        "p5": float(low),
        "p50": float(middle),
        "p95": float(high),
    }


def histogram(matched: NDArray[np.float32], unmatched: NDArray[np.float32]) -> Figures:
    """The shares of both kinds in BINS equal steps from the lowest cosine to the highest."""
    every = np.concatenate([matched, unmatched])
    ends = (float(every.min()), float(every.max()))
    counts = [np.histogram(part, BINS, ends)[0] for part in (matched, unmatched)]
    shares = [(count / max(1, count.sum())).tolist() for count in counts]
    return {"from": ends[0], "to": ends[1], "matched": shares[0], "unmatched": shares[1]}


def fitted_temperature(scores: NDArray[np.float32], right: NDArray[np.float32]) -> float:
    """The temperature at which (q, n) scores, through softmax, surprise least about `right` (q,).

    Cross entropy is convex in 1 / temperature, and its slope is the score that the softmax
    expects less the score of the right answer. So we halve until the two are equal. A trained
    tower's own temperature is not in its manifest; this is what the scores themselves ask for.
    """
    some = slice(None, None, max(1, len(right) // QUERIES))
    scores, wanted = scores[some], right[some].mean(dtype=np.float64)
    low, high = np.log(COLDEST), np.log(WARMEST)
    for _ in range(16):
        middle = (low + high) / 2
        expected = (softmax(scores, float(np.exp(middle))) * scores).sum(axis=1)
        if expected.mean(dtype=np.float64) < wanted:
            high = middle  # not sure enough: colder
        else:
            low = middle
    return float(np.exp((low + high) / 2))
