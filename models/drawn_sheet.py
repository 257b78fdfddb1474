"""A sheet to draw on in units of its shorter side, so that a scene fits any size and shape."""

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFont

Colour = tuple[int, int, int]  # RGB, 0..255
Point = tuple[float, float]  # x, y in units of the shorter side, from the top left

SMOOTH_PIXELS = 1_500_000  # up to here drawn twice as large, then halved: smooth edges
GRAIN = 5.0  # standard deviation of the noise, out of 255: a camera's, and no two files alike
GRAIN_SIDE = 64  # the noise is a small tile, repeated: drawing fresh noise took half of the time


class Sheet:
    """An RGB picture in the making, with a source of chance that the seed determines."""

    def __init__(self, size: tuple[int, int], chance: random.Random) -> None:
        """`size` is (width, height) in pixels."""
        self.chance = chance
        self._factor = 2 if size[0] * size[1] <= SMOOTH_PIXELS else 1
        self._picture = Image.new("RGB", (size[0] * self._factor, size[1] * self._factor))
        self._unit = min(self._picture.size)
        self._pen = ImageDraw.Draw(self._picture)
        self.wide = self._picture.width / self._unit
        self.high = self._picture.height / self._unit

    def finished(self) -> Image.Image:
        """The picture at its true size, with a little grain."""
        picture = self._picture if self._factor == 1 else self._picture.reduce(self._factor)
        noise = np.random.default_rng(self.chance.randrange(2**32))
        tile = noise.normal(128.0, GRAIN, (GRAIN_SIDE, GRAIN_SIDE)).astype(np.uint8)
        repeats = (-(-picture.height // GRAIN_SIDE), -(-picture.width // GRAIN_SIDE))
        grain = Image.fromarray(np.tile(tile, repeats)[: picture.height, : picture.width])
        return ImageChops.add(picture, Image.merge("RGB", [grain] * 3), offset=-128)

    def band(self, top: float, bottom: float, upper: Colour, lower: Colour) -> None:
        """Fill the whole width between two heights with a gradient."""
        first, last = round(top * self._unit), round(bottom * self._unit)
        part = np.linspace(0.0, 1.0, max(1, last - first))[:, None]
        rows = np.array(upper) * (1 - part) + np.array(lower) * part  # (h, 3) 0..255
        strip = Image.fromarray(rows.astype(np.uint8)[:, None, :])
        self._picture.paste(strip.resize((self._picture.width, strip.height)), (0, first))

    def mixture(self, part: NDArray[np.float64], one: Colour, other: Colour) -> None:
        """Fill the sheet with a mix of two colours: `part` (h, w), 0..1, is the other's share."""
        mask = Image.fromarray(np.rint(part * 255).astype(np.uint8))
        mask = mask.resize(self._picture.size, Image.Resampling.BICUBIC)
        ground, figure = (Image.new("RGB", self._picture.size, colour) for colour in (one, other))
        self._picture.paste(Image.composite(figure, ground, mask))

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """An ellipse about (x, y)."""
        self._pen.ellipse(self._pixels([(x - rx, y - ry), (x + rx, y + ry)]), fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A circle about (x, y)."""
        self.oval(x, y, radius, radius, colour)

    def box(
        self, left: float, top: float, right: float, bottom: float, colour: Colour, bend: float = 0
    ) -> None:
        """A rectangle whose corners are rounded by `bend`."""
        edges = self._pixels([(left, top), (right, bottom)])
        self._pen.rounded_rectangle(edges, radius=bend * self._unit, fill=colour)

    def shape(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled polygon."""
        self._pen.polygon(self._pixels(points), fill=colour)

    def half_disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """The upper half of a circle about (x, y)."""
        edges = self._pixels([(x - radius, y - radius), (x + radius, y + radius)])
        self._pen.pieslice(edges, 180, 360, fill=colour)

    def stroke(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """A line through the points, round at the bends."""
        thick = max(1, round(width * self._unit))
        self._pen.line(self._pixels(points), fill=colour, width=thick, joint="curve")

    def words(self, x: float, y: float, text: str, height: float, colour: Colour) -> None:
        """Text centred on (x, y)."""
        font = ImageFont.load_default(max(6.0, height * self._unit))
        self._pen.text((x * self._unit, y * self._unit), text, colour, font, anchor="mm")

    def _pixels(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._unit, y * self._unit) for x, y in points]
