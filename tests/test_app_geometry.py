"""The grid's arithmetic, from no photo to a million."""

import time

import numpy as np
import pytest

from app.geometry import STEPS, Layout, Step, anchored

RATIOS = (1.0, 1.25, 2.0)
GRIDS: tuple[list[int], ...] = ([], [1], [3, 1, 40, 8], [1_000_000])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.tile))
@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("counts", GRIDS, ids=lambda counts: f"{sum(counts)}")
def test_the_middle_of_each_tile_belongs_to_its_photo(
    counts: list[int], ratio: float, step: Step
) -> None:
    layout = Layout.of(counts, step, width=1040, ratio=ratio)
    n = layout.photos
    for row in {0, 1, 2, 5, n // 2, n - 2, n - 1} & set(range(n)):
        rect = layout.rect(row)
        assert layout.at(rect.x + rect.side / 2, rect.y + rect.side / 2) == row
        assert rect.x >= 0
        assert rect.x + rect.side <= 1040
        assert rect.y + rect.side <= layout.total
    assert layout.at(0, 0) is None
    assert layout.at(500, layout.total + 1) is None


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.tile))
def test_tiles_end_on_the_pixels_of_the_screen(step: Step) -> None:
    for ratio in RATIOS:
        side = Layout.of([5], step, width=1033, ratio=ratio).side
        assert (side * ratio).is_integer()


def test_columns_are_those_of_the_brief() -> None:
    columns = [Layout.of([1], step, width=1040).columns for step in STEPS]
    assert columns == [20, 15, 11, 8, 6, 4, 3, 2]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: str(step.tile))
def test_what_is_visible_is_what_overlaps_the_view(step: Step) -> None:
    layout = Layout.of([3, 1, 40, 8, 200, 2], step, width=700)
    x, y = layout.places(0, layout.photos)
    assert len(x) == layout.photos
    for offset in np.linspace(-50, layout.total + 50, 80):
        shown = layout.visible(float(offset), 300)
        overlapping = np.flatnonzero((y + layout.side > offset) & (y < offset + 300))
        assert list(shown) == overlapping.tolist()


def test_places_agree_with_rects() -> None:
    layout = Layout.of([3, 1, 40], STEPS[3], width=640, ratio=1.25)
    x, y = layout.places(2, 30)
    for row in range(2, 30):
        rect = layout.rect(row)
        assert [rect.x, rect.y] == pytest.approx([x[row - 2], y[row - 2]])


def test_a_gap_is_nobodys() -> None:
    layout = Layout.of([20], STEPS[4], width=1040)
    rect = layout.rect(0)
    assert layout.at(rect.x + rect.side + 1, rect.y + 5) is None
    assert layout.at(rect.x + 5, rect.y + rect.side + 1) is None
    assert layout.at(rect.x - 1, rect.y + 5) is None
    last = layout.rect(19)
    assert layout.at(last.x + layout.pitch + 5, last.y + 5) is None


def test_lines_are_walked_across_sections() -> None:
    layout = Layout.of([8, 2, 7], STEPS[4], width=1040)  # 6 columns: lines of 6 2 | 2 | 6 1
    assert layout.below(0, 1) == 6
    assert layout.below(5, 1) == 7
    assert layout.below(7, 1) == 9
    assert layout.below(9, 1) == 11
    assert layout.below(16, 1) == 16
    assert layout.below(10, -1) == 8
    assert layout.below(8, -1) == 6
    assert layout.below(2, -1) == 2
    assert layout.below(0, 3) == 10
    assert layout.below(0, 30) == 16
    assert layout.below(16, -30) == 0


def test_a_heading_stays_on_top_until_the_next_one_pushes_it() -> None:
    layout = Layout.of([60, 60], STEPS[4], width=1040)
    assert layout.sticky(0) == (0, 0.0)
    assert layout.sticky(100) == (0, 0.0)
    second = float(layout.top[1])
    assert layout.sticky(second - 10)[1] == pytest.approx(10 - layout.heading)
    assert layout.sticky(second) == (1, 0.0)


def test_the_anchor_stays_through_a_hundred_zooms() -> None:
    counts = np.full(9000, 111)
    layout = Layout.of(counts, STEPS[0], width=1040)
    row, offset = 500_000, 0.0
    offset = layout.rect(row).y - 300
    middle = layout.rect(row).y + layout.side / 2 - offset
    for turn in range(100):
        new = Layout.of(counts, STEPS[turn % len(STEPS)], width=1040)
        offset = anchored(layout, new, row, offset, row)
        layout = new
    assert abs(layout.rect(row).y + layout.side / 2 - offset - middle) < 1


def test_a_million_photos_lay_out_at_once() -> None:
    counts = np.full(9000, 111)
    start = time.process_time()
    for width in range(600, 700):
        layout = Layout.of(counts, STEPS[4], width)
        layout.visible(layout.total / 2, 800)
    assert time.process_time() - start < 1.0
