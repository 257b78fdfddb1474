"""Say where each photo of the grid lies, and which photo lies at a point. Pure arithmetic, no Qt.

All lengths are device-independent pixels in the grid's own coordinates: y counts from the top of
the whole content, not of what is visible. A grid is a run of sections, each a heading and rows of
square tiles; results are one section without a heading. Nothing here is proportional to the number
of photos: a million of them lay out in the time of a few numpy calls over the sections.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Step:
    """One zoom step: the tile it aims at, and what surrounds the tiles."""

    tile: int
    gap: int
    corner: int
    margin: int
    heading: int  # height of a section's heading
    sections: str  # "years", "months" or "days"

    @property
    def section_gap(self) -> int:
        """The room below a section."""
        return 12 if self.tile <= 88 else 20


STEPS = (
    Step(48, 1, 0, 8, 64, "years"),
    Step(64, 1, 0, 8, 52, "months"),
    Step(88, 2, 0, 12, 52, "months"),
    Step(120, 2, 2, 16, 40, "days"),
    Step(160, 3, 3, 20, 40, "days"),
    Step(208, 3, 4, 20, 40, "days"),
    Step(272, 4, 4, 20, 40, "days"),
    Step(352, 4, 6, 20, 40, "days"),
)
DEFAULT_STEP = 4


@dataclass(frozen=True, slots=True)
class Rect:
    """A tile's place: its left upper corner and its side."""

    x: float
    y: float
    side: float


@dataclass(frozen=True)
class Layout:
    """Where everything lies, for one width and one zoom step.

    >>> Layout.of([7], STEPS[4], width=1040).rect(6).y > Layout.of([7], STEPS[4], 1040).rect(5).y
    True
    """

    step: Step
    left: float
    side: float  # of a tile: a whole number of the screen's own pixels
    columns: int
    heading: float
    first: Ints  # (sections + 1,) the first photo of each section, and their number at the end
    top: Floats  # (sections + 1,) where each section begins, and the height of all at the end

    @classmethod
    def of(
        cls,
        counts: Sequence[int] | Ints,
        step: Step,
        width: float,
        ratio: float = 1.0,
        heading: float | None = None,
    ) -> "Layout":
        """Lay out sections of `counts` photos in `width`, on a screen of `ratio` pixels a point.

        `heading` replaces the step's own height of headings: larger for large system text, or the
        plain room above results, which have none.
        """
        inner = width - 2 * step.margin
        columns = max(1, int((inner + step.gap) // (step.tile + step.gap)))
        side = np.floor((inner - (columns - 1) * step.gap) / columns * ratio) / ratio
        side = float(max(side, 8.0))
        left = max(0.0, (width - columns * side - (columns - 1) * step.gap) / 2)
        left = float(np.floor(left * ratio) / ratio)
        heading = float(step.heading if heading is None else heading)
        n = np.asarray(counts, dtype=np.int64)  # (sections,) photos in each
        rows = -(-n // columns)
        height = heading + rows * (side + step.gap) - step.gap + step.section_gap
        return cls(
            step=step,
            left=left,
            side=side,
            columns=columns,
            heading=heading,
            first=np.concatenate([[0], np.cumsum(n)]).astype(np.int64),
            top=np.concatenate([[0.0], np.cumsum(height)]),
        )

    @property
    def photos(self) -> int:
        """How many photos there are."""
        return int(self.first[-1])

    @property
    def sections(self) -> int:
        """How many sections there are."""
        return len(self.top) - 1

    @property
    def total(self) -> float:
        """The height of everything."""
        return float(self.top[-1])

    @cached_property
    def pitch(self) -> float:
        """From one tile's edge to the next one's."""
        return self.side + self.step.gap

    def section_of(self, row: int) -> int:
        """The section that holds photo `row`."""
        return int(np.searchsorted(self.first, row, "right")) - 1

    def section_at(self, y: float) -> int:
        """The section that `y` lies in, the first or last one where it lies outside."""
        k = int(np.searchsorted(self.top, y, "right")) - 1
        return min(max(k, 0), max(self.sections - 1, 0))

    def rect(self, row: int) -> Rect:
        """Where photo `row` lies."""
        k = self.section_of(row)
        line, column = divmod(row - int(self.first[k]), self.columns)
        y = float(self.top[k]) + self.heading + line * self.pitch
        return Rect(self.left + column * self.pitch, y, self.side)

    def places(self, start: int, stop: int) -> tuple[Floats, Floats]:
        """The left edges and the tops of photos start..stop, each (stop - start,) float64."""
        rows = np.arange(start, stop)
        k = np.searchsorted(self.first, rows, "right") - 1
        line, column = np.divmod(rows - self.first[k], self.columns)
        return self.left + column * self.pitch, self.top[k] + self.heading + line * self.pitch

    def at(self, x: float, y: float) -> int | None:
        """The photo at a point; None in a gap, a margin, a heading, or past the last photo."""
        if not self.photos or not 0 <= y < self.total:
            return None
        k = self.section_at(y)
        line, within_y = divmod(y - float(self.top[k]) - self.heading, self.pitch)
        column, within_x = divmod(x - self.left, self.pitch)
        if line < 0 or not 0 <= column < self.columns or max(within_x, within_y) >= self.side:
            return None
        row = int(self.first[k]) + int(line) * self.columns + int(column)
        return row if row < self.first[k + 1] else None

    def visible(self, offset: float, height: float) -> range:
        """The photos that show, even in part, between `offset` and `offset + height`."""
        if not self.photos or height <= 0:
            return range(0)
        return range(self._from(offset), self._from(offset + height, after=True))

    def below(self, row: int, lines: int) -> int:
        """The photo `lines` lines under `row` (above, where negative), nearest to its column."""
        k = self.section_of(row)
        line, column = divmod(row - int(self.first[k]), self.columns)
        while True:
            last = (int(self.first[k + 1] - self.first[k]) - 1) // self.columns
            if 0 <= line + lines <= last:
                goal = int(self.first[k]) + (line + lines) * self.columns + column
                return min(goal, int(self.first[k + 1]) - 1)
            step = 1 if lines > 0 else -1
            if not 0 <= k + step < self.sections:
                return row if lines in (-1, 1) else (self.photos - 1 if lines > 0 else 0)
            lines += line - last - 1 if lines > 0 else line + 1
            k += step
            line = 0 if step > 0 else (int(self.first[k + 1] - self.first[k]) - 1) // self.columns

    def sticky(self, offset: float) -> tuple[int, float]:
        """The section whose heading stays on top, and its y in the view, at most 0."""
        k = self.section_at(offset)
        return k, min(0.0, float(self.top[k + 1]) - offset - self.heading)

    def _from(self, y: float, after: bool = False) -> int:
        """The first photo whose line ends below `y`; with `after`, the first that starts there."""
        k = self.section_at(y)
        into = y - float(self.top[k]) - self.heading
        line = (
            np.ceil(into / self.pitch) if after else np.floor((into + self.step.gap) / self.pitch)
        )
        row = int(self.first[k]) + max(0, int(line)) * self.columns
        return min(row, int(self.first[k + 1]))


def anchored(before: Layout, after: Layout, row: int, offset: float, new_row: int) -> float:
    """The offset at which `new_row` of `after` stands where `row` of `before` stood at `offset`.

    The middle of the tile is what stays, so that zooming grows photos about it.
    """
    old, new = before.rect(row), after.rect(new_row)
    return new.y + new.side / 2 - (old.y + old.side / 2 - offset)
