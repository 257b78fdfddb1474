"""What the lesson's pictures share: a light card that reads well on light and on dark pages."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2]))

import matplotlib as mpl  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from PIL import Image  # noqa: E402

from models.drawn import draw  # noqa: E402

PAPER, INK, QUIET, LINE = "#fbfaf6", "#26262c", "#74747e", "#d8d5cb"
BLUE, ORANGE, GREEN, RED = "#2f6db5", "#d9772b", "#3f8f5a", "#b8433f"
LARGE_BYTES = 60_000
DPI = 120  # 7.2 inches are 864 px: sharp in a page, and small

mpl.use("Agg")
mpl.rcParams.update(
    {
        "figure.facecolor": PAPER,
        "axes.facecolor": PAPER,
        "axes.edgecolor": QUIET,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "text.color": INK,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "font.family": "DejaVu Sans",
        "font.size": 10,
    }
)


def blank(width_in: float, height_in: float) -> tuple[Figure, Axes]:
    """A card to draw on freely, in units of inches from the bottom left."""
    figure = Figure(figsize=(width_in, height_in))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width_in)
    axes.set_ylim(0, height_in)
    axes.axis("off")
    return figure, axes


def box(
    axes: Axes, at: tuple[float, float, float, float], words: str, colour: str, size: float = 10
) -> None:
    """A rounded box (left, bottom, width, height) with words in it."""
    left, bottom, w, h = at
    shape = mpl.patches.FancyBboxPatch(
        (left, bottom),
        w,
        h,
        boxstyle="round,pad=0,rounding_size=0.08",
        facecolor=f"{colour}22",
        edgecolor=colour,
        linewidth=1.2,
    )
    axes.add_patch(shape)
    axes.text(left + w / 2, bottom + h / 2, words, ha="center", va="center", fontsize=size)


def arrow(
    axes: Axes, start: tuple[float, float], end: tuple[float, float], colour: str = QUIET
) -> None:
    """An arrow from here to there."""
    style = {"arrowstyle": "-|>", "color": colour, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", end, start, arrowprops=style)


def show(axes: Axes, picture: Image.Image, at: tuple[float, float, float, float]) -> None:
    """Paste a picture at (left, bottom, width, height)."""
    left, bottom, w, h = at
    axes.imshow(picture, extent=(left, left + w, bottom, bottom + h), zorder=3, aspect="auto")


def drawn(seed: int, size: tuple[int, int] = (240, 180)) -> tuple[Image.Image, str]:
    """A picture of our generator and its sentence."""
    one = draw(seed, size)
    return one.picture, one.sentence


def pixels_of(picture: Image.Image) -> NDArray[np.uint8]:
    """(h, w, 3) RGB 0..255."""
    return np.asarray(picture)


def save(figure: Figure, name: str) -> None:
    """Write the picture; a large one in few enough colours to be small."""
    path = HERE / f"{name}.png"
    figure.savefig(path, dpi=DPI)
    if path.stat().st_size > LARGE_BYTES:
        with Image.open(path) as picture:
            few = picture.convert("RGB").quantize(255, dither=Image.Dither.NONE)
        few.save(path, optimize=True)
    print(path.name, f"{path.stat().st_size // 1024} kB")
