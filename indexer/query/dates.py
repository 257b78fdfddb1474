"""Read the dates of a line: one time, or several joined by "from", "between", "since" and the like.

What is no date: "in the morning" and "at night". Light shows in a photo, and a filter would hide
those of cameras whose clock is wrong; so they stay words. A month, a weekday or a feast by itself
is a word too (June is an aunt, people march), unless it is all that stands there.
"""

import re
from collections.abc import Callable
from datetime import date

from indexer.query.feasts import FEASTS
from indexer.query.here import Here
from indexer.query.moments import FIRST, MOMENTS, WEEKDAYS
from indexer.query.when import (
    DateRange,
    EveryYear,
    When,
    after,
    before,
    joined,
    since,
    until,
)

TAKEN = r"(?:(?:taken|shot|made|photographed|captured) )?"
SIDE = re.compile(rf"{TAKEN}(?P<side>since|before|after|until|till|up to) (?:the )?")
BETWEEN = re.compile(rf"{TAKEN}(?P<from>from|between) (?:the )?")
AT = re.compile(rf"{TAKEN}(?:in|on|at|from|during|over|around|of) (?:the )?")
BARE = re.compile(rf"{TAKEN}(?:the )?")
TO = re.compile(r" (?:to|till|until|through|and) (?:the )?| ?[-–] ?| ?\.\. ?")
SIDES: dict[str, Callable[[When, date], DateRange]] = {
    "since": since,
    "before": before,
    "after": after,
    "until": until,
    "till": until,
    "up to": until,
}
COMPARED = re.compile(
    r"(?=[<>≤≥.]|.*(?:\+|\.\.)$)(?P<sign>[<>]=?|[≤≥])?(?P<down>\.\.)?(?P<time>[^<>≤≥+]+?)"
    r"(?P<up>\+|\.\.)?"
)
COMPARISONS: dict[str, Callable[[When, date], DateRange]] = {
    **{">": after, ">=": since, "≥": since, "up": since},
    **{"<": before, "<=": until, "≤": until, "down": until},
}
NAMES = {"may", "march", "april", "june", "august"}  # and words: alone they are no month
GO_ON = ("in ", "at ", "near ", "with ", "without ")  # a month may stand alone before these


def read_date(text: str, here: Here, *, alone: bool) -> tuple[When, int] | None:
    """The date that plain `text` begins with, and how many characters it takes.

    `alone`: nothing stands before it that it could belong to. The text is in lower case with
    single blanks, without apostrophes, and a comma stands by itself.

    >>> here = Here(date(2025, 10, 15))
    >>> read_date("before 2015 on a beach", here, alone=False)
    (DateRange(start=None, end=datetime.date(2014, 12, 31)), 11)
    >>> read_date("march on a street", here, alone=True) is None
    True
    """
    if lead := SIDE.match(text):
        return _one_side(lead, text, here)
    if (lead := BETWEEN.match(text)) and (found := _two(text, lead.end(), here)):
        return found
    if lead := AT.match(text):
        found = _moment(text, lead.end(), here, leaning=True)
        if found is None or not _may_be(found[0], here):
            return None
        said = text[lead.end() : found[1]]
        if said in FEASTS or ("from" in lead[0] and said.endswith("0s") and not alone):
            return None  # a tree at christmas shows; a car from the 80s was made then
        return found
    lead = BARE.match(text)
    assert lead is not None
    if found := _two(text, lead.end(), here):
        return found
    found = _moment(text, lead.end(), here, leaning=False)
    if found is not None:
        return found if _stands(text, lead.end(), found, here) else None
    return _alone(text, lead.end(), here) if alone else None


def read_value(text: str, here: Here) -> When | None:
    """The date that a person wrote behind `date:`; None where it is none.

    >>> read_value("2019..2021", Here(date(2025, 10, 15))).end
    datetime.date(2021, 12, 31)
    """
    if match := COMPARED.fullmatch(text):
        sign = (match["sign"] or "") + ("up" if match["up"] else "down" if match["down"] else "")
        found = _moment(match["time"], 0, here, leaning=True)
        if sign not in COMPARISONS or found is None or found[1] < len(match["time"]):
            return None
        return COMPARISONS[sign](found[0], here.today)
    found = _two(text, 0, here) or _moment(text, 0, here, leaning=True)
    if found is None or found[1] < len(text):
        found = read_date(text, here, alone=True)
    if found is None and re.search(r"[a-z][-_]", text):  # last-summer, as shells like it
        return read_value(re.sub(r"[-_]", " ", text), here)
    return found[0] if found is not None and found[1] == len(text) else None


def _one_side(lead: re.Match[str], text: str, here: Here) -> tuple[When, int] | None:
    found = _moment(text, lead.end(), here, leaning=True)
    if found is None:
        return None
    try:
        return SIDES[lead["side"]](found[0], here.today), found[1]
    except (ValueError, OverflowError):
        return None


def _two(text: str, start: int, here: Here) -> tuple[When, int] | None:
    """A time up to another time: "2019-2021", "march to may 2020"."""
    for first, end in _moments(text, start, here, leaning=True, ends=False):
        if not (link := TO.match(text, end)) or (link[0] == "-" and text[start:end] in FEASTS):
            continue
        last = _moment(text, link.end(), here, leaning=True)
        if last is None or ("and" in link[0] and not BETWEEN.match(text)):
            continue
        try:
            both = joined(_of_same_year(text[start:end], first, last[0]), last[0])
        except (ValueError, OverflowError):
            continue
        return both, last[1]
    return None


def _of_same_year(said: str, first: When, last: When) -> When:
    """`first`, of the year of `last` where it is a feast without one of its own."""
    if said not in FEASTS or isinstance(last, EveryYear) or last.end is None:
        return first
    this = FEASTS[said](last.end.year)
    later = this.start is not None and last.start is not None and this.start > last.start
    return FEASTS[said](last.end.year - 1) if later else this


def _moment(text: str, start: int, here: Here, *, leaning: bool) -> tuple[When, int] | None:
    found = _moments(text, start, here, leaning=leaning, ends=True)
    return max(found, key=lambda one: one[1], default=None)


def _moments(
    text: str, start: int, here: Here, *, leaning: bool, ends: bool
) -> list[tuple[When, int]]:
    """All times that begin at `start`, with where each stops; `ends`: only at the end of a word."""
    found: list[tuple[When, int]] = []
    if not FIRST.match(text, start):
        return found
    for moment in MOMENTS:
        match = moment.pattern.match(text, start)
        if match is None or (moment.leans and not leaning):
            continue
        if ends and text[match.end() : match.end() + 1] not in ("", " "):
            continue
        try:
            when = moment.read(match, here)
        except (ValueError, OverflowError):
            continue
        if when is not None:
            found.append((when, match.end()))
    return found


def _may_be(when: When, here: Here) -> bool:
    """Whether photos can be from then: "blade runner 2049" is no date."""
    if isinstance(when, EveryYear) or when.start is None:
        return True
    return when.start.year <= here.today.year


def _stands(text: str, start: int, found: tuple[When, int], here: Here) -> bool:
    """Whether a time without a word before it is one: "2000 people", "2 march past" are none."""
    when, end = found
    said, rest = text[start:end], text[end:].removeprefix(" ")
    if not _may_be(when, here):
        return False
    if said in ("1900", "2000"):
        return _over(rest)
    if isinstance(when, EveryYear) and {"may", "march"} & set(said.split()):
        return _over(rest)
    return True


def _alone(text: str, start: int, here: Here) -> tuple[When, int] | None:
    """A month or a weekday where nothing else stands."""
    found = _moment(text, start, here, leaning=True)
    if found is None:
        return None
    said, rest = text[start : found[1]], text[found[1] :].removeprefix(" ")
    if isinstance(found[0], EveryYear):
        sure = said not in NAMES or (not rest and said != "march" and start == 0)
    else:
        sure = said in WEEKDAYS
    return found if sure and (_over(rest) or rest.startswith(GO_ON)) else None


def _over(rest: str) -> bool:
    """Whether the thought ends here."""
    return not rest or rest.startswith(",")
