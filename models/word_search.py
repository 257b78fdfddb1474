"""Count how many of the first photos that a word finds come from the folder of that name."""

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from models.encoder import Encoder
from models.findings import Example, Findings, Shown
from models.labelled import Labelled
from models.photo_files import Source
from models.photo_vectors import encode_photos
from models.prompts import class_vectors, prompt_sets

FIRST = 20  # photos looked at for each word
SHOWN_WITH = "plain"  # the prompts behind the examples: what a person types
NOTE = (
    "The share of the first 20 photos for a word that lie in the folder of that name; chance is "
    "the share of the folder among all photos."
)


def first_found(scores: NDArray[np.float32], is_right: NDArray[np.bool_], k: int) -> list[int]:
    """The places of the `k` best of (n,) scores, best first. Among equals the wrong come first."""
    return [int(at) for at in np.lexsort((is_right, -scores))[:k]]


def precision(scores: NDArray[np.float32], is_right: NDArray[np.bool_], k: int) -> float:
    """The share of right ones among the `k` best of (n,) scores, or among all if there are fewer.

    >>> precision(np.array([0.9, 0.8, 0.1], np.float32), np.array([True, False, True]), 2)
    0.5
    """
    return float(is_right[first_found(scores, is_right, k)].mean())


def word_search(
    encoder: Encoder, source: Source, rows: Sequence[Labelled], pool: Executor
) -> Findings:
    """Ask for each class by name, plain and in sentences. Raises KnownError if nothing is read."""
    class_of = {row.photo: row.words for row in rows}
    photos = encode_photos(encoder, source, list(class_of), pool)
    words = sorted(set(class_of.values()))
    label = np.array([words.index(class_of[name]) for name in photos.names], np.int64)
    is_right = [label == number for number in range(len(words))]
    chance = {word: float(right.mean()) for word, right in zip(words, is_right, strict=True)}
    figures: dict[str, object] = {"chance": _with_mean(chance)}
    examples: list[Example] = []
    for prompts in prompt_sets():
        scores = class_vectors(encoder, words, prompts, pool) @ photos.vectors.T  # (w, n)
        found = {
            word: precision(row, right, FIRST)
            for word, row, right in zip(words, scores, is_right, strict=True)
        }
        figures[prompts.name] = _with_mean(found)
        if prompts.name == SHOWN_WITH:
            for word, row, right in zip(words, scores, is_right, strict=True):
                shown = [
                    Shown(source, photos.names[at], f"{row[at]:.2f}", bool(right[at]))
                    for at in first_found(row, right, FIRST)
                ]
                examples.append(Example(word, tuple(shown)))
    counts = photos.counts() | {"first": FIRST}
    by_word = {f"The first {FIRST}": tuple(examples)}
    return Findings("events", "Words and folders", NOTE, counts | figures, by_word)


def _with_mean(by_word: dict[str, float]) -> dict[str, float]:
    return {**by_word, "mean over words": sum(by_word.values()) / len(by_word)}
