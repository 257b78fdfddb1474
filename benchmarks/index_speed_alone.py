"""What indexing is made of, each thing alone, and the plain loop that indexing is compared with.

    python benchmarks/index_speed_alone.py steps PATHS ENCODER FOLDER SHARE
    python benchmarks/index_speed_alone.py encode ENCODER
    python benchmarks/index_speed_alone.py plain PATHS ENCODER
    python benchmarks/index_speed_alone.py export ENCODER

`index_speed.py` starts these, one or several side by side, so that each has a process of its own
and torch meets nobody. PATHS is a file with a path a line. Each prints one JSON object.
"""

import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

ENCODE_S = 4.0  # CPU seconds of encoding are enough to know what a photo costs
ROWS = 8  # photos that are encoded at once, by indexing and by the plain loop alike
ARCHITECTURE = "ViT-B-32-256"  # of open_clip: an encoder as heavy as people's usual ones


class Steps:
    """CPU seconds by step, of all threads of this process; a step in another counts once."""

    def __init__(self) -> None:
        self.cost: dict[str, float] = defaultdict(float)
        self._inner = 0.0  # what steps within the one under way took

    def watch(self, owner: Any, name: str, step: str) -> None:
        """Count what the function `name` of a module or class takes as `step`."""
        function: Callable[..., Any] = getattr(owner, name)

        def timed(*arguments: Any, **more: Any) -> Any:
            outer, self._inner = self._inner, 0.0
            began = time.process_time()
            try:
                return function(*arguments, **more)
            finally:
                took = time.process_time() - began
                self.cost[step] += took - self._inner
                self._inner = outer + took

        setattr(owner, name, timed)


def steps(paths: Sequence[str], encoder: Path, folder: Path) -> dict[str, float]:
    """Do what a decoder process does for `paths`, thumbnails in `folder`; CPU seconds by step."""
    from indexer import decoder, picture
    from models.spec import EncoderSpec

    picture.prepare()
    spec = asdict(EncoderSpec.read(encoder).image)
    counted = Steps()
    counted.watch(picture, "read_file", "read")
    counted.watch(picture, "content_hash", "hash")
    counted.watch(picture.OpenedPhoto, "__init__", "decode")
    counted.watch(picture.OpenedPhoto, "decode", "decode")
    counted.watch(picture.OpenedPhoto, "metadata", "metadata")
    counted.watch(decoder, "_write_thumbnails", "thumbnails")
    counted.watch(decoder, "preprocess", "square")
    counted.watch(decoder, "_answer", "the rest")
    for path in paths:
        asked = {"what": "index", "path": path, "spec": spec, "library": str(folder)}
        decoder._answer(BytesIO(), asked)
    return counted.cost


def encode(encoder: Path) -> dict[str, float]:
    """CPU seconds that a photo costs on one thread."""
    import numpy as np

    from models.onnx import OnnxEncoder

    tower = OnnxEncoder(encoder, threads=1)
    side = tower.spec.image.side
    squares = np.random.default_rng(0).integers(0, 256, (ROWS, 3, side, side), np.uint8)
    tower.images(squares)
    began, photos = time.process_time(), 0
    while time.process_time() - began < ENCODE_S:
        tower.images(squares)
        photos += ROWS
    return {"photo_s": (time.process_time() - began) / photos}


def plain(paths: Sequence[str], encoder: Path) -> dict[str, int]:
    """Decode whole with Pillow on threads, eight photos at a time, and encode those."""
    import numpy as np
    import pillow_heif
    from PIL import Image, ImageOps

    from models.onnx import OnnxEncoder
    from models.preprocess import preprocess

    pillow_heif.register_heif_opener()
    cores = os.cpu_count() or 1
    tower = OnnxEncoder(encoder, threads=cores)

    def square(path: str) -> Any:
        with Image.open(path) as image:
            return preprocess(ImageOps.exif_transpose(image).convert("RGB"), tower.spec.image)

    vectors = []
    with ThreadPoolExecutor(cores) as threads:
        for at in range(0, len(paths), ROWS):
            squares = list(threads.map(square, paths[at : at + ROWS]))
            vectors.append(tower.images(np.stack(squares)))
    return {"indexed": len(np.concatenate(vectors))}


def export(folder: Path) -> dict[str, str]:
    """Write the architecture with random weights: the work is that of trained ones."""
    from models.export_onnx import write_onnx
    from models.exportable import of_open_clip

    spec = write_onnx(of_open_clip(ARCHITECTURE), folder, "full")
    replace(spec, name=folder.name).sealed().write(folder)
    return {"name": folder.name}


def main(arguments: list[str]) -> int:
    """Play one role; the exit status."""
    role, *given = arguments
    if role == "export":
        print(json.dumps(export(Path(given[0]))))
    elif role == "encode":
        print(json.dumps(encode(Path(given[0]))))
    else:
        paths = Path(given[0]).read_text("utf-8").splitlines()
        if role == "plain":
            print(json.dumps(plain(paths, Path(given[1]))))
        else:
            first, of = map(int, given[3].split("/"))
            print(json.dumps(steps(paths[first::of], Path(given[1]), Path(given[2]))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
