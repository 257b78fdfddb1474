"""Export every architecture that we promise, execute the exports, and judge them.

    python -m models.prove_export tiny-vit RN50 --page docs/export.md

Random weights, woken, since no others can be had for most; then ONNX in float32, float16 and int8,
Core ML in float16, int8 and palettes of 8 and 6 bits, each against torch by the gate. Then faults
are planted in the packages, and the gate must refuse each. Takes minutes for ours and up to an hour
for the largest; ends with status 1 where anything is not proven.
"""

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
import torch

from models.drawn import draw_varied
from models.encoder import Encoder, Images
from models.errors import BadData
from models.export_coreml import Bits, write_coreml
from models.export_onnx import Weights, write_onnx
from models.exportable import Exportable, of_open_clip, of_ours
from models.exportable_tokenizer import learn_tokenizer
from models.gate import (
    FULL,
    HALF,
    SAMPLES,
    WOKEN,
    Answers,
    ask,
    compare,
    refuse_degenerate,
    samples,
    spread_of,
)
from models.installed import find
from models.mil.encoder import MilEncoder
from models.mil.evaluator import Precision
from models.onnx import OnnxEncoder
from models.prove_export_break import break_packages
from models.prove_export_table import Proof, Row, put_into, table_of
from models.reference import ReferenceEncoder
from models.script import as_script
from models.sizes import SIZES
from models.spec import EncoderSpec
from models.wake import PICTURES, wake

OURS = ("tiny-vit", "laptop-vit", "tiny-resnet", "default")
THEIRS = ("MobileCLIP2-S0", "MobileCLIP2-S2", "ViT-B-32", "RN50", "ViT-B-16-SigLIP2")
ARCHITECTURES = (*OURS, *THEIRS)
OWN_TOKENIZER = ("SigLIP2",)  # in the names of those whose tokenizer does not come with open_clip
NOTHING = -1.0  # the least cosine where a cost is measured and nothing is promised


@dataclass(frozen=True, slots=True)
class Trial:
    """One encoder under proof: the original, where its files go, and what it is asked."""

    exportable: Exportable
    folder: Path
    photos: Images
    sentences: list[str]
    want: Answers

    def row(self, way: str, encoder: Encoder, export_s: float, least: float) -> tuple[Row, Answers]:
        """Ask an export and judge it."""
        began = time.perf_counter()
        got = ask(encoder, self.photos, self.sentences)
        run_s = time.perf_counter() - began
        verdict = compare(self.want, got)
        complaints = verdict.complaints(least)
        if least == NOTHING:
            complaints = [one for one in complaints if "nan" in one or "length" in one]
        spec = encoder.spec
        operations, largest = _inside(encoder, self.folder)
        row = Row(
            way,
            operations,
            size_of_files(self.folder, spec, isinstance(encoder, MilEncoder)),
            export_s,
            run_s,
            (verdict.photos.worst, verdict.sentences.worst),
            verdict.top_10,
            largest,
            tuple(complaints),
        )
        return row, got


def exportable_of(architecture: str, folder: Path) -> Exportable:
    """The architecture with random weights of seed 0. Raises BadData, which names those we know."""
    if architecture in SIZES and architecture not in THEIRS:
        return of_ours(architecture, find() / "tokenizer.bpe", architecture)
    if architecture not in ARCHITECTURES:
        raise BadData(
            f"Nothing is promised of {architecture}. There are: {', '.join(ARCHITECTURES)}."
        )
    tokenizer = None
    if any(part in architecture for part in OWN_TOKENIZER):
        tokenizer = folder / "learnt.json"
        learn_tokenizer((one.sentence for one in draw_varied(SAMPLES, (32, 24))), tokenizer)
    return of_open_clip(architecture, tokenizer=tokenizer)


def begun(architecture: str, folder: Path, count: int) -> Trial:
    """Build, wake and ask the original. Raises DegenerateEncoder."""
    folder.mkdir(parents=True, exist_ok=True)
    exportable = exportable_of(architecture, folder)
    photos, sentences = samples(exportable.spec, PICTURES + count)
    wake(exportable, photos, sentences)
    photos, sentences = photos[PICTURES:], sentences[PICTURES:]  # none that it was woken with
    want = ask(ReferenceEncoder(exportable), photos, sentences)
    refuse_degenerate(want, WOKEN)
    return Trial(exportable, folder, photos, sentences, want)


def prove(
    architecture: str, folder: Path, count: int, faults: int, say: Callable[[str], None]
) -> Proof:
    """All that there is to measure of one architecture."""
    trial = begun(architecture, folder, count)
    spread = spread_of(trial.want.photos).cosine, spread_of(trial.want.sentences).cosine
    say(f"{architecture}: awake, spread {spread[0]:.3f} and {spread[1]:.3f}")
    rows: list[Row] = []

    def note(row: Row) -> None:
        rows.append(row)
        say(
            f"  {row.way}: worst {row.worst[0]:.6f} and {row.worst[1]:.6f}, top 10 {row.top_10:.4f}"
        )

    ways: tuple[tuple[str, Weights, float], ...] = (
        ("ONNX, float32", "full", FULL),
        ("ONNX, int8 weights", "int8", NOTHING),
        ("ONNX, float16 weights", "half", HALF),  # the last: its files stay beside the packages
    )
    for way, weights, least in ways:
        began = time.perf_counter()
        spec = write_onnx(trial.exportable, folder, weights)
        spec.write(folder)
        note(trial.row(way, OnnxEncoder(folder), time.perf_counter() - began, least)[0])
    export_s = packaged(trial, spec, 16)
    runs: tuple[tuple[str, Precision], ...] = (
        ("Core ML, run in float32", "float32"),
        ("Core ML, rounded to float16", "float16"),
    )
    for way, precision in runs:
        row, got = trial.row(way, MilEncoder(folder, precision), export_s, HALF)
        note(row)
    broken = None
    if faults:
        broken = break_packages(folder, trial.photos, trial.sentences, trial.want, got, faults)
        say(f"  faults: {broken.planted} planted, unseen: {list(broken.unseen) or 'none'}")
    narrow: tuple[tuple[str, Bits], ...] = (
        ("Core ML, int8 weights", "int8"),
        ("Core ML, palette of 8 bits", 8),
        ("Core ML, palette of 6 bits", 6),
    )
    for way, bits in narrow:
        export_s = packaged(trial, spec, bits)
        note(trial.row(way, MilEncoder(folder, "float32"), export_s, NOTHING)[0])
    return Proof(architecture, spread, tuple(rows), broken)


def packaged(trial: Trial, spec: EncoderSpec, bits: Bits) -> float:
    """Write the packages and name them in the manifest; gives the seconds that it took."""
    began = time.perf_counter()
    coreml = write_coreml(trial.exportable, trial.folder, bits)
    replace(spec, coreml=coreml).write(trial.folder)
    return time.perf_counter() - began


def size_of_files(folder: Path, spec: EncoderSpec, packages: bool) -> int:
    """Bytes of both towers, as ONNX or as packages."""
    if packages and spec.coreml:
        trees = (folder / spec.coreml.image, folder / spec.coreml.text)
        files = [file for tree in trees for file in tree.rglob("*") if file.is_file()]
    else:
        files = [folder / spec.image.file, folder / spec.text.file]
    return sum(file.stat().st_size for file in files)


def _inside(encoder: Encoder, folder: Path) -> tuple[tuple[int, int], tuple[float, float] | None]:
    """Operations of each tower, and the largest activation that each met, where that is known."""
    if isinstance(encoder, MilEncoder):
        image, text = encoder.towers()
        largest = max(image.largest.values()), max(text.largest.values())
        return (image.operations.total(), text.operations.total()), largest
    files = (folder / encoder.spec.image.file, folder / encoder.spec.text.file)
    graphs = [onnx.load(file, load_external_data=False).graph for file in files]
    return (len(graphs[0].node), len(graphs[1].node)), None


def main() -> None:
    """Prove what is named, print the table, keep the figures; status 1 where something fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("architecture", nargs="*", default=ARCHITECTURES, help="all by default")
    parser.add_argument("--out", type=Path, default=Path("build/prove-export"))
    parser.add_argument("--samples", type=int, default=SAMPLES, help="photos, and sentences")
    parser.add_argument("--faults", type=int, default=12, help="a tower; 0 for none")
    parser.add_argument("--page", type=Path, help="a page whose tables are made anew")
    options = parser.parse_args()
    torch.set_num_threads(1)
    wrong: list[str] = []
    for name in options.architecture:
        folder = options.out / name
        proof = prove(name, folder, options.samples, options.faults, _say)
        proof.write(options.out / "figures")
        _say(table_of([proof]))
        wrong += proof.complaints()
        if options.page:
            put_into(options.page, options.out / "figures", ARCHITECTURES)
    for one in wrong:
        print(one, file=sys.stderr)
    sys.exit(1 if wrong else 0)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    as_script(main)
