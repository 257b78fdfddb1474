"""What width and depth buy, against the clock. Reads what `measure/width_or_depth.py` wrote."""

import json

from card import BLUE, HERE, ORANGE, QUIET, save
from matplotlib.figure import Figure

MEASURED = HERE.parent / "measure" / "results" / "width_or_depth.json"


def main() -> None:
    """Draw it."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    figure = Figure(figsize=(7.2, 3.4))
    axes = figure.add_axes((0.1, 0.16, 0.86, 0.76))
    for one in measured.values():
        colour = ORANGE if one["layers"] > 2 else BLUE
        found, ms = one["found"], one["picture_ms"]
        axes.plot([ms] * len(found["values"]), found["values"], "o", color=colour, alpha=0.35)
        axes.plot(ms, found["mean"], "_", color=colour, markersize=22, markeredgewidth=2)
        label = f"{one['width']} wide, {one['layers']} deep"
        axes.annotate(label, (ms, max(found["values"])), xytext=(0, 9), ha="center",
                      textcoords="offset points", fontsize=9, color=colour)  # fmt: skip
    axes.set_xlabel("milliseconds a picture, image tower, one core")
    axes.set_ylabel("found first")
    axes.margins(x=0.14, y=0.14)
    axes.text(0.99, 0.03, "a dot a seed, a bar their mean", transform=axes.transAxes, ha="right",
              color=QUIET, fontsize=8.5)  # fmt: skip
    save(figure, "growth")


if __name__ == "__main__":
    main()
