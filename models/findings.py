"""What a measurement hands on: its figures, and photos that show what they mean."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.photo_files import Source

Figures = Mapping[str, object]  # numbers, words, short lists, and figures again


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo with the words under it, and whether it is what was asked for."""

    source: Source
    name: str
    words: str
    is_right: bool | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """What was asked, and the photos of the answer."""

    title: str
    photos: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """One measurement: its key in the JSON, a title, a sentence on how to read it, and the rest."""

    key: str
    title: str
    note: str
    figures: Figures
    examples: Mapping[str, tuple[Example, ...]]  # by heading: best, worst, confidently wrong


def softmax(scores: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    """(q, n) cosines -> (q, n) shares that sum to one in each row.

    >>> softmax(np.array([[0.5, 0.5]], np.float32), 0.01).tolist()
    [[0.5, 0.5]]
    """
    raised = np.exp((scores - scores.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)


def telling(
    rank: NDArray[np.int64],
    confidence: NDArray[np.float32],
    subject: NDArray[np.int64],
    count: int,
) -> dict[str, list[int]]:
    """The queries worth looking at, `count` under each heading, no two on one subject.

    `rank` (q,) is the place of the right answer, 1 the first; `confidence` (q,) the share that
    the first answer got, right or wrong; `subject` (q,) a photo or a class.
    """
    right = rank == 1
    sure = np.argsort(-confidence, kind="stable")
    return {
        "Best": _distinct((q for q in sure if right[q]), subject, count),
        "Worst": _distinct(np.argsort(-rank, kind="stable"), subject, count),
        "Confidently wrong": _distinct((q for q in sure if not right[q]), subject, count),
    }


def _distinct(order: Iterable[int], subject: NDArray[np.int64], count: int) -> list[int]:
    """The first `count` of `order` with different subjects."""
    first: dict[int, int] = {}
    for query in order:
        first.setdefault(int(subject[query]), int(query))
        if len(first) == count:
            break
    return list(first.values())
