"""When seasons and feasts lie in a year. Only feasts that all who name them keep on the same day.

Easter comes from dateutil, which sqlite-utils brings along. Refused: the package `holidays`
(13 MB), which knows countries, and no more of what people photograph than is here.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from dateutil.easter import easter

from indexer.query.when import DateRange, month

SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # first month, north


def season(year: int, name: str, south: bool) -> DateRange:
    """The season that begins in `year`, as three whole months.

    >>> season(2020, "winter", south=False).end, season(2020, "summer", south=True).start
    (datetime.date(2021, 2, 28), datetime.date(2020, 12, 1))
    """
    first = (SEASONS[name] + 6 * south - 1) % 12 + 1
    return DateRange(month(year, first).start, month(year, first + 2).end)


def _days(start: date, days: int) -> DateRange:
    return DateRange(start, start + timedelta(days=days - 1))


def _fixed(number: int, day: int, days: int, year: int) -> DateRange:
    return _days(date(year, number, day), days)


def _from_easter(first: int, days: int, year: int) -> DateRange:
    return _days(easter(year) + timedelta(days=first), days)


def _thanksgiving(year: int) -> DateRange:
    """The fourth Thursday of November: Americans ask for it by its English name."""
    first = date(year, 11, 1)
    return _days(first + timedelta(days=(3 - first.weekday()) % 7 + 21), 1)


def _new_years(year: int) -> DateRange:
    return _days(date(year - 1, 12, 31), 2)


# Without apostrophes, for half of the people leave them out.
FEASTS: dict[str, Callable[[int], DateRange]] = {
    "christmas": partial(_fixed, 12, 24, 3),
    "xmas": partial(_fixed, 12, 24, 3),
    "christmas eve": partial(_fixed, 12, 24, 1),
    "xmas eve": partial(_fixed, 12, 24, 1),
    "christmas day": partial(_fixed, 12, 25, 1),
    "boxing day": partial(_fixed, 12, 26, 1),
    "new years eve": partial(_fixed, 12, 31, 2),  # its party is photographed past midnight
    "new year eve": partial(_fixed, 12, 31, 2),
    "nye": partial(_fixed, 12, 31, 2),
    "new years day": partial(_fixed, 1, 1, 1),
    "new year": partial(_fixed, 1, 1, 1),
    "new years": _new_years,
    "valentines day": partial(_fixed, 2, 14, 1),
    "valentines": partial(_fixed, 2, 14, 1),
    "st patricks day": partial(_fixed, 3, 17, 1),
    "halloween": partial(_fixed, 10, 31, 1),
    "thanksgiving": _thanksgiving,
    "mardi gras": partial(_from_easter, -47, 1),
    "good friday": partial(_from_easter, -2, 1),
    "easter": partial(_from_easter, -2, 4),
    "easter weekend": partial(_from_easter, -2, 4),
    "easter sunday": partial(_from_easter, 0, 1),
    "easter monday": partial(_from_easter, 1, 1),
    "pentecost": partial(_from_easter, 49, 2),
}
