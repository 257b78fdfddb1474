"""Group photos, newest first, under headings of days, months or years. No Qt.

Quiet days join: neighbouring days of one month share a heading until it has `ENOUGH` photos. This
depends on dates alone, never on the window's width, so that headings do not jump on a resize.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ENOUGH = 8  # photos that make a heading worth its room

Title = Callable[[np.datetime64, np.datetime64], str]


@dataclass(frozen=True)
class Sections:
    """How many photos each section has, and the days it spans."""

    kind: str  # "days", "months", "years" or "none"
    counts: NDArray[np.int64]  # (sections,) photos in each; none is empty
    newest: NDArray[np.datetime64]  # (sections,) the day of the first photo
    oldest: NDArray[np.datetime64]  # (sections,) the day of the last photo


def flat(photos: int) -> Sections:
    """All photos in one section without a heading, as results are; no section for no photo."""
    none = np.zeros(min(photos, 1), dtype="datetime64[D]")
    return Sections("none", np.array([photos][: min(photos, 1)], dtype=np.int64), none, none)


def by(kind: str, taken_s: NDArray[np.float64]) -> Sections:
    """Group photos taken at `taken_s` (n,), local seconds since 1970, newest first.

    >>> by("years", np.array([86400.0 * 400, 86400.0 * 3, 0.0])).counts
    array([1, 2])
    """
    if not len(taken_s):
        return flat(0)
    days = taken_s.astype("datetime64[s]").astype("datetime64[D]")
    unit = {"years": "Y", "months": "M", "days": "D"}[kind]
    keys = days.astype(f"datetime64[{unit}]").astype(np.int64)
    first = np.concatenate([[0], np.flatnonzero(np.diff(keys)) + 1])
    if kind == "days":
        first = _joined(first, days, len(days))
    ends = np.concatenate([first[1:], [len(days)]])
    return Sections(kind, (ends - first).astype(np.int64), days[first], days[ends - 1])


def _joined(first: NDArray[np.int64], days: NDArray[np.datetime64], n: int) -> NDArray[np.int64]:
    """Leave out the starts of days that join the day before them."""
    months = days[first].astype("datetime64[M]").astype(np.int64).tolist()
    starts = first.tolist()
    kept = [0]
    for i in range(1, len(starts)):
        same_month = months[i] == months[i - 1]
        if not (same_month and starts[i] - kept[-1] < ENOUGH):
            kept.append(starts[i])
    # The last few days of a month may be too quiet alone: they join the section before them.
    ends = [*kept[1:], n]
    whole = [
        start
        for i, (start, end) in enumerate(zip(kept, ends, strict=True))
        if i == 0
        or end - start >= ENOUGH
        or days[start].astype("datetime64[M]") != days[kept[i - 1]].astype("datetime64[M]")
        or start - kept[i - 1] >= ENOUGH * 4
    ]
    return np.array(whole, dtype=np.int64)
