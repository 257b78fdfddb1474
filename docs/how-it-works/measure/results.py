"""Keep what was measured: a JSON file a script, beside the scripts."""

import json
import re
from pathlib import Path
from statistics import mean, stdev
from typing import Any

RESULTS = Path(__file__).parent / "results"


def spread(values: list[float]) -> dict[str, Any]:
    """Mean, standard deviation over the seeds, and the values themselves.

    >>> spread([0.5, 0.7])["mean"]
    0.6
    """
    rounded = [round(value, 4) for value in values]
    return {"mean": mean(rounded), "spread": stdev(rounded), "values": rounded}


def write(name: str, figures: dict[str, Any]) -> None:
    """Keep figures for the pages and the pictures, and show them."""
    RESULTS.mkdir(exist_ok=True)
    text = _in_lines(figures) + "\n"
    (RESULTS / f"{name}.json").write_text(text, encoding="utf-8")
    print(text)


def read(name: str) -> dict[str, Any]:
    """What `write` kept."""
    text = (RESULTS / f"{name}.json").read_text(encoding="utf-8")
    figures: dict[str, Any] = json.loads(text)
    return figures


def _in_lines(figures: dict[str, Any]) -> str:
    """JSON with a figure a line, but a list of numbers on one."""
    text = json.dumps(figures, indent=1)
    return re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found.group().split()), text)
