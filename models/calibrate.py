"""Fit where the tail of a search is cut, on photos whose captions are known.

For a query, the scores of a bank of unrelated photos say what "nothing to do with it" looks like:
their median and their spread. A photo is shown if it stands `cut_z` spreads above that median.
The largest `cut_z` that still keeps nineteen in twenty of the right photos near the top is chosen:
it hides as much of the tail as it can without hiding what was asked for.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.encoder import Vectors
from models.evaluate import ranks

KEEP = 0.95  # of the right photos among the ten best: a photo hidden is worse than one too many
NEAR_THE_TOP = 10
TO_SIGMA = 1.4826  # times the median absolute deviation: the sigma of a normal distribution


@dataclass(frozen=True, slots=True)
class Cut:
    """What a cut does to the queries it was fitted on."""

    cut_z: float
    kept_near_top: float  # share of right photos among the ten best that pass
    kept: float  # share of all right photos that pass
    passing: float  # photos that pass a query, the median over queries, as a share of all


def standardised(texts: Vectors, photos: Vectors, bank: Vectors) -> NDArray[np.float32]:
    """(m, n) how many spreads each photo stands above each query's background."""
    background = texts @ bank.T  # (m, b)
    middle = np.median(background, axis=1, keepdims=True)
    spread = TO_SIGMA * np.median(np.abs(background - middle), axis=1, keepdims=True)
    return np.asarray((texts @ photos.T - middle) / np.maximum(spread, 1e-6), np.float32)


def fit(photos: Vectors, texts: Vectors, owner: NDArray[np.int64], bank: Vectors) -> Cut:
    """The cut for (n, d) photos and (m, d) texts, text j of photo `owner[j]`; (b, d) the bank."""
    z = standardised(texts, photos, bank)
    right = z[np.arange(len(texts)), owner]
    near_top = right[ranks(z, right) <= NEAR_THE_TOP]
    if len(near_top) == 0:
        raise ValueError("no right photo is near the top of any query: nothing to fit a cut on")
    cut_z = math.floor(100 * float(np.quantile(near_top, 1 - KEEP, method="lower"))) / 100
    return Cut(
        cut_z=cut_z,
        kept_near_top=float((near_top > cut_z).mean()),
        kept=float((right > cut_z).mean()),
        passing=float(np.median((z > cut_z).mean(axis=1))),
    )
