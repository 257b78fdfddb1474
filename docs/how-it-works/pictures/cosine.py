"""Three arrows on a circle: the picture of the chapter on cosine."""

import math

from card import BLUE, GREEN, LINE, ORANGE, QUIET, RED, arrow, blank, save

ARROWS = (
    ((0.6, 0.8), BLUE, "a photo  [0.6, 0.8]", (0.1, 0.16), "left"),
    ((0.5, 0.866), ORANGE, "“a dog”  [0.5, 0.866]", (-0.05, 0.32), "right"),
    ((0.8, -0.6), RED, "“a receipt”  [0.8, -0.6]", (0.08, -0.08), "left"),
)


def main() -> None:
    """Draw it."""
    figure, axes = blank(7.2, 3.6)
    x, y, radius = 3.0, 1.8, 1.4
    turns = [math.tau * step / 200 for step in range(201)]
    axes.plot([x + radius * math.cos(t) for t in turns], [y + radius * math.sin(t) for t in turns],
              color=LINE)  # fmt: skip
    for (across, up), colour, name, (dx, dy), side in ARROWS:
        end = x + radius * across, y + radius * up
        arrow(axes, (x, y), end, colour)
        axes.text(end[0] + dx, end[1] + dy, name, color=colour, ha=side, va="center")
    axes.text(4.5, 2.05, "7° apart: cosine .993", color=GREEN)
    axes.text(4.5, 1.78, "90° apart: cosine 0", color=QUIET)
    axes.text(4.5, 1.51, "180° apart: cosine -1", color=QUIET)
    save(figure, "cosine")


if __name__ == "__main__":
    main()
