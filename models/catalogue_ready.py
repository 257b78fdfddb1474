"""Make an encoder of towers that somebody else exported, and see that it is one.

There is no reference to compare with: their maker's digests say that the files are whole. What is
left to go wrong is the recipe, and a picture with its channels exchanged or scaled twice is no
longer found by its words: drawn pictures must be found by the sentences that are true of them.
"""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from models.bundle_parity import PARITY, Parity
from models.catalogue import Entry
from models.errors import BadEncoder
from models.gate import Answers
from models.onnx import OnnxEncoder
from models.spec import EncoderSpec, ImageSpec, TextSpec, sha256_of

PICTURES = 96
FOUND_AMONG = 10
# The share of sentences whose picture is among the first ten of 96. Our own small encoder has .68;
# with red and blue exchanged .29, with its pixels normalised twice .16; chance is .10.
LEAST_FOUND = 0.5


def assemble(entry: Entry, fetched: Path, folder: Path) -> EncoderSpec:
    """Move the fetched files of a ready-made encoder to `folder`; describe and prove them there.

    Raises BadEncoder: files that don't run, or pictures that are not found by their words.
    """
    ready = entry.ready
    assert ready is not None
    folder.mkdir(parents=True)
    for file in ready.files:
        shutil.move(fetched / file.name, folder / file.name)
    image, text = _as_it_is(ready.image, ready.text, folder)
    spec = EncoderSpec(
        name=entry.name,
        dimension=entry.dimension or 0,
        image=replace(image, sha256=sha256_of(folder / image.file)),
        text=replace(
            text,
            sha256=sha256_of(folder / text.file),
            tokenizer_sha256=sha256_of(folder / text.tokenizer),
        ),
        calibration=None,
        licence=f"{entry.licence.name} ({entry.licence.url})",
        digest="",
        version=entry.pretrained,
        author=f"{entry.author}; exported by {ready.publisher}",
    ).sealed()
    spec.write(folder)
    parity = Parity.of(OnnxEncoder(folder, threads=2), PICTURES)
    found = share_found(parity.answers)
    if not found >= LEAST_FOUND:
        raise BadEncoder(
            f"{entry.name} is not used: of {PICTURES} drawn pictures, {found:.0%} are found by "
            f"their own words, and {LEAST_FOUND:.0%} should be. The files are not what the "
            "catalogue takes them for. `sightword models list` names others."
        )
    parity.first(24).write(folder / PARITY)
    return spec


def share_found(answers: Answers) -> float:
    """The share of sentences whose own picture is among the first ten; 0 for no numbers.

    >>> rows = np.eye(20, dtype=np.float32)
    >>> share_found(Answers(rows, rows)), share_found(Answers(rows, -rows))
    (1.0, 0.0)
    """
    scores = answers.sentences @ answers.photos.T  # (m, n), m = n
    scores = scores - scores.mean(axis=0)  # what a picture has for every sentence says nothing
    own = np.diagonal(scores)[:, None]
    if not np.isfinite(scores).all():
        return 0.0
    return float(((scores > own).sum(axis=1) < FOUND_AMONG).mean())


def _as_it_is(image: ImageSpec, text: TextSpec, folder: Path) -> tuple[ImageSpec, TextSpec]:
    """Both recipes with the names and kinds that the towers themselves give to what they take."""
    of_image, of_text = _ends(folder / image.file), _ends(folder / text.file)
    kinds = {"tensor(int64)": "int64", "tensor(int32)": "int32"}
    kind: Any = kinds.get(of_text[1], text.integers)
    image = replace(image, input=of_image[0], output=_one_of(image.output, of_image[2]))
    text = replace(text, input=of_text[0], output=_one_of(text.output, of_text[2]), integers=kind)
    return image, text


def _ends(tower: Path) -> tuple[str, str, list[str]]:
    """The name and the kind of a tower's one input, and the names of what it gives."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(tower), providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base class of their own
        raise BadEncoder(f"{tower.name} can't be loaded: {error}") from error
    inputs = session.get_inputs()
    if len(inputs) != 1:
        named = ", ".join(one.name for one in inputs)
        raise BadEncoder(f"{tower.name} takes {named}; a tower of ours takes one thing.")
    return inputs[0].name, inputs[0].type, [one.name for one in session.get_outputs()]


def _one_of(wanted: str, names: list[str]) -> str:
    """The output that is wanted, or the only one that there is."""
    return names[0] if len(names) == 1 else wanted
