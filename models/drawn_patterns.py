"""Patterns for `models.drawn`: stripes, checks, dots, rings and clouds, each with a true sentence.

The scenes show things before smooth skies; many of them share most of their pixels. Patterns share
nothing: colour, scale and direction are all drawn. Whoever wants pictures that lie far apart, as
the gate does, takes both.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from models.drawn_parts import COLOURS
from models.drawn_sheet import Sheet

Grid = NDArray[np.float64]  # (h, w)

FINE = 160  # cells along the shorter side: patterns are made so large and then scaled
SCALES = {"wide": 0.5, "broad": 0.3, "narrow": 0.14, "fine": 0.07}  # a period, in shorter sides
SLANTS = {"upright": 0.0, "slanting": math.pi / 4, "level": math.pi / 2, "leaning": -math.pi / 4}


def stripes(sheet: Sheet) -> str:
    """Stripes of two colours in one of four directions."""
    one, other, scale, period = _choices(sheet)
    slant = sheet.chance.choice(list(SLANTS))
    x, y = _places(sheet)
    along = x * math.cos(SLANTS[slant]) + y * math.sin(SLANTS[slant])
    sheet.mixture(_sharp(np.sin(math.tau * along / period)), COLOURS[one], COLOURS[other])
    return f"{scale} {slant} stripes in {one} and {other}"


def checks(sheet: Sheet) -> str:
    """A board of two colours."""
    one, other, scale, period = _choices(sheet)
    x, y = _places(sheet)
    board = np.sin(math.tau * x / period) * np.sin(math.tau * y / period)
    sheet.mixture(_sharp(board), COLOURS[one], COLOURS[other])
    return f"a board of {scale} checks in {one} and {other}"


def dots(sheet: Sheet) -> str:
    """Dots of one colour on another."""
    one, other, scale, period = _choices(sheet)
    x, y = _places(sheet)
    spot = np.cos(math.tau * x / period) + np.cos(math.tau * y / period) - 0.6
    sheet.mixture(_sharp(spot), COLOURS[one], COLOURS[other])
    return f"{scale} {other} dots on {one} cloth"


def rings(sheet: Sheet) -> str:
    """Rings about a point anywhere in the picture."""
    one, other, scale, period = _choices(sheet)
    x, y = _places(sheet)
    left = sheet.chance.random() < 0.5
    middle = sheet.wide * (0.25 if left else 0.75), sheet.high * sheet.chance.uniform(0.2, 0.8)
    away = np.hypot(x - middle[0], y - middle[1])
    sheet.mixture(_sharp(np.sin(math.tau * away / period)), COLOURS[one], COLOURS[other])
    return f"{scale} {one} and {other} rings around a point on the {'left' if left else 'right'}"


def clouds(sheet: Sheet) -> str:
    """Clouds of one colour in another: noise, coarse or fine."""
    one, other, scale, period = _choices(sheet)
    noise = np.random.default_rng(sheet.chance.randrange(2**32))
    shape = (max(2, round(2 * sheet.high / period)), max(2, round(2 * sheet.wide / period)))
    sheet.mixture(noise.random(shape), COLOURS[one], COLOURS[other])
    return f"{scale} clouds of {other} smoke in {one} light"


def _choices(sheet: Sheet) -> tuple[str, str, str, float]:
    """Two colours, and a scale: its name and how long a period it means."""
    one, other = sheet.chance.sample(list(COLOURS), 2)
    scale = sheet.chance.choice(list(SCALES))
    return one, other, scale, SCALES[scale] * sheet.chance.uniform(0.85, 1.15)


def _places(sheet: Sheet) -> tuple[Grid, Grid]:
    """Where each cell lies, x and y in shorter sides, moved a little: no two begin alike."""
    h, w = round(FINE * sheet.high), round(FINE * sheet.wide)
    y, x = np.mgrid[0:h, 0:w] / FINE
    return x + sheet.chance.random(), y + sheet.chance.random()


def _sharp(wave: Grid) -> Grid:
    """A wave about 0 as a share 0..1 with steep but not jagged edges."""
    return np.clip(wave * 4 + 0.5, 0.0, 1.0)


PATTERNS: tuple[Callable[[Sheet], str], ...] = (stripes, checks, dots, rings, clouds)
