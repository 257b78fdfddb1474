"""Draw small pictures with true sentences, for tests, benchmarks and the pages of the project.

Photos of strangers cannot travel with the project; these can. A seed gives one picture and one
English sentence that is true of it, byte for byte the same each time on one machine. Needs Pillow
and numpy only. The scenes themselves are in `drawn_places` and `drawn_things`, and patterns for
those who want pictures that have little in common in `drawn_patterns`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from PIL import ExifTags, Image

from models.drawn_patterns import PATTERNS
from models.drawn_places import PLACES
from models.drawn_sheet import Sheet
from models.drawn_things import THINGS

FIRST_DAY = datetime(2018, 1, 1, 8, 0, 0)
DAYS = 2500  # the dates of a drawn folder spread over about seven years
OUTING = 12  # photos in a row that were taken on one day
SCENES = tuple(scene for pair in zip(THINGS, PLACES, strict=True) for scene in pair)
FORMATS = ("jpg", "jpg", "jpg", "png", "webp")  # cycled: most photos are JPEGs, as in real folders


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture, and a sentence that is true of it."""

    picture: Image.Image  # RGB
    sentence: str


@dataclass(frozen=True, slots=True)
class DrawnPhoto:
    """A drawn picture as a file: where it lies, what it shows, when its EXIF says it was taken."""

    path: Path
    sentence: str
    taken: datetime


def draw(seed: int, size: tuple[int, int] = (320, 240)) -> Drawn:
    """Draw the picture of `seed`, `size` pixels (width, height).

    >>> draw(7, (64, 48)).picture.size
    (64, 48)
    """
    chance = random.Random(seed)
    sheet = Sheet(size, chance)
    sentence = SCENES[seed % len(SCENES)](sheet)
    return Drawn(sheet.finished(), sentence)


def draw_varied(count: int, size: tuple[int, int] = (320, 240)) -> list[Drawn]:
    """`count` pictures no two of which have the same sentence: scenes and patterns by turns.

    The same ones each time; a longer list begins like a shorter one.
    """
    varied: list[Drawn] = []
    told: set[str] = set()
    seed = 0
    while len(varied) < count:
        drawn = _pattern(seed, size) if len(varied) % 2 else draw(seed, size)
        seed += 1
        if drawn.sentence not in told:
            told.add(drawn.sentence)
            varied.append(drawn)
    return varied


def _pattern(seed: int, size: tuple[int, int]) -> Drawn:
    """The pattern of `seed`."""
    chance = random.Random(f"pattern {seed}")
    sheet = Sheet(size, chance)
    sentence = chance.choice(PATTERNS)(sheet)
    return Drawn(sheet.finished(), sentence)


def draw_folder(
    folder: Path,
    count: int,
    seed: int = 0,
    size: tuple[int, int] = (320, 240),
    formats: Sequence[str] = FORMATS,
) -> list[DrawnPhoto]:
    """Write `count` drawn photos into `folder`, made where needed; return them in order of name.

    Every fourth stands upright (portrait). The names tell nothing of the content. Dates are in
    EXIF: a dozen photos share a day, the days are in no order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    photos = []
    for number in range(count):
        # A step of 7919 (a prime) keeps the pictures of two small seeds apart.
        upright = number % 4 == 3
        drawn = draw(seed * 7919 + number, (size[1], size[0]) if upright else size)
        taken = _taken(seed, number)
        path = folder / f"photo-{number:05d}.{formats[number % len(formats)]}"
        _save(drawn.picture, path, taken)
        photos.append(DrawnPhoto(path, drawn.sentence, taken))
    return photos


def _taken(seed: int, number: int) -> datetime:
    """An outing of a few photos, each some minutes after the last."""
    outing, minute = divmod(number, OUTING)
    chance = random.Random(f"outing {seed} {outing}")
    start = timedelta(days=chance.randrange(DAYS), minutes=chance.randrange(9 * 60), seconds=outing)
    return FIRST_DAY + start + timedelta(minutes=7 * minute)


def _save(picture: Image.Image, path: Path, taken: datetime) -> None:
    exif = Image.Exif()
    written = taken.strftime("%Y:%m:%d %H:%M:%S")
    exif[ExifTags.Base.DateTime] = written
    exif[ExifTags.Base.Make] = "Sightword"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = written
    if path.suffix == ".png":
        picture.save(path, exif=exif, compress_level=1)  # the default takes three times as long
    elif path.suffix == ".webp":
        picture.save(path, exif=exif, quality=80, method=0)
    else:
        picture.save(path, exif=exif, quality=88)
