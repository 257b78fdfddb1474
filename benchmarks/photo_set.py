"""Make a set of photos like people's own, of any length, for benchmarks of indexing.

Photos of strangers can't travel with the project, and drawn pictures are too smooth: their files
are small and their decoding is quick. So a few masters are drawn large and roughened with texture
of all sizes and the noise of a sensor, until 12 megapixels take 3 to 5 MB as a camera writes them.
Each photo is a cutting of one, a little lighter or darker, turned by EXIF as phones do it. The
same seed makes the same set on one machine.

    python benchmarks/photo_set.py FOLDER --photos 2000 --large 300
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

LARGE = (4000, 3000)  # 12 MP, as most phones and many cameras have
SMALL = ((1024, 768), (1200, 900), (1280, 960), (1600, 1200), (1620, 1080), (2000, 1500))
KINDS = ("jpg",) * 17 + ("png", "heic", "webp")  # of the smaller photos; the large ones are JPEGs
TURNS = (1, 1, 1, 1, 1, 6, 6, 8, 3, 1)  # EXIF orientations; a third of photos lies on its side
MASTERS = 6
SPARE = 1.15  # a master is so much larger than the largest cutting
TEXTURE = {64: 16.0, 16: 11.0, 4: 10.0, 2: 9.0}  # px a grain: how strong, of 255
NOISE = 3.5  # of the sensor, of 255
FIRST_DAY = datetime(2016, 1, 1, 9, 0, 0)
DONE = "set.txt"  # what the finished set was made of: a set that is whole is not made again


@dataclass(frozen=True, slots=True)
class Wanted:
    """A set: how many photos, how many of them of 12 MP, and which of all sets of this kind."""

    photos: int
    large: int
    seed: int = 0

    def __str__(self) -> str:
        return f"{self.photos} photos, {self.large} large, seed {self.seed}, made as of version 1"


def make(folder: Path, wanted: Wanted) -> list[Path]:
    """The photos of a set, made below `folder` unless they lie there already; by name."""
    note = folder / DONE
    if not note.exists() or note.read_text("utf-8") != str(wanted):
        folder.mkdir(parents=True, exist_ok=True)
        note.unlink(missing_ok=True)
        for old in folder.glob("*/*"):
            old.unlink()
        _make_all(folder, wanted)
        note.write_text(str(wanted), "utf-8")
    return sorted(folder.glob("*/*"))


def _make_all(folder: Path, wanted: Wanted) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    order = random.Random(f"set {wanted.seed}")
    is_large = [number < wanted.large for number in range(wanted.photos)]
    order.shuffle(is_large)  # mixed, as they are in life
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        masters = list(threads.map(partial(_master, wanted.seed), range(MASTERS)))
        photo = partial(_photo, folder, wanted.seed, masters)
        list(threads.map(photo, range(wanted.photos), is_large))


def _master(seed: int, number: int) -> list[Image.Image]:
    """A drawn scene with what a lens and a sensor add: of 1, 4 and 16 MP."""
    from models.drawn import draw

    size = round(LARGE[0] * SPARE), round(LARGE[1] * SPARE)
    w, h = size
    scene = draw(7919 * seed + number, (w // 4, h // 4)).picture
    pixels = np.asarray(scene.resize(size, Image.Resampling.BICUBIC), np.float32)
    chance = np.random.default_rng((seed, number))
    grain = sum((_grain(chance, size, px, strong) for px, strong in TEXTURE.items()), start=0.0)
    # Photos have calm places and busy ones: sky beside leaves.
    busy = np.clip(0.5 + _grain(chance, size, 256, 0.6), 0.05, 1.2)
    noise = chance.standard_normal((h, w, 1), np.float32) * NOISE
    rough = pixels + (busy * grain)[..., None] + noise
    master = Image.fromarray(np.clip(rough, 0, 255).astype(np.uint8))
    return [master.reduce(4), master.reduce(2), master]


def _grain(
    chance: np.random.Generator, size: tuple[int, int], px: int, strong: float
) -> NDArray[np.float32]:
    """(h, w) float32 around 0: noise whose grains measure `px`."""
    w, h = size
    small = chance.standard_normal((-(-h // px), -(-w // px)), np.float32) * strong
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))


def _photo(
    folder: Path, seed: int, masters: list[list[Image.Image]], number: int, is_large: bool
) -> None:
    """Cut, light, turn and save photo `number`; its file time is when it was taken."""
    chance = random.Random(f"photo {seed} {number}")
    kind = "jpg" if is_large else chance.choice(KINDS)
    w, h = LARGE if is_large else chance.choice(SMALL)
    sizes = masters[number % len(masters)]
    # A small photo shows as much of the world as a large one: the smallest that it fits into.
    master = next(one for one in sizes if one.width >= w and one.height >= h)
    left, top = chance.randint(0, master.width - w), chance.randint(0, master.height - h)
    picture = master.crop((left, top, left + w, top + h))
    gain, lift = chance.uniform(0.8, 1.15), chance.uniform(-12, 12)
    light = [max(0, min(255, round(value * gain + lift))) for value in range(256)]
    picture = picture.point(light * 3)
    taken = FIRST_DAY + timedelta(minutes=chance.randrange(8 * 365 * 24 * 60))
    path = folder / str(taken.year) / f"IMG_{number:05d}.{kind}"
    path.parent.mkdir(exist_ok=True)
    _save(picture, path, _exif(taken, chance))
    os.utime(path, (taken.timestamp(), taken.timestamp()))


def _exif(taken: datetime, chance: random.Random) -> Image.Exif:
    exif = Image.Exif()
    written = taken.strftime("%Y:%m:%d %H:%M:%S")
    exif[ExifTags.Base.Make], exif[ExifTags.Base.Model] = "Sightword", "Drawn 12"
    exif[ExifTags.Base.Orientation] = chance.choice(TURNS)
    exif[ExifTags.Base.DateTime] = written
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    inner[ExifTags.Base.DateTimeOriginal] = written
    inner[ExifTags.Base.ISOSpeedRatings] = chance.choice((50, 100, 400, 1600))
    gps = exif.get_ifd(ExifTags.IFD.GPSInfo)
    gps[ExifTags.GPS.GPSLatitudeRef], gps[ExifTags.GPS.GPSLongitudeRef] = "N", "E"
    gps[ExifTags.GPS.GPSLatitude] = (float(chance.randint(36, 60)), 30.0, 0.0)
    gps[ExifTags.GPS.GPSLongitude] = (float(chance.randint(1, 40)), 15.0, 0.0)
    return exif


def _save(picture: Image.Image, path: Path, exif: Image.Exif) -> None:
    match path.suffix:
        case ".png":
            picture.save(path, exif=exif, compress_level=1)
        case ".webp":
            picture.save(path, exif=exif, quality=80, method=0)
        case ".heic":
            picture.save(path, exif=exif, quality=60, enc_params={"preset": "ultrafast"})
        case _:
            picture.save(path, exif=exif, quality=92)


def main() -> int:
    """Make a set and say what is in it; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--photos", type=int, default=2000)
    parser.add_argument("--large", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.monotonic()
    photos = make(given.folder, Wanted(given.photos, given.large, given.seed))
    bytes_of = [path.stat().st_size for path in photos]
    print(
        f"{len(photos):,} photos, {sum(bytes_of) / 1e6:,.0f} MB, {time.monotonic() - began:.1f} s"
    )
    for kind, count in sorted(Counter(path.suffix for path in photos).items()):
        print(f"{kind:<6}{count:>7,}")
    print(f"the largest file has {max(bytes_of, default=0) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
