"""Draw the ten best photos of each query on one sheet, with their scores, for people to look at."""

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.encoder import Encoder, Vectors
from models.photo_files import Source
from models.photo_vectors import encode_photos, encode_texts, picture

BEST = 10
TILE, GAP = 128, 8  # px
TITLE, SCORE = 26, 16  # px, the heights of the two lines of text
PAPER, INK, QUIET = (250, 250, 250), (30, 30, 30), (120, 120, 120)


def contact_sheet(
    encoder: Encoder, source: Source, queries: Sequence[str], pool: Executor
) -> Image.Image:
    """The sheet for all photos of `source`. Raises KnownError if none can be read."""
    photos = encode_photos(encoder, source, source.names(), pool)
    texts = encode_texts(encoder, queries, pool)
    return drawn_sheet(source, photos.names, texts @ photos.vectors.T, queries)


def drawn_sheet(
    source: Source, names: Sequence[str], scores: Vectors, queries: Sequence[str]
) -> Image.Image:
    """A row a query: its words, the best of the (q, n) scores, each score under its photo."""
    high = TITLE + TILE + SCORE + GAP
    wide = GAP + BEST * (TILE + GAP)
    sheet = Image.new("RGB", (wide, GAP + high * len(queries)), PAPER)
    pen = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(16), ImageFont.load_default(11)
    for number, (query, row) in enumerate(zip(queries, scores, strict=True)):
        top = GAP + number * high
        pen.text((GAP, top), query, INK, large)
        for place, at in enumerate(np.argsort(-row, kind="stable")[:BEST]):
            left = GAP + place * (TILE + GAP)
            sheet.paste(tile(source, names[at], TILE), (left, top + TITLE))
            pen.text((left, top + TITLE + TILE + 1), f"{row[at]:.3f}", QUIET, small)
    return sheet


def tile(source: Source, name: str, side: int) -> Image.Image:
    """The photo within a square of `side` px, on paper."""
    small = picture(source, name, side)
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    square = Image.new("RGB", (side, side), PAPER)
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return square
