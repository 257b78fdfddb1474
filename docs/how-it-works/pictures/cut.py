"""Scores of a thousand photos for two queries, and the cut. Reads what `figures.py` measured."""

import json

import numpy as np
from card import BLUE, HERE, QUIET, RED, save
from matplotlib.figure import Figure

MEASURED = HERE.parent / "measure" / "results" / "encoder.json"


def main() -> None:
    """Draw it."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))["photos"]["cut"]
    edges = np.array(measured["bins"])
    figure = Figure(figsize=(7.2, 3.0))
    for place, (query, counts) in enumerate(measured["histograms"].items()):
        axes = figure.add_axes((0.04 + 0.49 * place, 0.2, 0.44, 0.64))
        above = edges[:-1] >= measured["cut_z"]
        axes.bar(edges[:-1], counts, width=np.diff(edges), align="edge",
                 color=[BLUE if is_above else "#c9c6bd" for is_above in above])  # fmt: skip
        axes.axvline(measured["cut_z"], color=RED, linewidth=1.2)
        passing = measured["queries"][query]["pass"]
        axes.set_title(f"“{query}”: {passing} above", fontsize=10.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlim(-4, 8)
    figure.text(0.5, 0.03, "spreads above the middle of the background; the red line is the cut",
                ha="center", color=QUIET, fontsize=9)  # fmt: skip
    save(figure, "cut")


if __name__ == "__main__":
    main()
