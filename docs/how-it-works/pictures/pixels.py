"""From a file to numbers: the picture of the second chapter."""

from card import BLUE, GREEN, QUIET, RED, arrow, blank, drawn, pixels_of, save, show
from PIL import Image

from models.preprocess import middle, short_side_to

SIDE = 128  # px
PATCH = (84, 68, 8)  # left, top, side in px of the part that is looked at closely


def main() -> None:
    """Draw it."""
    figure, axes = blank(7.2, 3.4)
    picture, _ = drawn(0, (640, 427))
    sized = picture.resize(short_side_to(SIDE, *picture.size), Image.Resampling.BICUBIC)
    left, top, right, bottom = middle(SIDE, *sized.size)
    square = sized.crop((left, top, right, bottom))
    show(axes, picture, (0.25, 1.5, 2.1, 1.4))
    axes.text(1.3, 1.28, "640 x 427", ha="center", color=QUIET, fontsize=9)
    unit = 1.4 / SIDE
    show(axes, sized, (2.75, 1.5, sized.width * unit * 0.72, 1.4 * 0.72))
    edge = 2.75 + left * unit * 0.72
    across = SIDE * unit * 0.72
    axes.plot([edge, edge + across, edge + across, edge, edge], [1.5, 1.5, 2.51, 2.51, 1.5],
              color=RED, linewidth=1.5, zorder=4)  # fmt: skip
    axes.text(3.5, 1.28, f"short side to 128: {sized.width} x {sized.height},\nthe middle is kept",
              ha="center", va="top", color=QUIET, fontsize=9)  # fmt: skip
    arrow(axes, (2.4, 2.0), (2.7, 2.0))
    arrow(axes, (4.32, 2.0), (4.62, 2.0))
    values = pixels_of(square)
    tints = (("Reds_r", RED, "red"), ("Greens_r", GREEN, "green"), ("Blues_r", BLUE, "blue"))
    for channel, (tint, colour, name) in enumerate(tints):
        x, y = 4.7 + 0.22 * channel, 2.15 - 0.3 * channel
        axes.imshow(values[:, :, channel], cmap=tint, vmin=0, vmax=255, zorder=5 + channel,
                    extent=(x, x + 1.0, y, y + 1.0), aspect="auto")  # fmt: skip
        axes.text(x + 1.05, y + 0.85, name, color=colour, fontsize=8.5)
    axes.text(5.45, 1.28, "3 x 128 x 128 bytes", ha="center", color=QUIET, fontsize=9)
    x, y, side = PATCH
    close = values[y : y + side, x : x + side, 0]
    for row in range(3):
        numbers = "  ".join(f"{value:3d}" for value in close[row])
        axes.text(5.0, 0.62 - 0.2 * row, numbers, family="DejaVu Sans Mono", fontsize=9.5,
                  ha="center")  # fmt: skip
    axes.text(2.9, 0.42, "some of the red ones,\nwhere the head begins", ha="right", va="center",
              color=QUIET, fontsize=9)  # fmt: skip
    axes.set_xlim(0, 7.2)
    axes.set_ylim(0, 3.4)
    save(figure, "pixels")


if __name__ == "__main__":
    main()
