"""Does decoding small cost less, and do photos stay what they are to the encoder?

    python benchmarks/decoding.py [--photos FOLDER] [--count 100]

Each photo becomes the encoder's square twice: decoded whole, as a plain program would, and as the
indexer does it: JPEG scaled by its blocks, HEIC from a preview that is large enough, everything
else averaged strip by strip. Printed are CPU time and the cosine between the default encoder's
vectors of both. Ends with status 1 where the first percentile of a kind lies below .99. Then the
parts of what a 12 MP photo costs.

    python benchmarks/decoding.py --memory     # what `indexer.need` says, beside what is taken
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image

from benchmarks.photo_set import Wanted, make
from indexer import picture
from indexer.colour import to_srgb
from indexer.decoder import SMALLER
from indexer.errors import UnreadablePhoto
from indexer.need import bytes_to_decode
from indexer.scan import EXTENSIONS
from indexer.thumbnails import QUALITY, SIDES, thumbnail_size
from models.installed import find
from models.onnx import OnnxEncoder
from models.preprocess import preprocess
from models.spec import ImageSpec
from tests.wide_gamut import p3_profile

BOUND = 0.99  # cosine to full decoding, at the first percentile
TURNS = 9
Square = NDArray[np.uint8]  # (3, s, s)
PREVIEW_PX = 1080  # the long side of the previews that we put into HEICs


def main() -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, help="a folder of photos, beside generated ones")
    parser.add_argument("--count", type=int, default=100, help="generated photos")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--memory-of", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    picture.prepare()
    if given.memory_of:
        return memory_of(given.memory_of)
    with tempfile.TemporaryDirectory() as scratch:
        if given.memory:
            return memory(Path(scratch))
        photos = make(Path(scratch), Wanted(given.count, given.count // 5, seed=11))
        with_previews(photos, Path(scratch))
        groups = by_kind(sorted(Path(scratch).glob("*/*")), "generated")
        if given.photos:
            own = [one for one in given.photos.rglob("*") if one.suffix.lower() in EXTENSIONS]
            groups |= by_kind(sorted(own), "given")
        within = print_cosines(groups)
        print_parts(next(one for one in photos if one.stat().st_size > 2 << 20))
    return 0 if within else 1


def with_previews(photos: list[Path], scratch: Path) -> None:
    """Some of the JPEGs again, as HEICs that bring a preview."""
    folder = scratch / "previews"
    folder.mkdir()
    for path in [one for one in photos if one.suffix == ".jpg"][:40]:
        with Image.open(path) as image:
            image.thumbnail((2400, 2400))
            image.info["thumbnails"] = [PREVIEW_PX]
            image.save(folder / f"{path.stem}.heic", quality=60, enc_params={"preset": "ultrafast"})


def by_kind(photos: list[Path], whose: str) -> dict[str, list[Path]]:
    """Photos by what is done to them."""
    groups: dict[str, list[Path]] = defaultdict(list)
    for path in photos:
        kind = path.suffix.lower().lstrip(".")
        if path.parent.name == "previews":
            kind += ", preview"
        elif kind == "jpg" and path.stat().st_size > 2 << 20:
            kind += ", 12 MP"
        groups[f"{whose} {kind}"].append(path)
    return dict(groups)


def print_cosines(groups: dict[str, list[Path]]) -> bool:
    """The table; whether all is within the bound."""
    encoder = OnnxEncoder(find(), threads=1)
    spec, within = encoder.spec.image, True
    print("| photos | | full CPU ms | small CPU ms | cheaper | cosine min | 1st % | median |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind, photos in groups.items():
        costs: list[tuple[float, float]] = []
        squares: list[tuple[Square, Square]] = []
        for path in photos:
            data = path.read_bytes()
            try:
                whole, whole_s = timed(partial(square_of_whole, data, spec))
                small, small_s = timed(partial(square_of_small, data, spec))
            except UnreadablePhoto:
                continue
            costs.append((whole_s, small_s))
            squares.append((whole, small))
        if not squares:
            continue
        rows = [encoder.images(np.stack(column)) for column in zip(*squares, strict=True)]
        cosines = np.sort((rows[0] * rows[1]).sum(axis=1))
        first = cosines[int(len(cosines) * 0.01)]
        within &= bool(first >= BOUND)
        full, little = (1000 * float(np.mean(column)) for column in zip(*costs, strict=True))
        print(
            f"| {kind} | {len(cosines)} | {full:.1f} | {little:.1f} | {full / little:.1f} x "
            f"| {cosines[0]:.4f} | {first:.4f} | {np.median(cosines):.4f} |"
        )
    return within


def square_of_whole(data: bytes, spec: ImageSpec) -> Square:
    """From all pixels, each in its own colour."""
    whole = picture.OpenedPhoto(data, previews=False).decode()
    return preprocess(picture.for_encoder(whole), spec)


def square_of_small(data: bytes, spec: ImageSpec) -> Square:
    """As the indexer makes it."""
    opened = picture.OpenedPhoto(data)
    small = opened.decode(opened.size_of(max(2 * spec.side, SIDES[-1])), SMALLER)
    return preprocess(picture.for_encoder(small), spec)


def timed(run: Callable[[], Square]) -> tuple[Square, float]:
    """What `run` gives, and the CPU seconds of all threads that worked for it."""
    began_s = time.process_time()
    return run(), time.process_time() - began_s


def print_parts(path: Path) -> None:
    """CPU ms of each part of indexing one photo, without the encoder; medians."""
    spec = OnnxEncoder(find()).spec.image
    data = path.read_bytes()
    opened = picture.OpenedPhoto(data)
    size = opened.size_of(max(2 * spec.side, SIDES[-1]))
    small = opened.decode(size, SMALLER)
    large, little = (
        small.resize(thumbnail_size(*opened.stored, side), SMALLER) for side in reversed(SIDES)
    )
    wide = p3_profile()
    parts: dict[str, Callable[[], object]] = {
        "read": lambda: picture.read_file(path),
        "hash": lambda: picture.content_hash(data),
        "header and metadata": lambda: picture.OpenedPhoto(data).metadata(path),
        "decode, shrink and turn": lambda: picture.OpenedPhoto(data).decode(size, SMALLER),
        "(the same, but whole)": lambda: picture.OpenedPhoto(data).decode(),
        "(colours of Display P3, if it has them)": lambda: to_srgb(small, wide),
        "thumbnails": lambda: thumbnails(small, large.size, little.size),
        "mean colour": lambda: picture.mean_rgb(small),
        "the encoder's square": lambda: preprocess(small, spec),
    }
    print(f"\nA photo of {opened.width} x {opened.height}, {len(data) / 1e6:.1f} MB: CPU ms")
    for name, run in parts.items():
        times = []
        for _ in range(TURNS):
            began_s = time.thread_time()
            run()
            times.append(time.thread_time() - began_s)
        print(f"| {name} | {1000 * median(times):.1f} |")


def thumbnails(small: Image.Image, large: tuple[int, int], little: tuple[int, int]) -> None:
    """Both, as files in memory."""
    for size in (large, little):
        if small.size != size:
            small = small.resize(size, SMALLER, reducing_gap=2.0)
        small.save(BytesIO(), "JPEG", quality=QUALITY)


def memory(scratch: Path) -> int:
    """Each kind at 24 MP in a process of its own; the exit status."""
    rough = Image.effect_noise((600, 400), 60).resize((6000, 4000)).convert("RGB")
    clear = rough.copy()
    clear.putalpha(128)
    many = {"progressive": True, "subsampling": 0}
    whole = {"compression": "tiff_adobe_deflate", "tiffinfo": {278: 4000}}
    for name, image, how in (
        ("rgb.jpg", rough, {}),
        ("scans.jpg", rough, many),
        ("rgb.png", rough, {"compress_level": 1}),
        ("rgba.png", clear, {"compress_level": 1}),
        ("rgb.webp", rough, {"method": 0}),
        ("rgba.webp", clear, {"method": 0}),
        ("rgb.heic", rough, {"enc_params": {"preset": "ultrafast"}}),
        ("rgba.heic", clear, {"enc_params": {"preset": "ultrafast"}}),
        ("rgb.avif", rough, {"speed": 10}),
        ("rgba.avif", clear, {"speed": 10}),
        ("rows.tif", rough, {"compression": "tiff_lzw"}),
        ("whole.tif", rough, whole),
        ("grey.gif", rough.convert("P"), {}),
        ("rgb.bmp", rough, {}),
    ):
        image.save(scratch / name, **how)
    print("| | said, MB | taken, MB |")
    print("|---|---:|---:|")
    failed = 0
    for path in sorted(scratch.iterdir()):
        command = [sys.executable, __file__, "--memory-of", str(path)]
        failed |= subprocess.run(command).returncode
    return failed


def memory_of(path: Path) -> int:
    """Decode one picture whole and print; 1 where it takes more than was said. Linux only."""
    data = path.read_bytes()
    Path("/proc/self/clear_refs").write_text("5")
    before = held_kb("VmRSS")
    opened = picture.OpenedPhoto(data)
    said = bytes_to_decode(opened.image, opened.stored) / 1e6
    opened.image.load()
    taken = (held_kb("VmHWM") - before) * 1024 / 1e6
    print(f"| {path.name} | {said:.0f} | {taken:.0f} |", flush=True)
    return int(taken > said * 1.05 + 10)


def held_kb(what: str) -> int:
    """A line of /proc/self/status."""
    return int(Path("/proc/self/status").read_text().partition(f"{what}:")[2].split()[0])


if __name__ == "__main__":
    sys.exit(main())
