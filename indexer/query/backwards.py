"""Count back from today: weeks, weekends, months and years, as whole ones or as a stretch."""

from datetime import date, timedelta

from indexer.query.here import Here
from indexer.query.when import DateRange, month, one_day, years


def week(day: date, here: Here) -> DateRange:
    """The week that `day` lies in."""
    start = day - timedelta(days=(day.weekday() - here.week_start) % 7)
    return DateRange(start, start + timedelta(days=6))


def back(unit: str, count: int, here: Here) -> DateRange:
    """The whole day, week, month or year that lies `count` of them back."""
    today = here.today
    if unit == "day":
        return one_day(today - timedelta(days=count))
    if unit == "week":
        return week(today - timedelta(weeks=count), here)
    if unit == "month":
        return month(today.year, today.month - count)
    return years(today.year - count, today.year - count)


def stretch(unit: str, count: int, here: Here) -> DateRange:
    """The `count` days, weeks, months or years that end today."""
    today = here.today
    if unit in ("day", "week"):
        return DateRange(today - timedelta(days=count * (7 if unit == "week" else 1) - 1), today)
    whole = month(today.year, today.month - count * (12 if unit == "year" else 1))
    assert whole.start is not None
    assert whole.end is not None
    same = whole.start.replace(day=min(today.day, whole.end.day))
    return DateRange(same + timedelta(days=1), today)


def same_day(today: date, back: int) -> date:
    """Today's day so many years ago."""
    return today.replace(year=today.year - back, day=min(today.day, 28 + (today.month != 2) * 3))


def weekend(today: date, over: bool) -> DateRange:
    """The weekend that began last, or with `over` the last that has wholly passed."""
    saturday = today - timedelta(days=(today.weekday() - 5) % 7)
    if over and today <= saturday + timedelta(days=1):
        saturday -= timedelta(days=7)
    return DateRange(saturday, saturday + timedelta(days=1))
