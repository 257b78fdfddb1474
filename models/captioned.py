"""Measure retrieval and the shape of the space on photos with captions, with telling examples."""

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from models.encoder import Encoder, Vectors
from models.errors import KnownError
from models.evaluate import ranks, retrieval
from models.findings import Example, Findings, Shown, softmax, telling
from models.gap import fitted_temperature, space
from models.labelled import Labelled
from models.photo_files import Source
from models.photo_vectors import encode_photos, encode_texts

EXAMPLES = 5
BEST = 5  # photos shown as the answer to one sentence
NOTE = (
    "R@k is the share of queries whose right answer is among the first k. Under each sentence: "
    "the photo it was written for, and the first answers."
)
SPACE_NOTE = (
    "The gap is the distance between the middle of the photos and the middle of the sentences "
    "(Liang et al. 2022); a mean cosine near 1 means that they huddle. The temperature is the one "
    "that fits these scores best."
)


def captioned(
    encoder: Encoder, source: Source, rows: Sequence[Labelled], pool: Executor
) -> tuple[Findings, Findings]:
    """Retrieval, and the space. Captions of unreadable photos are left out and counted.

    Raises KnownError if nothing is left.
    """
    photos = encode_photos(encoder, source, list(dict.fromkeys(row.photo for row in rows)), pool)
    place = {name: number for number, name in enumerate(photos.names)}
    kept = [row for row in rows if row.photo in place]
    if not kept:
        raise KnownError(f"None of the captions belongs to a readable photo of {source.path}.")
    captions = [row.words for row in kept]
    owner = np.array([place[row.photo] for row in kept], np.int64)
    texts = encode_texts(encoder, captions, pool)
    figures = {**retrieval(photos.vectors, texts, owner), **photos.counts()}
    examples = _examples(texts @ photos.vectors.T, owner, captions, photos.names, source)
    return (
        Findings("retrieval", "Sentences and photos", NOTE, figures, examples),
        _space(photos.vectors, texts, owner),
    )


def _space(photos: Vectors, texts: Vectors, owner: NDArray[np.int64]) -> Findings:
    return Findings("space", "The space", SPACE_NOTE, space(photos, texts, owner), {})


def _examples(
    scores: NDArray[np.float32],
    owner: NDArray[np.int64],
    captions: Sequence[str],
    names: Sequence[str],
    source: Source,
) -> dict[str, tuple[Example, ...]]:
    """Sentences that find their photo best, worst, and wrongly with the greatest confidence."""
    right = scores[np.arange(len(owner)), owner]
    rank = ranks(scores, right)
    shares = softmax(scores, fitted_temperature(scores, right))

    def example(query: int) -> Example:
        said = f"its photo: {right[query]:.2f}, place {rank[query]}"
        own = Shown(source, names[owner[query]], said)
        best = np.argsort(-scores[query], kind="stable")[:BEST]
        answers = [
            Shown(source, names[at], f"{scores[query, at]:.2f}", bool(at == owner[query]))
            for at in best
        ]
        return Example(captions[query], (own, *answers))

    found = telling(rank, shares.max(axis=1), owner, EXAMPLES)
    return {title: tuple(map(example, queries)) for title, queries in found.items()}
