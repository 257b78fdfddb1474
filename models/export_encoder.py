"""Export an encoder: write its files, prove them against the original, and only then name it.

    spec = export(of_open_clip("MobileCLIP2-S0", "dfndr2b", weights), folder, Formats(coreml=16))

A folder whose export fails holds no manifest, and so no encoder.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.bundle_parity import PARITY, QUESTIONS, Parity
from models.encoder import Encoder, Images
from models.errors import ParityError
from models.evaluate import retrieval
from models.export_coreml import Bits, write_coreml
from models.export_onnx import Weights, write_onnx
from models.exportable import Exportable
from models.gate import (
    FULL,
    HALF,
    TRAINED,
    Answers,
    Verdict,
    ask,
    compare,
    refuse_degenerate,
    samples,
)
from models.mil.encoder import MilEncoder
from models.mil.evaluator import LARGEST_HALF
from models.onnx import OnnxEncoder
from models.reference import ReferenceEncoder
from models.spec import MANIFEST, EncoderSpec

NARROW = 0.99  # the least cosine of weights in bytes or fewer bits: what it costs is measured too
LEAST: dict[Weights, float] = {"full": FULL, "half": HALF, "int8": NARROW}
MOST_LOST = 0.005  # of recall at 10, by such weights


@dataclass(frozen=True, slots=True)
class Formats:
    """What to write: how ONNX weights are stored, and in how many bits Core ML's, if at all.

    `is_shaped` lays Core ML's Transformers out as in `export_layout`.
    """

    onnx: Weights = "half"
    coreml: Bits | None = None
    is_shaped: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """The finished encoder, and what the gate measured of each format."""

    spec: EncoderSpec
    onnx: Verdict
    coreml: Verdict | None
    largest: tuple[float, float] | None = None  # activations of Core ML's towers, image and text

    def figures(self) -> dict[str, Any]:
        """The verdicts as JSON takes them, and the largest activation beside what float16 holds."""
        figures = {"onnx": asdict(self.onnx), "coreml": self.coreml and asdict(self.coreml)}
        return {**figures, "largest": self.largest, "float16_holds": LARGEST_HALF}


@dataclass(frozen=True, slots=True)
class Samples:
    """What both are asked: (n, 3, s, s) uint8, and m sentences; `owner[j]` is the j-th's photo.

    Without owners, the j-th sentence belongs to the j-th photo.
    """

    photos: Images
    sentences: Sequence[str]
    owner: NDArray[np.int64] | None = None


def export(exportable: Exportable, folder: Path, formats: Formats | None = None) -> EncoderSpec:
    """Write and prove an encoder. Raises ParityError, DegenerateEncoder."""
    return export_measured(exportable, folder, formats).spec


def export_measured(
    exportable: Exportable,
    folder: Path,
    formats: Formats | None = None,
    asked: Samples | None = None,
    most_alike: float = TRAINED,
) -> Exported:
    """The same with what was measured; manifest and parity fixture come last.

    Without samples, 200 drawn pictures and their sentences are asked. Core ML's packages are
    executed operation by operation, with float16 rounding. Raises ParityError where an export
    gives other vectors than torch, DegenerateEncoder where the original proves nothing.
    """
    formats = formats or Formats()
    (folder / MANIFEST).unlink(missing_ok=True)
    asked = asked or Samples(*samples(exportable.spec))
    want = ask(ReferenceEncoder(exportable), asked.photos, asked.sentences)
    refuse_degenerate(want, most_alike)
    try:
        spec = write_onnx(exportable, folder, formats.onnx)
        spec.write(folder)
        least = LEAST[formats.onnx]
        onnx = proven(want, OnnxEncoder(folder), asked, least)
        coreml, largest = None, None
        if formats.coreml is not None:
            packages = write_coreml(exportable, folder, formats.coreml, is_shaped=formats.is_shaped)
            spec = replace(spec, coreml=packages)
            spec.write(folder)
            least = HALF if formats.coreml == 16 else NARROW
            packaged = MilEncoder(folder, "float16")
            coreml = proven(want, packaged, asked, least)
            largest = held(packaged)
    except BaseException:
        (folder / MANIFEST).unlink(missing_ok=True)
        raise
    few = Answers(want.photos[:QUESTIONS], want.sentences[:QUESTIONS])
    few_asked = asked.photos[:QUESTIONS], list(asked.sentences[:QUESTIONS])
    Parity(*few_asked, few, min(HALF, LEAST[formats.onnx])).write(folder / PARITY)
    return Exported(spec, onnx, coreml, largest)


def proven(want: Answers, exported: Encoder, asked: Samples, least_cosine: float) -> Verdict:
    """What the gate measures of one format. Raises ParityError.

    Weights in fewer bits move vectors more than rounding does, and may change an answer in ten:
    there the recall decides, which may lose half a point.
    """
    got = ask(exported, asked.photos, asked.sentences)
    verdict = compare(want, got)
    complaints = verdict.complaints(least_cosine)
    if least_cosine == NARROW:
        complaints = [one for one in complaints if not one.startswith("the top")]
        lost = recall(want, asked.owner) - recall(got, asked.owner)
        if not lost <= MOST_LOST + 1e-9:
            complaints.append(f"recall at 10 falls by {lost:.4f}, over {MOST_LOST}")
    if complaints:
        raise ParityError(f"{exported.spec.name} was not exported well: {'; '.join(complaints)}.")
    return verdict


def held(packaged: MilEncoder) -> tuple[float, float]:
    """The largest activation of each tower that has run in float16.

    Raises ParityError where one is more than float16 holds: the vectors may be right here all the
    same, but what infinity becomes on another chip, or for another photo, nobody has measured.
    """
    over = {name: most for tower in packaged.towers() for name, most in tower.overflows().items()}
    if over:
        worst = max(over, key=lambda name: over[name])
        raise ParityError(
            f"{packaged.spec.name} was not exported well: {len(over)} operations give more than "
            f"float16 holds ({LARGEST_HALF:,.0f}), {worst} most of all ({over[worst]:,.0f})."
        )
    image, text = (max(tower.largest.values(), default=0.0) for tower in packaged.towers())
    return image, text


def recall(answers: Answers, owner: NDArray[np.int64] | None) -> float:
    """The share of sentences whose own photo is among the ten best."""
    count = min(len(answers.photos), len(answers.sentences))
    owner = np.arange(count) if owner is None else owner
    found = retrieval(answers.photos, answers.sentences[: len(owner)], owner)
    return found["text_to_photo"]["R@10"]
