"""Days that a photo may be taken on: from one day to another, or the same days of every year."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)
FIRST, LAST = 1800, 2200  # years that a photo may be from; far enough from where dates end


@dataclass(frozen=True, slots=True)
class DateRange:
    """Local days from `start` to `end`, both inside; None where that side is open."""

    start: date | None
    end: date | None

    def holds(self, day: date) -> bool:
        """Whether a photo taken on `day` is meant."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class EveryYear:
    """The same days of each year, as (month, day), both inside; it may reach over New Year."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, day: date) -> bool:
        """Whether a photo taken on `day` is meant.

        >>> EveryYear((12, 1), (2, 29)).holds(date(2021, 1, 5))
        True
        """
        here = (day.month, day.day)
        if self.first <= self.last:
            return self.first <= here <= self.last
        return here >= self.first or here <= self.last

    def starting(self, year: int) -> DateRange:
        """The days that begin in `year`."""
        ends = year if self.first <= self.last else year + 1
        return DateRange(_day(year, *self.first), _day(ends, *self.last))


When = DateRange | EveryYear


def _day(year: int, month: int, day: int) -> date:
    """That day; the last of February where the year has no 29th."""
    if (month, day) == (2, 29):
        return date(year, 3, 1) - DAY
    return date(year, month, day)


def one_day(day: date) -> DateRange:
    """From morning to night."""
    return DateRange(day, day)


def month(year: int, number: int) -> DateRange:
    """A whole month; numbers beyond 1 to 12 count on into other years.

    >>> month(2020, 14) == month(2021, 2)
    True
    """
    year, number = year + (number - 1) // 12, (number - 1) % 12 + 1
    after = date(year + number // 12, number % 12 + 1, 1)
    return DateRange(date(year, number, 1), after - DAY)


def years(first: int, last: int) -> DateRange:
    """Whole years, both inside. Raises ValueError for years that no photo is from."""
    if not FIRST <= first <= last <= LAST:
        raise ValueError(f"no photo is from {first} to {last}")
    return DateRange(date(first, 1, 1), date(last, 12, 31))


def latest(yearly: Callable[[int], DateRange], today: date, *, over: bool) -> DateRange:
    """The last time that something of each year has begun, or with `over` has wholly passed."""
    for year in range(today.year + 1, today.year - 4, -1):
        found = yearly(year)
        if found.start and found.end and (found.end < today if over else found.start <= today):
            return found
    raise ValueError("it comes less often than every year")


def before(when: When, today: date) -> DateRange:
    """All days before."""
    start = _settled(when, today).start
    return DateRange(None, start - DAY if start else None)


def after(when: When, today: date) -> DateRange:
    """All days behind."""
    end = _settled(when, today).end
    return DateRange(end + DAY if end else None, None)


def since(when: When, today: date) -> DateRange:
    """That time and all days behind."""
    return DateRange(_settled(when, today).start, None)


def until(when: When, today: date) -> DateRange:
    """That time and all days before."""
    return DateRange(None, _settled(when, today).end)


def _settled(when: When, today: date) -> DateRange:
    """Days of each year become those that began last."""
    return when if isinstance(when, DateRange) else latest(when.starting, today, over=False)


def joined(first: When, last: When) -> When:
    """From the beginning of the one to the end of the other; a year that is named once holds twice.

    >>> joined(EveryYear((3, 1), (3, 31)), month(2020, 5)) == DateRange(
    ...     date(2020, 3, 1), date(2020, 5, 31)
    ... )
    True
    """
    if isinstance(first, EveryYear) and isinstance(last, EveryYear):
        return EveryYear(first.first, last.last)
    if isinstance(first, EveryYear):
        assert isinstance(last, DateRange)
        year = (last.end or last.start or date.max).year
        one = first.starting(year)
        if one.start and last.start and one.start > last.start:
            one = first.starting(year - 1)
        return DateRange(one.start, last.end)
    if isinstance(last, EveryYear):
        year = (first.start or first.end or date.min).year
        other = last.starting(year)
        if other.end and first.start and other.end < first.start:
            other = last.starting(year + 1)
        return DateRange(first.start, other.end)
    if first.start and last.start and last.start < first.start:
        first, last = last, first
    return DateRange(first.start, last.end)


def is_list(whens: tuple[When, ...]) -> bool:
    """Whether any of these will do: closed times of one sort, not "since" and "until"."""
    closed = [isinstance(one, DateRange) and None not in (one.start, one.end) for one in whens]
    return all(closed) or all(isinstance(one, EveryYear) for one in whens)
