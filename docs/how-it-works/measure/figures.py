"""Measure the default encoder anew and write the figures into the pages.

    python docs/how-it-works/measure/figures.py \\
        --flickr8k flickr8k.zip flickr8k.tsv --composition composition.zip composition.tsv

Without photos (both options can be left out) only what needs none is measured, and the figures
that do need them leave the pages. Two minutes on one core. `--pages-only` measures nothing and
writes the pages from what was measured before.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from pair_figures import pair_figures
from photo_figures import photo_figures
from questions import KINDS, Question
from results import write
from tables import renew_pages
from word_figures import word_figures

from models.encoder import Encoder, Vectors
from models.installed import find
from models.onnx import OnnxEncoder
from models.preprocess import preprocess

PICTURE = Path(__file__).resolve().parents[1] / "pictures" / "cut.py"
ASKED = 200
SIZE = (160, 160)  # px
KNOWN = ("object", "colour", "number", "which has which colour", "left or right")


def drawn_figures(encoder: Encoder) -> dict[str, float]:
    """The share of right answers to each kind of question about drawn pictures."""
    return {kind: right(encoder, KINDS[kind](ASKED, SIZE)) for kind in (*KNOWN, "with or without")}


def right(encoder: Encoder, asked: list[Question]) -> float:
    """The share of questions where the true sentence scores higher."""
    photos = encoder.images(
        np.stack([preprocess(one.picture, encoder.spec.image) for one in asked])
    )
    true = encoder.texts([one.true for one in asked])
    false = encoder.texts([one.false for one in asked])
    return float(((photos * true).sum(1) > (photos * false).sum(1)).mean())


def background(folder: Path, encoder: Encoder) -> tuple[Vectors, float]:
    """The bank of photos by which this encoder's cut is measured, and where the cut is."""
    calibration = encoder.spec.calibration
    if calibration is None:
        raise SystemExit(f"{encoder.spec.name} is not calibrated: it has no cut to measure.")
    return np.load(folder / calibration.bank).astype(np.float32), calibration.cut_z


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """All figures of the default encoder that can be had."""
    folder = find()
    encoder = OnnxEncoder(folder)
    figures: dict[str, Any] = {
        "encoder": encoder.spec.name,
        "digest": encoder.spec.digest,
        "drawn": drawn_figures(encoder),
        "words": word_figures(encoder),
    }
    if options.flickr8k:
        bank, cut_z = background(folder, encoder)
        archive, table = options.flickr8k
        figures["photos"] = photo_figures(encoder, archive, table, bank, cut_z)
    if options.composition:
        archive, table = options.composition
        figures["pairs"] = pair_figures(encoder, archive, table)
    return figures


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flickr8k", nargs=2, type=Path, metavar=("ZIP", "TSV"))
    parser.add_argument("--composition", nargs=2, type=Path, metavar=("ZIP", "TSV"))
    parser.add_argument("--pages-only", action="store_true")
    options = parser.parse_args()
    if not options.pages_only:
        write("encoder", measured(options))
        if options.flickr8k:  # a process of its own: it needs matplotlib, which we do not
            subprocess.run([sys.executable, str(PICTURE)], check=True)
    renew_pages()


if __name__ == "__main__":
    main()
