"""Measure how well pictures and sentences find each other. Numpy alone."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from models.encoder import Vectors

# The share of queries whose right answer is among the first k, and its median place, 1 the best.
# Written as a call because "R@1" is no Python name.
Direction = TypedDict(
    "Direction", {"R@1": float, "R@5": float, "R@10": float, "median_rank": float}
)


class Retrieval(TypedDict):
    """What `sightword evaluate` prints."""

    photos: int
    captions: int
    text_to_photo: Direction
    photo_to_text: Direction


def retrieval(photos: Vectors, texts: Vectors, owner: NDArray[np.int64]) -> Retrieval:
    """Figures of (n, d) photos and (m, d) texts, where text j describes photo `owner[j]`.

    A photo with several texts counts as found at the best of them. Photos without a text are
    there to be confused with, and ask nothing themselves.
    """
    scores = texts @ photos.T  # (m, n)
    right = scores[np.arange(len(texts)), owner]
    to_photo = ranks(scores, right)
    asked = np.unique(owner)
    best = np.array([right[owner == photo].max() for photo in asked], np.float32)
    to_text = ranks(scores.T[asked], best)
    return {
        "photos": len(photos),
        "captions": len(texts),
        "text_to_photo": direction(to_photo),
        "photo_to_text": direction(to_text),
    }


def ranks(scores: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.int64]:
    """(q,) the place of each query's right answer among the (q, n) scores, 1 for the first.

    Ties count against us: an encoder that gives all photos one vector finds nothing.
    """
    return np.asarray((scores >= right[:, None]).sum(axis=1), np.int64)


def direction(found: NDArray[np.int64]) -> Direction:
    """The figures of (q,) ranks; zeros where nothing was asked."""
    if len(found) == 0:
        return {"R@1": 0.0, "R@5": 0.0, "R@10": 0.0, "median_rank": 0.0}
    recall = [float((found <= k).mean()) for k in (1, 5, 10)]
    return {
        "R@1": recall[0],
        "R@5": recall[1],
        "R@10": recall[2],
        "median_rank": float(np.median(found)),
    }
