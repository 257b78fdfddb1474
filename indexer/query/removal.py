"""Take one part out of a typed line, so that the rest of the line goes on meaning what it meant."""

from indexer.query.here import Here
from indexer.query.lexer import Sort, tokens
from indexer.query.parse import parse
from indexer.query.parts import Part, Words
from indexer.query.question import Query

JOINTS = (" ", ", ", "; ")  # a comma keeps "july" and "2020" apart; a semicolon even feast and year
STOPS = (",", ";", ".", "!", "?", ")", "…")


def without(query: Query, part: Part, here: Here) -> str:
    """The line of `query` without `part`.

    >>> from datetime import date
    >>> here = Here(date(2025, 10, 15))
    >>> query = parse("dog without leash, last summer", here)
    >>> [without(query, part, here) for part in query.parts]
    ['without leash, last summer', 'dog, last summer', 'dog without leash']

    Where nothing better is found, what would newly be read as the same part goes too.
    """
    wanted = _meaning(tuple(one for one in query.parts if one is not part))
    for joint in JOINTS:
        line = cut(query.words, part, joint)
        if _meaning(parse(line, here).parts) == wanted:
            return line
    line, most = cut(query.words, part), query.parts.count(part) - 1
    while True:
        rest = parse(line, here)
        same = [one for one in rest.parts if one == part]
        if len(same) <= most:
            return line
        line = cut(line, same[-1])


def cut(line: str, part: Part, joint: str = " ") -> str:
    """The line without the characters of `part`, and without the comma or blank they leave."""
    left, right = line[: part.start].rstrip(), line[part.end :].lstrip()
    if not left or left.endswith((",", ";")):
        right = right.lstrip(",; ")
    if not right:
        left = left.rstrip(",; ")
    if not left or not right:
        return left or right
    if right.startswith(STOPS):
        joint = ""
    elif left.endswith(","):
        joint = " "
    return f"{left}{joint}{right}"


def _meaning(parts: tuple[Part, ...]) -> tuple[list[str], list[Part]]:
    """What is to be seen, word by word, and all other parts in their order."""
    words: list[str] = []
    others: list[Part] = []
    for part in parts:
        if isinstance(part, Words) and not part.negated and part.weight == 1.0:
            words += [token.text for token in tokens(part.text) if token.sort is Sort.WORD]
        else:
            others.append(part)
    return words, others
