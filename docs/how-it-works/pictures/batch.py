"""The batch before and after learning, and what temperature does: two pictures of one chapter.

Reads what `measure/temperature.py` wrote.
"""

import json

import numpy as np
from card import BLUE, HERE, LINE, ORANGE, PAPER, QUIET, save
from matplotlib.figure import Figure

MEASURED = HERE.parent / "measure" / "results" / "temperature.json"
COSINES = np.array([0.31, 0.27, 0.22, 0.18, 0.12])  # what one photo might say to five sentences
SCALES = (1, 14.3, 100)


def matrices() -> None:
    """Sixteen pictures (down) against their sixteen sentences (across), twice."""
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    figure = Figure(figsize=(7.2, 3.7))
    for place, (key, title) in enumerate((("before", "first weights"), ("after", "learnt"))):
        axes = figure.add_axes((0.07 + 0.44 * place, 0.1, 0.39, 0.76))
        drawn = axes.imshow(np.array(measured[key]), cmap="viridis", vmin=-0.4, vmax=1)
        axes.set_title(title, fontsize=11)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("16 sentences")
        if place == 0:
            axes.set_ylabel("their 16 pictures")
    scale = figure.add_axes((0.93, 0.14, 0.016, 0.68))
    figure.colorbar(drawn, cax=scale)
    scale.set_title("cosine", fontsize=8)
    scale.tick_params(labelsize=8)
    save(figure, "batch")


def softmaxes() -> None:
    """The same five cosines at three scales."""
    figure = Figure(figsize=(7.2, 2.9))
    for place, scale in enumerate(SCALES):
        axes = figure.add_axes((0.07 + 0.31 * place, 0.17, 0.27, 0.64))
        odds = np.exp(scale * (COSINES - COSINES.max()))
        shares = odds / odds.sum()
        bars = axes.bar(range(5), shares, color=[ORANGE, *[BLUE] * 4], width=0.7)
        axes.bar_label(bars, [f"{share:.2f}" for share in shares], fontsize=8.5, padding=2)
        axes.set_ylim(0, 1.1)
        axes.set_xticks(range(5), [f"{cosine:.2f}" for cosine in COSINES], fontsize=8.5)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_color(LINE)
        axes.set_title(f"scale {scale:g}", fontsize=11)
        axes.set_facecolor(PAPER)
    figure.text(0.5, 0.03, "cosine of one picture with five sentences", ha="center", color=QUIET,
                fontsize=9)  # fmt: skip
    save(figure, "softmax")


if __name__ == "__main__":
    matrices()
    softmaxes()
