"""Read places and cameras in plain words: "in Lisbon", "near new york", "taken with an iPhone".

A place needs "in", "at", "near", "from" or "around" before it and a gazetteer that knows it. People
type lower case, and gazetteers hold a Snow, a Red and a Bath: names that are words of things count
in lower case only where nothing follows, and those that photos show or are made of never do.
"""

import re
from collections.abc import Sequence

from indexer.query.here import Here
from indexer.query.lexer import Sort, Token
from indexer.query.moments import FIRST
from indexer.query.ordinary import COMPASS, DEFINITE, NEVER, SELDOM
from indexer.query.parts import CameraIs, PlaceIs

AT = {"in", "at", "near", "from", "around"}
LONGEST = 5  # words of a name
TAKEN = {"taken", "shot", "photographed", "captured", "filmed", "recorded", "made"}
WITH = {"with", "on", "by", "using"}
WHOSE = {"a", "an", "the", "my", "our", "his", "her"}
# Behind a name in lower case, these show that it was a whole one.
GO_ON = AT | TAKEN | WITH | {"and", "or", "without", "no", "not", "but", "last", "this", "since"}
# What a model is called behind a name that is known: "iphone 12 pro". Four figures are a year.
MODEL = re.compile(
    r"\d{1,3}[a-z]{0,3}|[a-z]{1,2}\d{1,4}[a-z]{0,2}|pro|max|plus|mini|ultra|x[sr]|se|mark|i{2,3}|iv"
)
PICTURES = {"photos", "pictures", "pics", "images", "shots", "photo", "picture"}


def read_place(
    line: str, tokens: Sequence[Token], at: int, here: Here
) -> tuple[PlaceIs, int] | None:
    """The place that begins with the token `at`, and the index of the token behind it."""
    if not (tokens[at].is_plain and tokens[at].normal in AT):
        return None
    found = _place(line, tokens, at + 1, here)
    if found is None:
        return None
    names, stop = [found[0]], found[1]
    while stop + 1 < len(tokens) and tokens[stop].is_plain and tokens[stop].normal in ("or", "and"):
        found = _place(line, tokens, stop + 1, here)
        if found is None:
            break
        names.append(found[0])
        stop = found[1]
    if tokens[at].normal == "from" and stop < len(tokens) and tokens[stop].normal == "to":
        return None  # the way from Lisbon to Porto lies between them
    return PlaceIs(tuple(names), near=tokens[at].normal in ("near", "around")), stop


def _place(line: str, tokens: Sequence[Token], at: int, here: Here) -> tuple[str, int] | None:
    """The longest name that begins at `at`, with its country behind a comma."""
    definite = at < len(tokens) and tokens[at].is_plain and tokens[at].normal == "the"
    first = at + definite
    for stop in range(min(first + LONGEST, len(tokens)), first, -1):
        if _is_place(line, tokens, first, stop, here, definite=definite):
            while stop < len(tokens):
                wider = _wider(line, tokens, stop + tokens[stop].is_comma, here)
                if wider is None:
                    break
                stop = wider
            return line[tokens[first].start : tokens[stop - 1].end], stop
    return None


def _wider(line: str, tokens: Sequence[Token], at: int, here: Here) -> int | None:
    """Where the region or country ends that begins at `at`, mostly behind a comma."""
    for stop in range(min(at + LONGEST, len(tokens)), at, -1):
        if _is_place(line, tokens, at, stop, here, definite=False):
            return stop
    return None


def _is_place(
    line: str,
    tokens: Sequence[Token],
    first: int,
    stop: int,
    here: Here,
    *,
    definite: bool,
) -> bool:
    words = tokens[first:stop]
    if not all(word.is_plain for word in words):
        return False
    name = line[words[0].start : words[-1].end]
    if not here.known_place(name):
        return False
    plain = " ".join(word.normal for word in words)
    capital = name[0].isupper() and not _is_title(tokens)
    if plain in COMPASS or (capital and _is_longer(tokens, stop)):
        return False
    if definite:
        return plain in DEFINITE or (capital and plain not in NEVER | SELDOM)
    if capital:
        return True
    if plain in NEVER or (len(plain) < 3 and plain not in DEFINITE):
        return False
    follows = stop < len(tokens) and tokens[stop].is_plain and tokens[stop].normal not in GO_ON
    return plain not in SELDOM or not follows


def _is_longer(tokens: Sequence[Token], stop: int) -> bool:
    """Whether a name goes on behind `stop` that nobody knows: "in North America"."""
    if stop >= len(tokens) or not tokens[stop].is_plain or not tokens[stop].text[0].isupper():
        return False
    return not FIRST.match(tokens[stop].normal) and tokens[stop].normal not in GO_ON


def _is_title(tokens: Sequence[Token]) -> bool:
    """Whether every word has a capital, so that a capital says nothing."""
    letters = [
        token.text[0] for token in tokens if token.sort is Sort.WORD and token.text[0].isalpha()
    ]
    return len(letters) > 2 and all(letter.isupper() for letter in letters)


def read_camera(
    line: str, tokens: Sequence[Token], at: int, here: Here
) -> tuple[CameraIs, int] | None:
    """The camera that begins with the token `at`: "shot on Canon", "with my Pixel 6".

    "With a Canon" is what to see: somebody holds one.
    """
    words = [token.normal if token.is_plain else "" for token in tokens[at : at + 3]]
    words += [""] * (3 - len(words))
    if words[0] in TAKEN and words[1] in WITH:
        first = at + 3 if words[2] in WHOSE else at + 2
    elif words[0] in ("with", "on") and words[1] in ("my", "our"):
        first = at + 2
    else:
        return _camera_pictures(line, tokens, at, here)
    stop = _camera(line, tokens, first, here)
    if stop is None:
        return None
    return CameraIs((line[tokens[first].start : tokens[stop - 1].end],)), stop


def _camera(line: str, tokens: Sequence[Token], first: int, here: Here) -> int | None:
    """Behind the longest name of a camera that begins at `first`."""
    for stop in range(min(first + LONGEST, len(tokens)), first, -1):
        words = tokens[first:stop]
        if all(word.is_plain for word in words) and here.known_camera(
            line[words[0].start : words[-1].end]
        ):
            while (
                stop < len(tokens)
                and tokens[stop].is_plain
                and MODEL.fullmatch(tokens[stop].normal)
            ):
                stop += 1
            return stop
    return None


def _camera_pictures(
    line: str, tokens: Sequence[Token], at: int, here: Here
) -> tuple[CameraIs, int] | None:
    """The camera of "iphone photos"."""
    stop = _camera(line, tokens, at, here)
    if stop is None or stop >= len(tokens) or not tokens[stop].is_plain:
        return None
    name = line[tokens[at].start : tokens[stop - 1].end]
    if tokens[stop].normal == "videos":
        return CameraIs((name,)), stop
    if tokens[stop].normal not in PICTURES:
        return None
    stop += 1
    if stop + 1 < len(tokens) and tokens[stop].is_plain and tokens[stop].normal == "of":
        stop += 1
    return CameraIs((name,)), stop
