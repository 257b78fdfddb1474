"""Draw the log of one training or of several as curves.

python -m models.curve runs/image runs/text --out curve.png
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.errors import BadData
from models.script import as_script

NO_LOSS = {"step", "rate", "seconds"}
SMOOTH = 0.75  # share of the past in the bold line

Line = Mapping[str, float]


def read_log(run: Path) -> list[Line]:
    """The lines of a run's log, one a step. Raises BadData.

    A run that was killed and went on from its checkpoint wrote some steps twice: the later counts.
    The line that it was killed in is half a line, and left out.
    """
    path = run / "log.jsonl"
    lines: dict[int, Line] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadData(f"{path} can not be read: {error.strerror}. Was anything trained?") from error
    for row in text.splitlines():
        try:
            line = json.loads(row)
            lines[int(line["step"])] = line
        except (ValueError, KeyError, TypeError):
            continue
    if not lines:
        raise BadData(f"{path} holds no step yet.")
    return [lines[step] for step in sorted(lines)]


def smoothed(values: Sequence[float]) -> list[float]:
    """A running mean that forgets.

    >>> smoothed([1.0, 0.0, 0.0])
    [1.0, 0.75, 0.5625]
    """
    smooth: list[float] = []
    for value in values:
        smooth.append(SMOOTH * smooth[-1] + (1 - SMOOTH) * value if smooth else value)
    return smooth


def draw(axes: Axes, run: Path) -> None:
    """One run: each loss by step, faint as logged and bold as smoothed; the rate behind them."""
    log = read_log(run)
    steps = [line["step"] for line in log]
    for name in [name for name in log[-1] if name not in NO_LOSS]:
        values = [line.get(name, float("nan")) for line in log]
        (bold,) = axes.plot(steps, smoothed(values), label=name)
        axes.plot(steps, values, color=bold.get_color(), alpha=0.25, linewidth=0.8)
    rate = axes.twinx()
    rate.plot(steps, [line["rate"] for line in log], color="grey", linestyle=":", linewidth=0.8)
    rate.set_ylabel("learning rate (dotted)")
    axes.set(title=run.name, xlabel="step", ylabel="loss")
    axes.legend()


def curves(runs: Sequence[Path], out: Path) -> None:
    """Write one picture with a panel a run; the suffix of `out` (.png, .svg) says its kind."""
    figure = Figure(figsize=(8, 4 * len(runs)), layout="constrained")
    panels = figure.subplots(len(runs), squeeze=False)[:, 0]
    for axes, run in zip(panels, runs, strict=True):
        draw(axes, run)
    figure.savefig(out)


def main() -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    curves(options.runs, options.out)


if __name__ == "__main__":
    as_script(main)
