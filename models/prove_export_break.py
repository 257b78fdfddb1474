"""Plant faults in the packages of an encoder, one at a time, and see that the gate refuses each.

Only a few pictures and sentences are run with each fault; all others keep the vectors of the sound
export. So the gate is kinder than it would be to a wrong export, and what it refuses here it
refuses there.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.encoder import Images, Vectors
from models.errors import KnownError
from models.gate import HALF, Answers, compare
from models.mil.encoder import PackagedTower
from models.prove_export_faults import Fault, faults, planted
from models.prove_export_table import Faults
from models.spec import EncoderSpec
from models.tokenizer_choice import tokenizer_of

PHOTOS, SENTENCES = 8, 4  # run with each fault: a batch, and so many batches


def break_packages(
    folder: Path,
    photos: Images,
    sentences: Sequence[str],
    want: Answers,
    sound: Answers,
    count: int | None,
) -> Faults:
    """Break both packages in `folder`, each with `count` faults (None: one an array).

    `want` is what the reference says to the samples, `sound` what the unbroken packages say. The
    packages are afterwards what they were before.
    """
    spec = EncoderSpec.read(folder)
    assert spec.coreml is not None, "there are packages to break"
    tokens = tokenizer_of(folder, spec.text).batch(sentences[:SENTENCES], spec.text.context_length)
    seen: list[tuple[float, str]] = []
    refused, unseen = 0, []
    towers = ((spec.coreml.image, photos[:PHOTOS], True), (spec.coreml.text, tokens, False))
    for name, rows, is_image in towers:
        for fault in faults(folder / name, count):
            got = run_broken(folder / name, fault, rows, spec.dimension)
            if got is None:
                refused += 1
                continue
            verdict = compare(want, replaced(sound, got, is_image))
            worst = (verdict.photos if is_image else verdict.sentences).worst
            if verdict.complaints(HALF):
                seen.append((worst if np.isfinite(worst) else -1.0, f"{name}: {fault}"))
            else:
                unseen.append(f"{name}: {fault} ({worst:.6f})")
    least_seen, hardest = max(seen, default=(-1.0, "none"))
    planted_in_all = refused + len(seen) + len(unseen)
    return Faults(planted_in_all, refused, least_seen, hardest, tuple(unseen))


def run_broken(package: Path, fault: Fault, rows: NDArray[Any], dimension: int) -> Vectors | None:
    """The vectors of a package with a fault; None where it can not even be run."""
    with planted(package, fault):
        try:
            return PackagedTower(package, dimension, "float32").run(rows)
        except KnownError:
            return None


def replaced(sound: Answers, rows: Vectors, is_image: bool) -> Answers:
    """The answers with the first rows of one tower replaced."""
    photos, sentences = sound.photos.copy(), sound.sentences.copy()
    (photos if is_image else sentences)[: len(rows)] = rows
    return Answers(photos, sentences)
