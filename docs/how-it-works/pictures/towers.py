"""Two towers and one space: the picture of the first chapter."""

import math
import textwrap

from card import BLUE, GREEN, INK, LINE, ORANGE, QUIET, arrow, blank, box, drawn, save, show


def main() -> None:
    """Draw it."""
    figure, axes = blank(7.2, 3.5)
    picture, sentence = drawn(0)
    show(axes, picture, (0.25, 2.05, 1.35, 1.01))
    axes.text(0.92, 1.85, "a file", ha="center", color=QUIET, fontsize=9)
    lines = textwrap.fill(f"“{sentence}”", 18)
    axes.text(0.92, 0.78, lines, ha="center", va="center", fontsize=9.5)
    axes.text(0.92, 0.14, "words", ha="center", color=QUIET, fontsize=9)
    for y, colour, tower in ((2.25, BLUE, "image\ntower"), (0.48, ORANGE, "text\ntower")):
        arrow(axes, (1.72, y + 0.3), (2.0, y + 0.3))
        box(axes, (2.02, y, 1.0, 0.6), tower, colour)
        arrow(axes, (3.02, y + 0.3), (3.3, y + 0.3))
        box(axes, (3.32, y, 1.02, 0.6), "linear\nprojection", colour, 9)
    x, y, radius = 5.95, 1.67, 1.08
    turns = [math.tau * step / 200 for step in range(201)]
    circle = [x + radius * math.cos(t) for t in turns], [y + radius * math.sin(t) for t in turns]
    axes.plot(*circle, color=LINE, linewidth=1.5)
    for degrees in (95, 140, 200, 250, 300, 338):
        turn = math.radians(degrees)
        spot = x + radius * math.cos(turn), y + radius * math.sin(turn)
        axes.plot(*spot, "o", color=LINE, markersize=5)
    for degrees, colour in ((50, BLUE), (32, ORANGE)):
        turn = math.radians(degrees)
        spot = x + radius * math.cos(turn), y + radius * math.sin(turn)
        arrow(axes, (x, y), spot, colour)
        axes.plot(*spot, "o", color=colour, markersize=7)
    arrow(axes, (4.36, 2.55), (5.0, 2.32), BLUE)
    arrow(axes, (4.36, 0.78), (5.0, 1.02), ORANGE)
    axes.text(x, y - 0.35, "small angle:\nthey belong together", fontsize=8.5, color=GREEN,
              va="center", ha="center")  # fmt: skip
    axes.text(x, 0.3, "one space, unit length", ha="center", color=QUIET, fontsize=9)
    axes.text(3.2, 1.67, "no weight is shared,\nno layer knows of the other side", ha="center",
              va="center", color=INK, fontsize=9)  # fmt: skip
    save(figure, "towers")


if __name__ == "__main__":
    main()
