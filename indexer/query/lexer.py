"""Cut a typed line into tokens: words, stops, quotes, and keys with their values.

Knows what quotes, a leading dash, a weight and a key look like; nothing of what they mean.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import Enum, auto

QUOTES = {
    **{'"': '"', "“": '”“"', "„": '“”"', "”": "”", "«": "»", "»": "«"},
    **{"「": "」", "『": "』", "'": "'’", "‘": "’'"},
}  # what opens: what closes
SINGLE = "'‘"  # apostrophes too: they open at a word's start and close at a word's end
DASHES = "-–−"  # telephones make the longer ones of it; the longest stands between thoughts
LEADING, TRAILING = "([{¿¡", ".,;:!?…)]}。、，！？"
COMMAS = ",;，、"
KEYS = frozenset(
    (
        *("date", "before", "after", "place", "camera", "lens", "kind", "ext"),
        *("folder", "in", "rating", "size", "like"),
    )
)
PATHS = ("like", "folder", "in")
WEIGHT = re.compile(r"(\d{1,3}(?:\.\d{1,3})?):(?=\S)")
APOSTROPHES = re.compile(r"[’'‘]")
KEY = re.compile(r"([A-Za-z]+):")


class Sort(Enum):
    """What a token is."""

    WORD = auto()
    STOP = auto()  # ends a thought; a comma is one
    QUOTE = auto()
    TERM = auto()  # a key of ours, with its values


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the line. `text` is what is inside the quotes, or the word without its dash."""

    sort: Sort
    text: str
    start: int
    end: int
    minus: bool = False
    weight: float | None = None
    key: str = ""
    values: tuple[str, ...] = ()
    normal: str = field(init=False, compare=False)  # to compare with: one case, no apostrophes

    def __post_init__(self) -> None:
        text = self.text.casefold()
        if not text.isascii() or "'" in text or text == "&":
            text = APOSTROPHES.sub("", unicodedata.normalize("NFKC", text))
            text = {"&": "and", "—": "-"}.get(text, text)
        object.__setattr__(self, "normal", text)

    @property
    def is_plain(self) -> bool:
        """A word as people say it: no dash before it, no weight."""
        return self.sort is Sort.WORD and not self.minus and self.weight is None

    @property
    def is_comma(self) -> bool:
        """Whether it is a lone comma."""
        return self.sort is Sort.STOP and self.text == ","


def speaks(text: str) -> bool:
    """Whether there is more than blanks and punctuation in it: a letter, a figure, a sign.

    >>> speaks("..."), speaks("🐶"), speaks("7")
    (False, True, True)
    """
    return any(unicodedata.category(sign)[0] in "LNSM" for sign in text)


def tokens(line: str) -> list[Token]:
    """The tokens of the line, in order. What lies between them is blank.

    >>> [token.text for token in tokens('2:dog, -“red hat” place:"New York",Rome')]
    ['dog', ',', 'red hat', 'New York, Rome']
    """
    found: list[Token] = []
    at = 0
    while at < len(line):
        if line[at].isspace():
            at += 1
            continue
        token = _marked(line, at) or _word(line, at)
        found.append(token)
        at = token.end
    return found


def _marked(line: str, start: int) -> Token | None:
    """A quote, a key with its values, or a word with a dash or a weight before it."""
    at, minus, weight = start, False, None
    if line[at] in DASHES and _may_deny(line, at + 1):
        at, minus = at + 1, True
    if (found := WEIGHT.match(line, at)) and _may_weigh(line, found.end()):
        at, weight = found.end(), float(found[1])
    if quoted := quote_at(line, at):
        text, end = quoted
        return Token(Sort.QUOTE, text, start, end, minus, weight)
    if (found := KEY.match(line, at)) and found[1].lower() in KEYS:
        key = found[1].lower()
        if weight is None or key == "like":
            values, end = _values(line, found.end(), key)
            text = ", ".join(values)
            return Token(Sort.TERM, text, start, end, minus, weight, key, values)
    if at > start:
        word = _word(line, at)
        if word.sort is Sort.WORD:
            return Token(Sort.WORD, word.text, start, word.end, minus, weight)
    return None


def _may_deny(line: str, at: int) -> bool:
    """Whether a dash before this place says "not": -dog, -"dog", -2019, but not -5 or --."""
    rest = line[at:]
    if rest[:1].isdigit():
        year = re.match(r"\d{4}(?!\w)", rest)
        return bool(year or ((found := WEIGHT.match(line, at)) and _may_weigh(line, found.end())))
    return bool(rest) and (speaks(rest[0]) or quote_at(line, at) is not None)


def _may_weigh(line: str, at: int) -> bool:
    """Whether what stands here can have a weight: 2:dog, 2:"red dog", but not 12:30."""
    sign = line[at]
    return sign.isalpha() or unicodedata.category(sign)[0] == "S" or quote_at(line, at) is not None


def quote_at(line: str, start: int) -> tuple[str, int] | None:
    """What is in the quotes that open here, and where they end; None where none open.

    A double quote that nothing closes reaches to the end of the line: it is being typed.
    """
    if start >= len(line) or line[start] not in QUOTES:
        return None
    single = line[start] in SINGLE
    for at in range(start + 1, len(line)):
        if line[at] not in QUOTES[line[start]]:
            continue
        if single and not _closes(line, start, at):
            continue
        return line[start + 1 : at].strip(), at + 1
    return None if single else (line[start + 1 :].strip(), len(line))


def _closes(line: str, start: int, at: int) -> bool:
    """Whether the apostrophe at `at` ends a quote: not in 'n', '90s or o'clock."""
    after = line[at + 1 : at + 2]
    inside = line[start + 1 : at]
    return (
        (not after or after.isspace() or after in TRAILING)
        and len(inside) > 1
        and not inside[0].isdigit()
        and not inside[0].isspace()
        and not inside[-1].isspace()
    )


def _values(line: str, at: int, key: str) -> tuple[tuple[str, ...], int]:
    """The values behind a key, with commas between them, and where they end."""
    values: list[str] = []
    while at < len(line) and not line[at].isspace():
        if quoted := quote_at(line, at):
            value, at = quoted
        else:
            run = re.compile(r"\S+" if key == "like" else r"[^\s,]+").match(line, at)
            if run is None:
                break
            value = run[0].rstrip(",;" if key in PATHS else ";:!?…)")
            if not value.endswith("..") and key not in PATHS:
                value = value.rstrip(".")
            at += len(value)
        if value:
            values.append(value)
        if key == "like" or line[at : at + 1] != "," or not line[at + 1 : at + 2].strip(" ,"):
            break
        at += 1
    return tuple(values), at


def _word(line: str, start: int) -> Token:
    """A word without the punctuation around it, or a stop."""
    if line[start] in LEADING or line[start] in COMMAS:
        return Token(Sort.STOP, line[start], start, start + 1)
    run = re.compile(r"\S+").match(line, start)
    assert run is not None
    body = re.split(r"[;，、]|,(?!\d)|(?<!\d),", run[0])[0]
    word = body.rstrip(TRAILING)
    if body.endswith(":"):
        word = body  # "2:" is a word that is being typed
    if "(" in word and body.startswith(word + ")"):
        word += ")"
    if word in ("&", *DASHES, "—"):
        return Token(Sort.WORD, word, start, start + len(word))
    if not speaks(word):
        stop = word or body or run[0]
        return Token(Sort.STOP, stop, start, start + len(stop))
    return Token(Sort.WORD, word, start, start + len(word))
