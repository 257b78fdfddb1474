"""Thousands of small photos from a seed, no two alike, made quickly: for proofs of the indexer."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (192, 144)  # px
CELLS = (8, 6)  # of random colours, which are blown up to a picture
IN_A_FOLDER = 100
FIRST_DAY = datetime(2015, 1, 1, tzinfo=UTC)


def write_photos(root: Path, count: int, seed: int) -> None:
    """`count` JPEGs below `root`, a hundred a folder, an hour apart by their file times."""
    for number in range(count):
        folder = root / f"{number // IN_A_FOLDER:03}"
        if number % IN_A_FOLDER == 0:
            folder.mkdir(parents=True, exist_ok=True)
        write_photo(folder / f"{number:05}.jpg", (seed, number))
        taken_s = (FIRST_DAY + timedelta(hours=number)).timestamp()
        os.utime(folder / f"{number:05}.jpg", (taken_s, taken_s))


def write_photo(path: Path, seed: tuple[int, ...]) -> None:
    """The photo of `seed`, some 5 KB; the kind is that of the name."""
    chance = np.random.default_rng(seed)
    cells = chance.integers(0, 256, (CELLS[1], CELLS[0], 3), np.uint8)
    Image.fromarray(cells).resize(SIZE, Image.Resampling.BICUBIC).save(path, quality=85)
