"""Lines that people type mean what `query_lines.tsv` says, which was written before the parser."""

import re
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from indexer.query import Here, Part, Query, chips, parse, without
from indexer.query.parts import (
    Bytes,
    CameraIs,
    DateIs,
    Exact,
    ExtIs,
    FolderIs,
    KindIs,
    LensIs,
    Like,
    Pixels,
    PlaceIs,
    RatingIs,
    Sides,
    SizeIs,
    Words,
)
from indexer.query.when import DateRange, EveryYear

# A gazetteer that knows too much, as all of them do: the second half are words.
KNOWN = (
    "lisbon paris france porto new_york boston nice turkey netherlands alps york london"
    " snow red water bath reading mobile orange split front many china half bottom leash"
)
PLACES = set(KNOWN.split())
CAMERAS = {"iphone", "canon", "pixel 6", "canon eos 6d", "pixel"}
HERE = Here(
    today=date(2025, 10, 15),  # a Wednesday
    known_place=lambda name: name.casefold().replace(" ", "_") in PLACES,
    known_camera=lambda name: name.casefold() in CAMERAS,
)
TABLE = Path(__file__).with_name("query_lines.tsv")
ROWS = [
    (cells[0], cells[1])
    for row in TABLE.read_text("utf-8").splitlines()
    if len(cells := row.split("\t")) == 2
]


def told_when(when: DateRange | EveryYear) -> str:
    if isinstance(when, EveryYear):
        return "each {:02}-{:02}..{:02}-{:02}".format(*when.first, *when.last)
    return f"{when.start or ''}..{when.end or ''}"


def told_size(size: Bytes | Pixels | Sides) -> str:
    if isinstance(size, Sides):
        longer, shorter = size.longer, size.shorter
        if longer.least == longer.most:
            return f"{longer.least}x{shorter.least}"
        assert longer.least is not None
        assert shorter.least is not None
        return f"over {longer.least - 1}x{shorter.least - 1}"
    unit, wish = ("bytes" if isinstance(size, Bytes) else "pixels"), size.size
    if wish.least and wish.least % 10 == 1 and wish.most is None:
        return f"over {wish.least - 1} {unit}"
    if wish.most and wish.most % 10 == 9 and wish.least is None:
        return f"under {wish.most + 1} {unit}"
    return f"{wish.least or ''}..{wish.most or ''} {unit}"


def told(part: Part) -> str:
    """The part as the table writes it."""
    deny = "not " if part.negated else ""
    match part:
        case Words(text=text, weight=weight):
            weighed = "" if weight == 1.0 else f"{weight:g} x "
            return f"{weighed}not: {text}" if deny else f"{weighed}{text}"
        case Exact(text=text):
            return f"{deny}text: {text}"
        case Like(path=path, weight=weight):
            return f"{'' if weight == 1.0 else f'{weight:g} x '}{deny}like: {path}"
        case DateIs(whens=whens):
            return f"{deny}date: {' / '.join(map(told_when, whens))}"
        case PlaceIs(names=names, near=near):
            return f"{deny}{'near' if near else 'place'}: {' / '.join(names)}"
        case CameraIs(names=names):
            return f"{deny}camera: {' / '.join(names)}"
        case LensIs(names=names):
            return f"{deny}lens: {' / '.join(names)}"
        case KindIs(kinds=kinds):
            return f"{deny}kind: {' / '.join(kinds)}"
        case ExtIs(names=names):
            return f"{deny}ext: {' / '.join(names)}"
        case FolderIs(names=names):
            return f"{deny}folder: {' / '.join(names)}"
        case RatingIs(stars=stars):
            return f"{deny}rating: {' / '.join(f'{one.least}..{one.most}' for one in stars)}"
        case SizeIs(sizes=sizes):
            return f"{deny}size: {' / '.join(map(told_size, sizes))}"
    raise AssertionError(f"a part that the table can't write: {part}")


@pytest.mark.parametrize(("line", "meaning"), ROWS, ids=[line for line, _ in ROWS])
def test_a_typed_line_means_what_a_person_means(line: str, meaning: str) -> None:
    wanted = [] if meaning == "nothing" else meaning.split(" | ")
    notes = [one.removeprefix("note: ") for one in wanted if one.startswith("note: ")]
    parts = [one for one in wanted if not one.startswith("note: ") and one != "nothing"]
    query = parse(line, HERE)
    assert [told(part) for part in query.parts] == parts
    assert len(query.notes) == len(notes)
    for note, piece in zip(query.notes, notes, strict=True):
        assert piece in note.text


PAGE = Path(__file__).parent.parent / "docs" / "search.md"
SHOWN = re.findall(r"^\|(?:[^|]*\|)? `(.+)` \| ([^|`]+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)


def test_the_page_shows_many_lines() -> None:
    assert len(SHOWN) == PAGE.read_text("utf-8").count("\n|") - 4  # heads, and rules below them


@pytest.mark.parametrize(("line", "labels"), SHOWN, ids=[line for line, _ in SHOWN])
def test_the_page_says_how_a_line_is_read(line: str, labels: str) -> None:
    assert " · ".join(chip.label for chip in chips(parse(line, HERE))) == labels


def test_the_sentence_to_see_leaves_out_filters_and_weights() -> None:
    query = parse("dog last summer on a beach -cat 2:snow", HERE)
    assert query.sentence == "dog on a beach"
    assert Query("dog last summer").sentence == "dog last summer"  # nobody read this one


def test_summer_comes_at_new_year_in_the_south() -> None:
    south = replace(HERE, south=True)
    assert told(parse("last summer", south).parts[0]) == "date: 2024-12-01..2025-02-28"


def test_a_week_begins_where_people_begin_it() -> None:
    sunday = replace(HERE, week_start=6)
    assert told(parse("since last week", sunday).parts[0]) == "date: 2025-10-05.."


def test_months_come_first_where_people_write_them_first() -> None:
    american = replace(HERE, day_first=False)
    assert told(parse("date:3/4/2019", american).parts[0]) == "date: 2019-03-04..2019-03-04"


def test_a_part_is_taken_away_with_the_comma_it_leaves() -> None:
    line = "dog, in lisbon, without people, last summer"
    query = parse(line, HERE)
    assert [without(query, part, HERE) for part in query.parts] == [
        "in lisbon, without people, last summer",
        "dog, without people, last summer",
        "dog, in lisbon, last summer",
        "dog, in lisbon, without people",
    ]


def test_what_is_left_of_a_line_goes_on_meaning_the_same() -> None:
    query = parse("christmas rating:5 2022", HERE)
    left = without(query, query.parts[1], HERE)
    assert left == "christmas; 2022"
    assert [told(part) for part in parse(left, HERE).parts] == [
        "christmas",
        "date: 2022-01-01..2022-12-31",
    ]


def test_a_very_long_line_is_read_in_a_moment() -> None:
    line = "dog without a leash in july 2020 and cats, " * 200
    began = time.thread_time()
    parse(line, HERE)
    assert time.thread_time() - began < 2.0
