"""Name what a photo shows, among classes that are known by their words alone."""

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from models.encoder import Encoder
from models.evaluate import ranks
from models.findings import Example, Findings, Shown, softmax, telling
from models.gap import fitted_temperature
from models.interval import wilson
from models.labelled import Labelled
from models.photo_files import Source
from models.photo_vectors import encode_photos
from models.prompts import class_vectors, prompt_sets

EXAMPLES = 8
SHOWN_WITH = "clip7"  # the prompts behind the examples
NOTE = (
    "A photo is named by the class whose words lie nearest. plain is the name alone, the others "
    "put it into sentences and average them; the gain of an ensemble is the difference."
)


def classified(scores: NDArray[np.float32], right: NDArray[np.int64]) -> dict[str, object]:
    """Top-1 and top-5 of (n, c) scores where `right` (n,) are the true classes. Ties are misses."""
    rank = ranks(scores, scores[np.arange(len(right)), right])
    top1 = float((rank == 1).mean())
    return {
        "top1": top1,
        "top1_interval": wilson(top1, len(rank)),
        "top5": float((rank <= 5).mean()),
        "median_rank": float(np.median(rank)),
    }


def zero_shot(
    encoder: Encoder, source: Source, rows: Sequence[Labelled], pool: Executor
) -> Findings:
    """Classify every photo of `rows` among all their classes, with each set of prompts.

    Raises KnownError if no photo can be read.
    """
    class_of = {row.photo: row.words for row in rows}
    photos = encode_photos(encoder, source, list(class_of), pool)
    classes = sorted(set(class_of.values()))
    right = np.array([classes.index(class_of[name]) for name in photos.names], np.int64)
    figures: dict[str, object] = {}
    examples: dict[str, tuple[Example, ...]] = {}
    for prompts in prompt_sets():
        scores = photos.vectors @ class_vectors(encoder, classes, prompts, pool).T  # (n, c)
        figures[prompts.name] = classified(scores, right)
        if prompts.name == SHOWN_WITH:
            examples = _examples(scores, right, classes, photos.names, source)
    counts = photos.counts() | {"classes": len(classes), "chance_top1": 1 / len(classes)}
    return Findings("zero_shot", "Zero-shot classes", NOTE, counts | figures, examples)


def _examples(
    scores: NDArray[np.float32],
    right: NDArray[np.int64],
    classes: Sequence[str],
    names: Sequence[str],
    source: Source,
) -> dict[str, tuple[Example, ...]]:
    """Photos named best, worst, and wrongly with the greatest confidence; one a class."""
    own = scores[np.arange(len(right)), right]
    rank = ranks(scores, own)
    shares = softmax(scores, fitted_temperature(scores, own))
    guess = shares.argmax(axis=1)

    def example(photo: int) -> Example:
        said = f"{classes[guess[photo]]} {shares[photo, guess[photo]]:.0%}"
        truth = f"{classes[right[photo]]}, place {rank[photo]}"
        shown = Shown(source, names[photo], f"taken for {said}", bool(rank[photo] == 1))
        return Example(truth, (shown,))

    found = telling(rank, shares.max(axis=1), right, EXAMPLES)
    return {title: tuple(map(example, queries)) for title, queries in found.items()}
