"""Read keys with values: `date:2019`, `-place:"New York",Rome`, `rating:4+`. The keys are a list.

A value touches its colon, so that 12:30 stays words. What can't be read stays words as well, and
a note says so.
"""

import difflib
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from indexer.query import when
from indexer.query.amounts import size, stars
from indexer.query.dates import read_value
from indexer.query.here import Here
from indexer.query.lexer import KEYS, Sort, Token
from indexer.query.parts import (
    CameraIs,
    DateIs,
    ExtIs,
    FolderIs,
    Kind,
    KindIs,
    LensIs,
    Like,
    Note,
    Part,
    PlaceIs,
    RatingIs,
    SizeIs,
)

EXAMPLES = {
    "date": "date:2019 or date:2019-07",
    "before": "before:2019",
    "after": "after:2019",
    "kind": "kind:" + ", kind:".join(Kind),
    "ext": "ext:jpg",
    "like": "like:dog.jpg",
    "rating": "rating:4 or rating:4+",
    "size": "size:>5mb, size:12mp or size:4000x3000",
}
ALIASES = {  # keys of other programs
    **{"type": "kind", "year": "date", "since": "after", "until": "before", "stars": "rating"},
    **{"location": "place", "city": "place", "country": "place", "path": "folder"},
    **{"filetype": "ext", "format": "ext", "album": "folder"},
}
NOUNS = {"ext": "file ending", "before": "date", "after": "date"}  # else the key itself
KINDS = {kind.value: kind for kind in Kind} | {
    "photos": Kind.PHOTO,
    "screenshots": Kind.SCREENSHOT,
    "panoramas": Kind.PANORAMA,
    "pano": Kind.PANORAMA,
    "videos": Kind.VIDEO,
    "raws": Kind.RAW,
    "animations": Kind.ANIMATION,
    "gif": Kind.ANIMATION,
}
TEXTS: dict[str, Callable[[tuple[str, ...]], Part]] = {
    "place": PlaceIs,
    "camera": CameraIs,
    "lens": LensIs,
    "folder": FolderIs,
    "in": FolderIs,  # as --in of the command line
}


def read_term(token: Token, here: Here) -> Part | Note:
    """The part that a key and its values make, or a note why they make none."""
    assert token.sort is Sort.TERM
    key, values = token.key, token.values
    if not values:
        example = EXAMPLES.get(key, f'{key}:name or {key}:"two words"')
        return Note(f"{key}: waits for what comes right behind it, for example {example}.")
    if key == "like":
        return Like(values[0], 1.0 if token.weight is None else token.weight)
    if key in TEXTS:
        return TEXTS[key](values)
    if key in ("date", "before", "after"):
        return _each(key, values, partial(_date, key, here=here), DateIs)
    if key == "kind":
        return _each(key, values, _kind, KindIs)
    if key == "ext":
        return _each(key, values, _ending, ExtIs)
    if key == "rating":
        return _each(key, values, stars, RatingIs)
    return _each(key, values, size, SizeIs)


def _each(
    key: str,
    values: tuple[str, ...],
    read: Callable[[str], Any],  # a value of its own kind, or None
    make: Callable[[tuple[Any, ...]], Part],
) -> Part | Note:
    """The part of all values, or a note about the first that is none."""
    found: list[Any] = []
    for text in values:
        value = read(text)
        if value is None:
            noun = NOUNS.get(key, key)
            return Note(f"'{text}' is no {noun} that we know. Try {EXAMPLES[key]}.")
        found.append(value)
    return make(tuple(dict.fromkeys(found)))


def _date(key: str, text: str, here: Here) -> when.When | None:
    plain = re.sub(r"[’']", "", " ".join(text.replace(",", " ,").split()).casefold())
    found = read_value(plain, here)
    if found is None or key == "date":
        return found
    try:
        return (when.before if key == "before" else when.after)(found, here.today)
    except (ValueError, OverflowError):
        return None


def _kind(text: str) -> Kind | None:
    return KINDS.get(text.lower())


def _ending(text: str) -> str | None:
    ending = text.lower().removeprefix(".")
    return ending if re.fullmatch(r"[a-z0-9]{1,8}", ending) else None


def mistyped(token: Token) -> Note | None:
    """A note for a word that looks like one of our keys, spelt wrong.

    >>> from indexer.query.lexer import tokens
    >>> mistyped(tokens("plcae:Lisbon")[0]).text
    "There is no 'plcae:'. Did you mean place:Lisbon?"
    """
    match = re.fullmatch(r"([A-Za-z]{3,9}):(\S+)", token.text)
    if match is None:
        return None
    key = match[1].lower()
    near = [ALIASES[key]] if key in ALIASES else difflib.get_close_matches(key, KEYS, 1, 0.8)
    if not near:
        return None
    return Note(f"There is no '{match[1]}:'. Did you mean {near[0]}:{match[2]}?")
