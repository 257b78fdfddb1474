"""Say what was read in a line as chips, each with a label and a sign."""

from dataclasses import dataclass
from datetime import date
from pathlib import PurePath

from indexer.query.parts import (
    Between,
    Bytes,
    CameraIs,
    DateIs,
    Exact,
    ExtIs,
    FolderIs,
    Kind,
    KindIs,
    LensIs,
    Like,
    Part,
    Pixels,
    PlaceIs,
    RatingIs,
    Sides,
    Size,
    SizeIs,
    Words,
)
from indexer.query.question import Query
from indexer.query.when import DateRange, EveryYear, When, month

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
KINDS = {
    Kind.PHOTO: "Photos",
    Kind.SCREENSHOT: "Screenshots",
    Kind.PANORAMA: "Panoramas",
    Kind.VIDEO: "Videos",
    Kind.RAW: "Raw photos",
    Kind.LIVE: "Live photos",
    Kind.ANIMATION: "Animations",
}


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that was understood, in words. `icon` names a sign, not a file."""

    part: Part
    label: str
    icon: str


def chips(query: Query) -> tuple[Chip, ...]:
    """A chip for each part of the query, in the order of the line. `without` takes one away.

    >>> from indexer.query import Here, parse
    >>> query = parse("dog without leash last summer", Here(date(2025, 10, 15)))
    >>> [chip.label for chip in chips(query)]
    ['dog', 'Not: leash', 'Taken 1 Jun – 31 Aug 2025']
    """
    return tuple(Chip(part, *_told(part)) for part in query.parts)


def _told(part: Part) -> tuple[str, str]:
    """The label of a part and the name of its icon."""
    if isinstance(part, Words):
        text = f"Not: {part.text}" if part.negated else part.text
        return _weighed(text, part.weight), "not" if part.negated else "look"
    if isinstance(part, Like):
        name = PurePath(part.path).name or part.path
        return _weighed(f"{'Not like' if part.negated else 'Like'} {name}", part.weight), "photo"
    if isinstance(part, DateIs):
        times = " or ".join(_time(when) for when in part.whens)
        return f"{'Not taken' if part.negated else 'Taken'} {times}", "calendar"
    if isinstance(part, Exact):
        return f"{'Not the text' if part.negated else 'Text'}: {part.text}", "text"
    if isinstance(part, PlaceIs):
        where = f"{'near' if part.near else 'in'} {' or '.join(part.names)}"
        return f"Not {where}" if part.negated else where[0].upper() + where[1:], "place"
    label, icon = _filter(part)
    return f"Not: {label}" if part.negated else label, icon


def _weighed(text: str, weight: float) -> str:
    return text if weight == 1.0 else f"{text} ×{weight:g}"


def _filter(part: Part) -> tuple[str, str]:
    """The label of a filter as if it were not denied, and the name of its icon."""
    if isinstance(part, CameraIs):
        return f"Camera: {' or '.join(part.names)}", "camera"
    if isinstance(part, LensIs):
        return f"Lens: {' or '.join(part.names)}", "lens"
    if isinstance(part, KindIs):
        return " or ".join(KINDS[kind] for kind in part.kinds), "kind"
    if isinstance(part, ExtIs):
        return f"{' or '.join(name.upper() for name in part.names)} files", "file"
    if isinstance(part, FolderIs):
        return f"Folder: {' or '.join(part.names)}", "folder"
    if isinstance(part, RatingIs):
        return " or ".join(_stars(stars) for stars in part.stars), "star"
    assert isinstance(part, SizeIs)
    return " or ".join(_size(size) for size in part.sizes), "size"


def _time(when: When) -> str:
    if isinstance(when, EveryYear):
        return _each_year(when)
    if when.start is None:
        return f"up to {_day(when.end)}" if when.end else "at any time"
    if when.end is None:
        return f"since {_day(when.start)}"
    return _range(when.start, when.end)


def _each_year(when: EveryYear) -> str:
    """
    >>> _each_year(EveryYear((7, 1), (7, 31))), _each_year(EveryYear((7, 4), (7, 4)))
    ('in any July', 'on any 4 July')
    """
    (first_month, first), (last_month, last) = when.first, when.last
    whole = month(2020, last_month).end  # a leap year
    if first == 1 and whole is not None and last == whole.day:
        if first_month == last_month:
            return f"in any {MONTHS[first_month - 1]}"
        return f"in any {MONTHS[first_month - 1]} – {MONTHS[last_month - 1]}"
    if when.first == when.last:
        return f"on any {first} {MONTHS[first_month - 1]}"
    return f"in any {first} {MONTHS[first_month - 1][:3]} – {last} {MONTHS[last_month - 1][:3]}"


def _range(start: date, end: date) -> str:
    """
    >>> _range(date(2019, 1, 1), date(2021, 12, 31)), _range(date(2020, 7, 1), date(2020, 7, 31))
    ('2019 – 2021', 'July 2020')
    """
    if start == end:
        return _day(start)
    if (start.month, start.day, end.month, end.day) == (1, 1, 12, 31):
        return str(start.year) if start.year == end.year else f"{start.year} – {end.year}"
    if month(start.year, start.month) == DateRange(start, end):
        return f"{MONTHS[start.month - 1]} {start.year}"
    if start.year != end.year:
        return f"{_day(start)} – {_day(end)}"
    if start.month != end.month:
        return f"{start.day} {MONTHS[start.month - 1][:3]} – {_day(end)}"
    return f"{start.day} – {_day(end)}"


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year}"


def _stars(stars: Between) -> str:
    """
    >>> _stars(Between(4, 5)), _stars(Between(0, 2)), _stars(Between(1, 1)), _stars(Between(3, 4))
    ('4 stars or more', 'at most 2 stars', '1 star', '3 to 4 stars')
    """
    least, most = stars.least or 0, 5 if stars.most is None else stars.most
    if least == most:
        return f"{least} star{'' if least == 1 else 's'}"
    if most == 5:
        return f"{least} star{'' if least == 1 else 's'} or more"
    if least == 0:
        return f"at most {most} star{'' if most == 1 else 's'}"
    return f"{least} to {most} stars"


def _size(size: Size) -> str:
    if isinstance(size, Sides):
        wide, high = size.longer, size.shorter
        return _between(wide, high)
    unit = "pixels" if isinstance(size, Pixels) else "bytes"
    assert isinstance(size, Bytes | Pixels)
    return _amount(size.size, unit)


def _between(wide: Between, high: Between) -> str:
    if wide.least == wide.most:
        return f"{wide.least} × {high.least}"
    if wide.most is None:
        return f"at least {wide.least} × {high.least}"
    return f"at most {wide.most} × {high.most}"


def _amount(size: Between, unit: str) -> str:
    """
    >>> _amount(Between(5_000_001, None), "bytes"), _amount(Between(11500000, 12500000), "pixels")
    ('over 5 MB', 'about 12 megapixels')
    """
    if size.least is not None and size.most is not None:
        return f"about {_round((size.least + size.most) // 2, unit)}"
    if size.least is not None:
        odd = size.least % 10 == 1
        return f"{'over' if odd else 'at least'} {_round(size.least - odd, unit)}"
    assert size.most is not None
    odd = size.most % 10 == 9
    return f"{'under' if odd else 'at most'} {_round(size.most + odd, unit)}"


def _round(number: int, unit: str) -> str:
    if unit == "pixels":
        return f"{number / 10**6:g} megapixels" if number >= 10**5 else f"{number:,} pixels"
    for size, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "KB")):
        if number >= size:
            return f"{number / size:g} {name}"
    return f"{number:,} bytes"
