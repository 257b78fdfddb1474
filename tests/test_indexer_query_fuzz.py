"""Whatever is typed is read, comes back as it was, and gives up its chips one by one."""

import os
from collections import Counter
from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.query import Here, chips, parse, without
from indexer.query.lexer import Sort, speaks, tokens
from indexer.query.parts import DateIs
from indexer.query.when import DateRange

LINES_TRIED = int(os.environ.get("SIGHTWORD_LINES", "200"))  # 10,000 in `make bench`
TYPED = (
    "dog cat beach no not without but and or with in at near from to between before after since "
    "last this july may march 2019 2000 19 5 lisbon Lisbon Nice red water taken shot on my iphone "
    "Canon screenshots video videos of photos christmas easter eve summer week years ago monday "
    "yesterday the a people sign nobody 2:dog 0.5:snow 99:x -cat -2019 -5 - – — & , ; . ! … ( ) "
    '" “ ” \' ‘ ’ « » „ 「 」 "" "red hat" \'receipt\' -"draft" 2:"red hat" like:a.jpg '
    'like:"a b.jpg" -like:c date:2019 date: date:banana -date:x -place:Paris place:"New '
    "rating:4+ size:>5mb size:big kind:raw,video ext:jpg, in:x plcae:y 12:30 3:1 http://a.b 🐶 犬 "
    "собака 2019年 12-19 2019-2021 14.7.2019 show me all"
)
WORDS = TYPED.split()
LINES = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join),
    st.lists(st.sampled_from([*WORDS, *("  ", "\t", "\u3000", "\u200d")]), max_size=9).map("".join),
    st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=4)), max_size=9).map(" ".join),
    st.text(max_size=60),
)
NAMES = {"lisbon", "nice", "red", "water", "dog", "the"}
HERES = st.builds(
    Here,
    today=st.dates(date(1990, 1, 1), date(2150, 1, 1)),
    week_start=st.integers(0, 6),
    south=st.booleans(),
    day_first=st.booleans(),
    known_place=st.just(lambda name: name.casefold() in NAMES),
    known_camera=st.just(lambda name: name.casefold() in {"iphone", "canon", "dog"}),
)


def check(line: str, here: Here) -> None:
    query = parse(line, here)
    assert str(query) == line
    assert parse(str(query), here) == query
    bounds = [(part.start, part.end) for part in query.parts]
    assert all(start < end for start, end in bounds), "a part without a place in the line"
    ends = [0, *(end for _, end in bounds)]
    assert all(e <= start for e, (start, _) in zip(ends, bounds, strict=False)), "parts overlap"
    covered = [*bounds, *((note.start, note.end) for note in query.notes)]
    for token in tokens(line):
        if token.sort is not Sort.STOP and speaks(token.text):
            assert any(a <= token.start and token.end <= b for a, b in covered), token
    for part in query.parts:
        for when in part.whens if isinstance(part, DateIs) else ():
            if isinstance(when, DateRange) and when.start and when.end:
                assert when.start <= when.end
    for chip in chips(query):
        assert chip.label.strip()
        left = Counter(parse(without(query, chip.part, here), here).parts)
        assert left[chip.part] < Counter(query.parts)[chip.part], (line, chip)


@settings(max_examples=LINES_TRIED, deadline=None)
@given(LINES, HERES)
def test_any_line_is_read_printed_and_freed_of_its_parts_one_by_one(line: str, here: Here) -> None:
    check(line, here)
