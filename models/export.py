"""Write a trained Clip as an encoder: its towers, a manifest, and proof that they agree.

    python -m models.export --run runs/both --tokenizer tokenizer.bpe --out sightword-small \\
        --photos flickr8k.zip --captions flickr8k.tsv --packs *.bin

The proof is over real photos and sentences: vectors of ONNX Runtime, and of Core ML's packages as
`models.mil` runs them, against torch's. Then the tail of a search is fitted and recall measured.
"""

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from models import calibrate
from models.conv_tower import ImageConfig
from models.data import open_packs
from models.export_coreml import Bits
from models.export_encoder import Formats, Samples, export_measured
from models.export_measure import background, dev_captions, measure, read_photos
from models.exportable import Exportable, of_ours
from models.onnx import OnnxEncoder
from models.photo_files import Source, source_of
from models.script import as_script
from models.sizes import Size
from models.spec import Calibration
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer
from models.train import clip_of

DIMENSION = 256
LICENCE = "Research and personal use: its photos came under such terms."
BANK = "background.npy"
ASKED = 200  # dev photos, each with its first caption
ASKED_OF_NARROW = 1000  # with all captions: half a point of recall must be told from chance

CORE_ML: dict[str, Bits | None] = {"16": 16, "8": 8, "6": 6, "int8": "int8", "none": None}


def asked(exportable: Exportable, source: Source, captions: Path, formats: Formats) -> Samples:
    """What the gate asks: photos of the dev split, and their sentences. Raises BadData."""
    is_narrow = formats.onnx == "int8" or formats.coreml not in (16, None)
    of_photo = dev_captions(captions, ASKED_OF_NARROW if is_narrow else ASKED)
    photos = read_photos(source, list(of_photo), exportable.spec.image)
    told = [several if is_narrow else several[:1] for several in of_photo.values()]
    owner = np.repeat(np.arange(len(told)), [len(several) for several in told])
    return Samples(photos, [one for several in told for one in several], owner)


def main() -> None:
    """Export, prove, calibrate, measure; print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, nargs="+", help="later ones win")
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--photos", required=True, type=Path, help="folder or zip; of split dev")
    parser.add_argument("--captions", required=True, type=Path, help="file, split, caption")
    parser.add_argument("--packs", required=True, nargs="+", type=Path)
    add_formats(parser)
    options = parser.parse_args()
    text = TextConfig(vocabulary=Tokenizer.read(options.tokenizer).size)
    clip = clip_of(options.run, text, DIMENSION)
    size = Size(ImageConfig(), text, DIMENSION)
    exportable = of_ours(size, options.tokenizer, options.out.name, clip, licence=LICENCE)
    source = source_of(options.photos)
    formats = formats_of(options)
    samples = asked(exportable, source, options.captions, formats)
    exported = export_measured(exportable, options.out, formats, samples)
    encoder = OnnxEncoder(options.out, threads=2)
    photos, texts, owner, figures = measure(encoder, source, options.captions)
    bank = background(encoder, open_packs(options.packs), seed=0)
    np.save(options.out / BANK, bank)
    cut = calibrate.fit(photos, texts, owner, bank.astype(np.float32))
    replace(exported.spec, calibration=Calibration(BANK, cut.cut_z)).write(options.out)
    print(json.dumps({"proof": exported.figures(), "cut": asdict(cut), **figures}, indent=2))


def add_formats(parser: argparse.ArgumentParser) -> None:
    """The options that say how weights are stored."""
    parser.add_argument("--onnx", choices=("half", "full", "int8"), default="half")
    # Narrow, so that both formats of the default encoder fit into 30 MB.
    parser.add_argument(
        "--coreml", choices=tuple(CORE_ML), default="int8", help="none: no packages"
    )
    parser.add_argument("--shaped", action="store_true", help="for the Neural Engine; unproven")


def formats_of(options: argparse.Namespace) -> Formats:
    """What `add_formats` read."""
    return Formats(options.onnx, CORE_ML[options.coreml], options.shaped)


if __name__ == "__main__":
    as_script(main)
