"""Read one time in words or figures: "yesterday", "july 4th, 2019", "3 years ago", "2019-07".

Works on plain text: lower case, one blank between words, no apostrophes. English alone, but for
figures, which all people read, and the signs for year, month and day of China and Japan.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from indexer.query.backwards import back, same_day, stretch, weekend
from indexer.query.feasts import FEASTS, SEASONS, season
from indexer.query.here import Here
from indexer.query.when import DateRange, EveryYear, When, latest, month, one_day, years

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("january jan", "february feb", "march mar", "april apr", "may", "june jun"),
            *("july jul", "august aug", "september sept sep", "october oct"),
            *("november nov", "december dec"),
        ),
        start=1,
    )
    for name in names.split()
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6}
COUNTS |= {"seven": 7, "eight": 8, "nine": 9, "ten": 10, "couple": 2, "few": 3}

_MONTH = rf"(?P<month>{'|'.join(sorted(MONTHS, key=len, reverse=True))})"
_NEXT = _MONTH.replace("<month>", "<next>")
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:1[89]|20)\d\d)"
_FEAST = rf"(?P<feast>{'|'.join(sorted(FEASTS, key=len, reverse=True))})"
_SEASON = rf"(?P<season>{'|'.join(SEASONS)})"
_WEEKDAY = rf"(?P<weekday>{'|'.join(WEEKDAYS)})"
_COUNT = rf"(?:an? (?=couple|few))?(?P<count>\d{{1,3}}|{'|'.join(COUNTS)})(?: of)?"
_UNIT = r"(?P<unit>day|week|month|year)"

# What any time begins with: most words are told by this alone.
FIRST = re.compile(
    rf"\d|(?:{'|'.join([*MONTHS, *WEEKDAYS, *SEASONS, *FEASTS, *COUNTS])}|this|last|past|today"
    r"|tonight|yesterday|the|day|year|early|mid|late)(?!\w)"
)

Match = re.Match[str]


def _count(match: Match) -> int:
    word = match["count"] or "1"
    return COUNTS[word] if word in COUNTS else int(word)


def _weekday(match: Match, here: Here) -> When:
    back = (here.today.weekday() - WEEKDAYS.index(match["weekday"])) % 7
    if match.groupdict().get("which") == "last" and back == 0:
        back = 7
    return one_day(here.today - timedelta(days=back))


def _which(match: Match, here: Here) -> When | None:
    """What "this" and "last" point at. Photos are of the past: "this" is what began last."""
    over, groups = match["which"] != "this", match.groupdict()
    if groups["unit"] == "weekend":
        return weekend(here.today, over)
    if groups["unit"]:
        return back(groups["unit"], int(over), here)
    if groups["weekday"]:
        return _weekday(match, here)
    yearly: Callable[[int], DateRange]
    if groups["season"]:
        yearly = partial(season, name=groups["season"], south=here.south)
    elif groups["feast"]:
        yearly = FEASTS[groups["feast"]]
    else:
        yearly = partial(month, number=MONTHS[groups["month"]])
    return latest(yearly, here.today, over=over)


def _month_alone(match: Match, _: Here) -> When:
    return _each(MONTHS[match["month"]], 1, None)


def _each(number: int, day: int, last: int | None) -> EveryYear:
    """Those days of every year; to the month's end without `last`. Raises ValueError."""
    end = month(2020, number).end  # a leap year
    assert end is not None
    first, final = date(2020, number, day), end if last is None else date(2020, number, last)
    return EveryYear((number, first.day), (number, final.day))


def _neighbours(match: Match, _: Here) -> When:
    """A month and the next one, "july and august": as if they were one."""
    first, last = MONTHS[match["month"]], MONTHS[match["next"]]
    if (last - first) % 12 != 1:
        raise ValueError("the months are apart")
    if match["year"]:
        year = int(match["year"])
        start, end = month(year - (last < first), first).start, month(year, last).end
        return DateRange(start, end)
    return EveryYear((first, 1), _each(last, 1, None).last)


def _day_of_month(match: Match, _: Here) -> When:
    groups = match.groupdict()
    number, first = MONTHS[groups["month"]], int(groups["day"])
    last = int(groups.get("last") or first)
    if first > last:
        raise ValueError("the days run backwards")
    if groups.get("year"):
        year = int(groups["year"])
        return DateRange(date(year, number, first), date(year, number, last))
    return _each(number, first, last)


def _figures(match: Match, here: Here) -> When:
    """A day, month and year in figures, in the order of the place unless only one order fits."""
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    day, number = (first, second) if here.day_first or "." in match[0] else (second, first)
    if number > 12:
        day, number = number, day
    return one_day(date(year, number, day))


def _big_endian(match: Match, _: Here) -> When:
    year, number, day = (int(match[n]) if match[n] else None for n in ("year", "number", "day"))
    assert year is not None
    if number is None:
        return years(year, year)
    return one_day(date(year, number, day)) if day else month(date(year, number, 1).year, number)


def _year(match: Match, _: Here) -> When:
    return years(int(match["year"]), int(match["year"]))


def _third(match: Match, _: Here) -> When:
    """Early, in the middle, or late in a year: four months each."""
    year, first = int(match["year"]), {"early": 1, "mid": 5, "late": 9}[match["third"]]
    return DateRange(month(year, first).start, month(year, first + 3).end)


def _decade(match: Match, _: Here) -> When:
    text = match["decade"]
    first = int(text) if len(text) == 4 else int(text) + (1900 if int(text) >= 30 else 2000)
    return years(first, first + 9)


def _split_winter(match: Match, here: Here) -> When:
    """A season with two years: the one that begins in the first of them."""
    return season(int(match["year"]), match["season"], here.south)


@dataclass(frozen=True, slots=True)
class Moment:
    """A way to say a time. What `leans` is a time only beside a word like "in" or "since"."""

    pattern: re.Pattern[str]
    read: Callable[[Match, Here], When | None]
    leans: bool = False


def _moment(
    pattern: str, read: Callable[[Match, Here], When | None], leans: bool = False
) -> Moment:
    return Moment(re.compile(rf"{pattern}(?!\w)"), read, leans)


_OF = r"(?: of| in)?(?: ,)? "
MOMENTS = (
    _moment(r"today|tonight|this morning", lambda _, here: one_day(here.today)),
    _moment(r"yesterday", lambda _, here: back("day", 1, here)),
    _moment(r"last night", lambda _, here: DateRange(back("day", 1, here).start, here.today)),
    _moment(r"(?:the )?day before yesterday", lambda _, here: back("day", 2, here)),
    _moment(
        rf"(?P<which>this|last|past) (?:(?P<unit>weekend|week|month|year)|{_SEASON}|{_FEAST}"
        rf"|{_MONTH}|{_WEEKDAY})",
        _which,
    ),
    _moment(
        rf"(?:last|past) {_COUNT} {_UNIT}s?",
        lambda match, here: stretch(match["unit"], _count(match), here),
    ),
    _moment(
        rf"{_COUNT} {_UNIT}s? ago",
        lambda match, here: back(match["unit"], _count(match), here),
    ),
    _moment(
        rf"{_COUNT} years? ago today",
        lambda match, here: one_day(same_day(here.today, _count(match))),
    ),
    _moment(
        r"this day",
        lambda _, here: EveryYear(*[(here.today.month, here.today.day)] * 2),
        True,
    ),
    _moment(rf"{_FEAST}{_OF}{_YEAR}", lambda match, _: FEASTS[match["feast"]](int(match["year"]))),
    _moment(rf"{_YEAR} {_FEAST}", lambda match, _: FEASTS[match["feast"]](int(match["year"]))),
    _moment(
        rf"{_FEAST}",
        lambda match, here: latest(FEASTS[match["feast"]], here.today, over=False),
        True,
    ),
    _moment(rf"{_SEASON}{_OF}{_YEAR}(?:[/-]\d\d(?:\d\d)?)?", _split_winter),
    _moment(rf"{_YEAR} {_SEASON}", _split_winter),
    _moment(rf"{_DAY}(?: of)? {_MONTH}(?:(?: ,)? {_YEAR})?", _day_of_month),
    _moment(rf"{_MONTH}(?: the)? {_DAY}(?:(?: ,)? {_YEAR})?", _day_of_month),
    _moment(
        rf"{_DAY} ?[-–] ?(?P<last>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:(?: ,)? {_YEAR})?",
        _day_of_month,
    ),
    _moment(
        rf"{_MONTH} {_DAY} ?[-–] ?(?P<last>\d{{1,2}})(?:st|nd|rd|th)?(?:(?: ,)? {_YEAR})?",
        _day_of_month,
    ),
    _moment(rf"{_MONTH}{_OF}{_YEAR}", lambda m, _: month(int(m["year"]), MONTHS[m["month"]])),
    _moment(rf"{_YEAR} {_MONTH}", lambda m, _: month(int(m["year"]), MONTHS[m["month"]])),
    _moment(rf"{_MONTH} (?:and|or) {_NEXT} {_YEAR}", _neighbours),
    _moment(rf"{_MONTH} (?:and|or) {_NEXT}(?P<year>)", _neighbours, True),
    _moment(_MONTH, _month_alone, True),
    _moment(_WEEKDAY, _weekday, True),
    _moment(rf"(?:the )?(?:year )?{_YEAR}", _year),
    _moment(r"(?:the )?(?P<decade>(?:(?:18|19|20)\d|\d)0)s", _decade, True),
    _moment(rf"{_YEAR}[-/.](?P<number>\d{{1,2}})(?:[-/.](?P<day>\d{{1,2}}))?", _big_endian),
    _moment(rf"(?P<third>early|mid|late)[ -]{_YEAR}", _third),
    _moment(rf"(?P<number>\d{{1,2}})(?P<day>)[/.]{_YEAR}", _big_endian),
    _moment(rf"{_YEAR}年(?:(?P<number>\d{{1,2}})月(?:(?P<day>\d{{1,2}})日)?)?", _big_endian),
    _moment(rf"(?P<first>\d{{1,2}})[./-](?P<second>\d{{1,2}})[./-]{_YEAR}", _figures),
)
