"""Headings from dates."""

from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from app.sections import by, flat


def taken(*days: tuple[str, int]) -> NDArray[np.float64]:
    """`n` photos on each day, newest first."""
    return np.concatenate(
        [np.full(n, datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) for day, n in days]
    )


def test_no_photo_makes_no_section() -> None:
    for kind in ("years", "months", "days"):
        assert len(by(kind, np.zeros(0)).counts) == 0
    assert len(flat(0).counts) == 0
    assert flat(5).counts.tolist() == [5]


def test_years_and_months_are_kept_apart() -> None:
    times = taken(("2024-02-01", 2), ("2024-01-31", 3), ("2023-12-31", 4), ("1969-12-31", 1))
    assert by("years", times).counts.tolist() == [5, 4, 1]
    assert by("months", times).counts.tolist() == [2, 3, 4, 1]


def test_quiet_days_of_a_month_join_until_there_are_eight() -> None:
    times = taken(
        ("2024-03-20", 9),
        ("2024-03-19", 3),
        ("2024-03-15", 3),
        ("2024-03-12", 4),
        ("2024-03-11", 8),
    )
    sections = by("days", times)
    assert sections.counts.tolist() == [9, 10, 8]
    assert str(sections.newest[1]) == "2024-03-19"
    assert str(sections.oldest[1]) == "2024-03-12"


def test_days_of_different_months_never_join() -> None:
    assert by("days", taken(("2024-04-01", 1), ("2024-03-31", 1))).counts.tolist() == [1, 1]


def test_every_photo_is_in_one_section() -> None:
    rng = np.random.default_rng(1)
    times = np.sort(rng.uniform(0, 1.7e9, 5000))[::-1]
    for kind in ("years", "months", "days"):
        sections = by(kind, times)
        assert sections.counts.sum() == 5000
        assert (sections.counts > 0).all()
