"""Write a trained Clip as an encoder: two ONNX towers, a manifest, and proof that they agree.

    python -m models.export --run runs/both --tokenizer tokenizer.bpe --out sightword-small \\
        --photos flickr8k.zip --captions flickr8k.tsv --packs *.bin

The proof is over real photos and sentences: each vector of ONNX Runtime against torch's. A tower
that differs is not exported: ParityError.
"""

import argparse
import io
import json
import shutil
import warnings
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torch import Tensor, nn

from models import calibrate
from models.clip import Clip
from models.conv_tower import ImageConfig
from models.data import Photos, captions_of, open_packs
from models.encoder import Images, Vectors
from models.errors import BadData, ParityError
from models.evaluate import Retrieval, retrieval
from models.onnx import OnnxEncoder
from models.photo_files import Source, source_of
from models.preprocess import preprocess
from models.script import as_script
from models.spec import Calibration, EncoderSpec, ImageSpec, TextSpec, sha256_of
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer
from models.train import clip_of

LEAST_COSINE = 0.999  # half precision weights cost under 0.0001 of it; a wrong layer costs far more
LICENCE = "Research and personal use: its photos came under such terms."
IMAGE, TEXT, TOKENS, BANK = "image.onnx", "text.onnx", "tokenizer.bpe", "background.npy"
BANK_SIZE = 2000  # photos: 1 MB, and a median that moves little with the choice of photos
OPSET = 17  # LayerNormalization came with it; ONNX Runtime knows it since 1.12


class Pictures(nn.Module):
    """The image half of a Clip as a module of its own, as the exporter wants it."""

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self.clip = clip

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, s, s) uint8 -> (n, d)."""
        return self.clip.images(images)


class Sentences(nn.Module):
    """The text half."""

    def __init__(self, clip: Clip) -> None:
        super().__init__()
        self.clip = clip

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, l) int64 -> (n, d)."""
        return self.clip.texts(tokens)


def export(clip: Clip, spec: EncoderSpec, tokenizer: Path, folder: Path) -> EncoderSpec:
    """Write both towers, the tokenizer and the manifest to `folder`. Gives the finished spec."""
    folder.mkdir(parents=True, exist_ok=True)
    size = spec.image.side
    pixels = torch.zeros(2, 3, size, size, dtype=torch.uint8)
    tokens = torch.ones(2, spec.text.context_length, dtype=torch.int64)
    axes = {"images": {0: "n"}, "tokens": {0: "n", 1: "l"}, "vectors": {0: "n"}}
    write_tower(Pictures(clip), pixels, "images", axes, folder / IMAGE)
    write_tower(Sentences(clip), tokens, "tokens", axes, folder / TEXT)
    shutil.copyfile(tokenizer, folder / TOKENS)
    image = replace(spec.image, file=IMAGE, sha256=sha256_of(folder / IMAGE))
    text = replace(spec.text, tokenizer=TOKENS, file=TEXT, sha256=sha256_of(folder / TEXT))
    finished = replace(spec, image=image, text=text).sealed()
    finished.write(folder)
    return finished


def write_tower(
    tower: nn.Module, example: Tensor, name: str, axes: dict[str, dict[int, str]], path: Path
) -> None:
    """Trace one tower to ONNX, any number of rows, and store its weights in half precision."""
    tower.eval()  # the wrapper too: the exporter gives its mode back to all that is inside
    with warnings.catch_warnings():
        # The new exporter needs one more package and gives the same graph for towers so plain.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            tower,
            (example,),
            str(path),
            input_names=[name],
            output_names=["vectors"],
            dynamic_axes={name: axes[name], "vectors": axes["vectors"]},
            opset_version=OPSET,
            dynamo=False,
        )
    path.write_bytes(in_half(onnx.load(path)).SerializeToString())


def in_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with matrices and kernels stored as float16 and widened when it is loaded.

    It halves the file. The arithmetic stays float32, so the only loss is the weights' rounding.
    """
    half = onnx.ModelProto()
    half.CopyFrom(model)
    widen = []
    for weight in half.graph.initializer:
        if weight.data_type != TensorProto.FLOAT or len(weight.dims) < 2:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        stored = numpy_helper.from_array(values.astype(np.float16), f"{name}.half")
        weight.CopyFrom(stored)
        widen.append(helper.make_node("Cast", [stored.name], [name], to=TensorProto.FLOAT))
    nodes = [*widen, *half.graph.node]
    del half.graph.node[:]
    half.graph.node.extend(nodes)
    onnx.checker.check_model(half)
    return half


def prove(clip: Clip, folder: Path, pictures: Images, sentences: list[str]) -> dict[str, float]:
    """The least cosine of each exported tower to its torch original. Raises ParityError.

    The ten nearest pictures of each sentence must be the same as well, but for near ties.
    """
    encoder = OnnxEncoder(folder)
    tokenizer = Tokenizer.read(folder / encoder.spec.text.tokenizer)
    tokens = torch.from_numpy(tokenizer.batch(sentences, encoder.spec.text.context_length))
    clip.eval()
    with torch.inference_mode():
        parts = torch.from_numpy(pictures).tensor_split(len(pictures) // 64 + 1)
        want_images = torch.cat([clip.images(part) for part in parts]).numpy()
        want_texts = clip.texts(tokens).numpy()
    got_images, got_texts = encoder.images(pictures), encoder.texts(sentences)
    least = {
        "image": float((want_images * got_images).sum(axis=1).min()),
        "text": float((want_texts * got_texts).sum(axis=1).min()),
        "top_10": same_top_10(want_texts @ want_images.T, got_texts @ got_images.T),
    }
    for name, cosine in least.items():
        if not cosine >= LEAST_COSINE:  # also true for NaN
            raise ParityError(f"{folder}, {name}: {cosine:.6f} is under {LEAST_COSINE}")
    return least


def same_top_10(want: NDArray[np.float32], got: NDArray[np.float32]) -> float:
    """The least score, against the tenth best, of what `got` puts among the ten: 1 is the same.

    Two photos whose scores differ in the fourth digit may change places; nothing more may.
    """
    k = min(10, want.shape[1])
    tenth = np.sort(want, axis=1)[:, -k]
    chosen = np.argsort(-got, axis=1)[:, :k]
    short = tenth - np.take_along_axis(want, chosen, axis=1).min(axis=1)
    return float(1 - max(short.max(), 0.0) / 4)  # 0.004 in cosine is all that LEAST_COSINE allows


def read_photos(source: Source, files: list[str], spec: ImageSpec) -> Images:
    """(n, 3, s, s) uint8 of photos by their file names, as the application preprocesses them.

    Raises BadData.
    """
    names = {Path(name).name: name for name in source.names()}
    return np.stack(
        [
            preprocess(Image.open(io.BytesIO(source.read(names.get(file, file)))), spec)
            for file in files
        ]
    )


def background(encoder: OnnxEncoder, photos: Photos, seed: int) -> NDArray[np.float16]:
    """(b, d) vectors of photos from all packs, as many of each as there are packs to share."""
    rng = np.random.default_rng(seed)
    share = BANK_SIZE // len(photos.packs)
    rows = []
    for pack in photos.packs:
        some = np.sort(rng.permutation(len(pack.pixels))[:share])
        squares = [
            preprocess(Image.fromarray(pack.pixels[row]), encoder.spec.image) for row in some
        ]
        rows.append(encoder.images(np.stack(squares)))
    return np.concatenate(rows).astype(np.float16)


def measure(
    encoder: OnnxEncoder, source: Source, captions: Path
) -> tuple[Vectors, Vectors, NDArray[np.int64], Retrieval]:
    """Photos, captions and owners of the dev split, and how well they find each other."""
    of_photo = captions_of(captions, "dev")
    files = sorted(of_photo)
    if not files:
        raise BadData(f"{captions} has no captions of split dev to measure with.")
    vectors = encoder.images(read_photos(source, files, encoder.spec.image))
    sentences = [caption for file in files for caption in of_photo[file]]
    owner = np.repeat(np.arange(len(files)), [len(of_photo[file]) for file in files])
    texts = encoder.texts(sentences)
    return vectors, texts, owner, retrieval(vectors, texts, owner)


def draft(name: str, clip_side: int, context_length: int, dimension: int) -> EncoderSpec:
    """The spec of an encoder of ours before its files are written."""
    config = ImageConfig()
    image = ImageSpec(clip_side, config.mean, config.std, "bicubic", "short-side", "", "")
    text = TextSpec(context_length, "", "", "", ("LATIN",))
    return EncoderSpec(name, dimension, image, text, None, LICENCE, "")


def main() -> None:
    """Export, prove, calibrate, measure; print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path, nargs="+", help="later ones win")
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--photos", required=True, type=Path, help="folder or zip; of split dev")
    parser.add_argument("--captions", required=True, type=Path, help="file, split, caption")
    parser.add_argument("--packs", required=True, nargs="+", type=Path)
    options = parser.parse_args()
    text_config = TextConfig(vocabulary=Tokenizer.read(options.tokenizer).size)
    clip = clip_of(options.run, text_config, dimension=256)
    spec = draft(options.out.name, ImageConfig().side, text_config.context_length, 256)
    spec = export(clip, spec, options.tokenizer, options.out)
    encoder = OnnxEncoder(options.out, threads=2)
    source = source_of(options.photos)
    photos, texts, owner, figures = measure(encoder, source, options.captions)
    bank = background(encoder, open_packs(options.packs), seed=0)
    np.save(options.out / BANK, bank)
    cut = calibrate.fit(photos, texts, owner, bank.astype(np.float32))
    replace(spec, calibration=Calibration(BANK, cut.cut_z)).write(options.out)
    some = sorted(captions_of(options.captions, "dev").items())[:64]
    pictures = read_photos(source, [file for file, _ in some], spec.image)
    proof = prove(clip, options.out, pictures, [texts[0] for _, texts in some])
    print(json.dumps({"proof": proof, "cut": asdict(cut), **figures}, indent=2))


if __name__ == "__main__":
    as_script(main)
