"""Judge whether an exported encoder gives the vectors of the one that it was exported from.

A plain cosine between both proves little. Photos of a real CLIP lie at cosine 0.5 to each other,
those of random weights at 0.98 to 0.9998: all share one large common part, and a tower with a
swapped colour channel still shares it. So what is common, the mean of the reference's rows, is
taken away from both before they are compared, and an encoder that keeps nothing besides is not
judged at all. Knows encoders and numpy; which runtime, and which is which, is the caller's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.drawn import draw_varied
from models.encoder import Encoder, Images, Vectors
from models.errors import KnownError, ParityError
from models.preprocess import preprocess
from models.spec import EncoderSpec

SAMPLES = 200  # photos, and as many sentences
HALF, FULL = 0.999, 0.99999  # the least cosine of float16 arithmetic or weights, and of float32
TOP = 10  # how many photos of an answer are compared
LEAST_OVERLAP = 0.99  # of the places in all answers
UNIT = 2e-3  # how far from 1 a row may be long: float16 leaves 0.0005, no normalisation much more

# The largest mean cosine of different rows. CLIP ViT-B/32 has 0.52 over photos and 0.77 over
# sentences, our encoder 0.25 and 0.17 over drawn ones; random weights have 0.95 (ViT-B-16-SigLIP2)
# to 0.9998 (RN50, MobileCLIP2-S0). At 0.9 rows still keep a third of their length when the mean is
# gone, so LEAST cosine allows 0.014 of error where float16 makes 0.0003.
TRAINED = 0.9
WOKEN = 0.5  # what random weights must be brought to (models.wake) before they prove anything
# Along how many axes rows differ, as the participation ratio of their spectrum. CLIP has 38 and 65,
# ours 14; random weights 1.1 to 2.4: where photos differ along one axis, bright to dark, a fault
# that keeps their order has a cosine of 1.
LEAST_DIRECTIONS = 4.0


class DegenerateEncoder(KnownError):
    """The reference tells the photos or sentences apart too little for anything to be proven."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What one encoder says to the samples: (n, d) and (m, d) float32 rows."""

    photos: Vectors
    sentences: Vectors


@dataclass(frozen=True, slots=True)
class Spread:
    """How far different rows lie apart: their mean cosine, and along how many axes they differ."""

    cosine: float
    directions: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """One tower against its reference, over all samples."""

    spread: Spread  # of the reference
    worst: float  # least cosine of a row to its own, the reference's mean taken from both
    length: float  # largest distance of an exported row's length from 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate has measured. `complaints` is empty where the export may be used."""

    photos: Agreement
    sentences: Agreement
    top_10: float  # share of the ten best photos of each sentence that both encoders name

    def complaints(self, least_cosine: float) -> list[str]:
        """What is wrong, a sentence part each. NaN is always wrong."""
        found = []
        for name, tower in (("photos", self.photos), ("sentences", self.sentences)):
            if not tower.worst >= least_cosine:
                found.append(f"{name}: the worst cosine is {tower.worst:.6f}, under {least_cosine}")
            if not tower.length <= UNIT:
                found.append(f"{name}: a row's length differs from 1 by {tower.length:.4f}")
        if not self.top_10 >= LEAST_OVERLAP:
            found.append(f"the top {TOP} overlap by {self.top_10:.4f}, under {LEAST_OVERLAP}")
        return found


def samples(spec: EncoderSpec, count: int = SAMPLES) -> tuple[Images, list[str]]:
    """Drawn pictures (count, 3, s, s) uint8 as `spec` wants them, and a sentence for each."""
    side = max(spec.image.side, 128)  # a little more than is looked at: it is shrunk as photos are
    drawn = draw_varied(count, (side * 5 // 3, side * 5 // 4))
    squares = [preprocess(one.picture, spec.image) for one in drawn]
    return np.stack(squares), [one.sentence for one in drawn]


def judge(
    reference: Encoder,
    exported: Encoder,
    photos: Images,
    sentences: Sequence[str],
    least_cosine: float,
    most_alike: float = TRAINED,
) -> Verdict:
    """Ask both encoders, and compare. Raises ParityError; DegenerateEncoder before `exported` runs.

    `most_alike` is the mean cosine that different rows of the reference may have: TRAINED for
    weights that learnt something, WOKEN for random ones.
    """
    want = ask(reference, photos, sentences)
    refuse_degenerate(want, most_alike)
    verdict = compare(want, ask(exported, photos, sentences))
    complaints = verdict.complaints(least_cosine)
    if complaints:
        raise ParityError(f"{exported.spec.name} was not exported well: {'; '.join(complaints)}.")
    return verdict


def ask(encoder: Encoder, photos: Images, sentences: Sequence[str]) -> Answers:
    """The answers of one encoder to all samples."""
    return Answers(encoder.images(photos), encoder.texts(sentences))


def refuse_degenerate(want: Answers, most_alike: float = TRAINED) -> None:
    """Raise DegenerateEncoder where the reference's own rows can prove nothing."""
    for name, rows in (("photos", want.photos), ("sentences", want.sentences)):
        if len(rows) < 2 or not np.isfinite(rows).all():
            raise DegenerateEncoder(
                f"The reference can not be compared with: of {len(rows)} {name}, at least two are "
                "needed, and each must have a vector of finite numbers."
            )
        spread = spread_of(rows)
        if not (spread.cosine < most_alike and spread.directions >= LEAST_DIRECTIONS):
            raise DegenerateEncoder(
                f"The reference hardly tells {name} apart: their mean cosine is "
                f"{spread.cosine:.4f} (must be under {most_alike}) and they differ along "
                f"{spread.directions:.1f} axes (at least {LEAST_DIRECTIONS}). An export of it "
                "can not be proven. Use trained weights, wake random ones (models.wake), or give "
                "samples that differ more."
            )


def compare(want: Answers, got: Answers) -> Verdict:
    """Measure how well two encoders agree; nothing is refused. Both have the same samples.

    >>> rows = np.eye(4, dtype=np.float32)
    >>> compare(Answers(rows, rows), Answers(rows, rows)).top_10
    1.0
    """
    return Verdict(
        agreement(want.photos, got.photos),
        agreement(want.sentences, got.sentences),
        overlap(want, got),
    )


def agreement(want: Vectors, got: Vectors) -> Agreement:
    """One tower's rows against the reference's. Raises ParityError where their shapes differ."""
    if want.shape != got.shape:
        raise ParityError(f"{want.shape} vectors were expected, {got.shape} came.")
    spread = spread_of(want)
    if not np.isfinite(got).all():
        return Agreement(spread, float("nan"), float("nan"))
    mean = want.mean(axis=0, dtype=np.float64)
    one, other = want - mean, got - mean  # float64: a difference of near rows loses digits
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    cosines = (one * other).sum(axis=1) / np.maximum(lengths, np.finfo(np.float64).tiny)
    away = np.abs(np.linalg.norm(got.astype(np.float64), axis=1) - 1)
    return Agreement(spread, float(cosines.min()), float(away.max()))


def spread_of(rows: Vectors) -> Spread:
    """How far (n, d) unit rows lie apart; n is at least 2.

    >>> spread_of(np.eye(5, dtype=np.float32))
    Spread(cosine=0.0, directions=4.0)
    """
    n = len(rows)
    mean = rows.mean(axis=0, dtype=np.float64)
    cosine = (n * float(mean @ mean) - 1) / (n - 1)  # of the n*n pairs, n are rows with themselves
    variances = np.linalg.svd(rows - mean, compute_uv=False) ** 2
    total = float(variances.sum())
    directions = total**2 / float((variances**2).sum()) if total > 0 else 0.0
    return Spread(round(cosine, 6), round(directions, 2))


def overlap(want: Answers, got: Answers) -> float:
    """The share of the ten best photos of each sentence that is the same; NaN for such numbers."""
    if not (np.isfinite(got.photos).all() and np.isfinite(got.sentences).all()):
        return float("nan")
    ours, theirs = _best(want), _best(got)
    shared = [len(set(a) & set(b)) for a, b in zip(ours.tolist(), theirs.tolist(), strict=True)]
    return sum(shared) / max(1, ours.size)


def _best(answers: Answers) -> NDArray[np.int64]:
    """(m, 10) the photos that each sentence finds, in no order."""
    scores = answers.sentences.astype(np.float64) @ answers.photos.astype(np.float64).T
    count = min(TOP, scores.shape[1])
    return np.argsort(-scores, axis=1, kind="stable")[:, :count]
