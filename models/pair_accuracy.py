"""Test whether a photo lies nearer to what is true of it than to what is not."""

from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Executor

import numpy as np
from numpy.typing import NDArray

from models.encoder import Encoder
from models.findings import Example, Figures, Findings, Shown
from models.interval import wilson
from models.photo_files import Source
from models.photo_vectors import Encoded, encode_photos, encode_texts
from models.sentence_pairs import Pair, Statement

EXAMPLES = 6
DRAWS = 1000  # of the bootstrap
NOTE = (
    "Pairs: how often the true sentence scores above the false one; .5 is chance. blind is the "
    "same with the mean of all photos in place of the photo: what the sentences alone give away. "
    "Statements: how often a true one outscores a false one with the same relation, each on its "
    "own photo."
)


def pair_figures(
    margins: NDArray[np.float32], blind: NDArray[np.float32], row: NDArray[np.int64]
) -> dict[str, object]:
    """Figures of (p,) margins, true less false. Equal scores are misses.

    The interval counts a `row` (p,) once however many false sentences it has: they share the
    photo and the true sentence, so they are no independent cases.
    """
    accuracy = float((margins > 0).mean())
    rows = len(np.unique(row))
    return {
        "accuracy": accuracy,
        "interval": wilson(accuracy, rows),
        "blind": float((blind > 0).mean()),
        "pairs": len(margins),
        "rows": rows,
    }


def statement_figures(
    scores: NDArray[np.float32], is_true: NDArray[np.bool_], stratum: Sequence[Hashable]
) -> dict[str, object]:
    """Figures of (s,) scores: a true statement against each false one of the same stratum.

    This is the area under the ROC curve, pooled over strata, so that a relation which is mostly
    false in the data and scores low by its word alone earns nothing. Equal scores are misses.
    The 95% interval is by bootstrap over statements, within strata, with a fixed seed.
    """
    chance = np.random.default_rng(0)
    won, asked, counted = np.zeros(DRAWS), np.zeros(DRAWS), 0
    right = 0
    names = np.array([str(name) for name in stratum])
    for name in np.unique(names):
        here = names == name
        true, false = scores[here & is_true], scores[here & ~is_true]
        wins = true[:, None] > false[None, :]  # (t, f)
        right, counted = right + int(wins.sum()), counted + wins.size
        if wins.size:
            drawn = [chance.multinomial(n, np.full(n, 1 / n), DRAWS) for n in wins.shape]
            won += ((drawn[0] @ wins) * drawn[1]).sum(axis=1)
            asked += drawn[0].sum(axis=1) * drawn[1].sum(axis=1)
    if not counted:
        return {"statements": len(scores), "comparisons": 0}
    return {
        "accuracy": right / counted,
        "interval": [float(end) for end in np.quantile(won / asked, (0.025, 0.975))],
        "statements": len(scores),
        "comparisons": counted,
    }


def pair_accuracy(
    encoder: Encoder,
    source: Source,
    pairs: Sequence[Pair],
    statements: Sequence[Statement],
    pool: Executor,
) -> Findings:
    """Judge every pair and statement whose photo can be read. Raises KnownError if none can."""
    images = [pair.image for pair in pairs] + [one.image for one in statements]
    photos = encode_photos(encoder, source, list(dict.fromkeys(images)), pool)
    pairs = [pair for pair in pairs if pair.image not in photos.unreadable]
    statements = [one for one in statements if one.image not in photos.unreadable]
    margins, blind = _margins(encoder, photos, pairs, pool)
    scores = _scores(encoder, photos, statements, pool)
    row = np.array([pair.row for pair in pairs], np.int64)
    is_true = np.array([one.is_true for one in statements], bool)
    figures: dict[str, object] = {
        **photos.counts(),
        "pairs": {
            kind: pair_figures(margins[at], blind[at], row[at])
            for kind, at in _grouped([pair.kind for pair in pairs]).items()
        },
        "pairs_by_subset": {
            name: pair_figures(margins[at], blind[at], row[at])
            for name, at in _grouped([f"{one.bench} {one.subset}" for one in pairs]).items()
        },
        "statements": _by_kind_of_statement(statements, scores, is_true),
    }
    examples = _examples(source, pairs, margins)
    return Findings("pairs", "True and false sentences", NOTE, figures, examples)


def _by_kind_of_statement(
    statements: Sequence[Statement], scores: NDArray[np.float32], is_true: NDArray[np.bool_]
) -> Figures:
    strata = [(one.bench, one.subset) for one in statements]
    return {
        kind: statement_figures(scores[at], is_true[at], [strata[i] for i in at])
        for kind, at in _grouped([one.kind for one in statements]).items()
    }


def _margins(
    encoder: Encoder, photos: Encoded, pairs: Sequence[Pair], pool: Executor
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(p,) the true score less the false one: of each pair's photo, and of the mean photo."""
    true = encode_texts(encoder, [pair.true for pair in pairs], pool)
    false = encode_texts(encoder, [pair.false for pair in pairs], pool)
    place = {name: number for number, name in enumerate(photos.names)}
    seen = photos.vectors[[place[pair.image] for pair in pairs]]
    difference = true - false
    return (difference * seen).sum(axis=1), difference @ photos.vectors.mean(axis=0)


def _scores(
    encoder: Encoder, photos: Encoded, statements: Sequence[Statement], pool: Executor
) -> NDArray[np.float32]:
    """(s,) the cosine of each statement and its photo."""
    texts = encode_texts(encoder, [one.text for one in statements], pool)
    place = {name: number for number, name in enumerate(photos.names)}
    seen = photos.vectors[[place[one.image] for one in statements]]
    return np.asarray((texts * seen).sum(axis=1), np.float32)


def _grouped(names: Sequence[str]) -> Mapping[str, NDArray[np.int64]]:
    """The places of each name, in order of name."""
    every = np.array(names, str)
    return {str(name): np.flatnonzero(every == name) for name in np.unique(every)}


def _examples(
    source: Source, pairs: Sequence[Pair], margins: NDArray[np.float32]
) -> dict[str, tuple[Example, ...]]:
    """Pairs told apart best, not told apart, and wrong by most."""

    def example(at: int) -> Example:
        pair = pairs[at]
        shown = Shown(source, pair.image, f"{margins[at]:+.3f}, {pair.kind}", bool(margins[at] > 0))
        return Example(f"true: {pair.true}\nfalse: {pair.false}", (shown,))

    order = np.argsort(-margins, kind="stable")
    undecided = np.argsort(np.abs(margins), kind="stable")
    chosen = {
        "Best": order[margins[order] > 0][:EXAMPLES],
        "Undecided": undecided[:EXAMPLES],
        "Confidently wrong": order[::-1][margins[order[::-1]] <= 0][:EXAMPLES],
    }
    return {title: tuple(example(int(at)) for at in places) for title, places in chosen.items()}
