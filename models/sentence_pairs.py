"""Read true and false sentences about photos, and say of which kind each difference is.

The file has a header and the columns bench, subset, image, positive, negative. `negative` is a
false sentence, or a list of them in brackets, or `label=1` / `label=0`: then there is no second
sentence, and the first one is itself true or false.
"""

import ast
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from models.errors import KnownError
from models.labelled import read_table
from models.prompts import DATA

HEADER = ["bench", "subset", "image", "positive", "negative"]
ANY = "*"  # in the table of kinds: every subset
MOVED_ATTRIBUTE = "attributes"  # the kind of a pair in which a word of attribute_words.txt moved


@dataclass(frozen=True, slots=True)
class Pair:
    """One true and one false sentence about a photo. Pairs of one `row` share the true one."""

    row: int
    bench: str
    subset: str
    image: str
    true: str
    false: str
    kind: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence about a photo that is true or false."""

    bench: str
    subset: str
    image: str
    text: str
    is_true: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which benchmark tests what: `of` maps (bench, subset) to a kind, `*` standing for any."""

    of: Mapping[tuple[str, str], str]
    attribute_words: frozenset[str]

    @classmethod
    def read(cls) -> "Kinds":
        """The tables in `resources/evaluation`."""
        rows = read_table(DATA / "pair_kinds.tsv", 3)[1:]
        words = (DATA / "attribute_words.txt").read_text(encoding="utf-8").split()
        return cls({(row[0], row[1]): row[2] for row in rows}, frozenset(words))

    def kind(self, bench: str, subset: str) -> str:
        """The kind of a subset: named itself, or its benchmark, or other."""
        keys = ((bench, subset), (bench, ANY), (ANY, ANY))
        return next(self.of[key] for key in keys if key in self.of)

    def kind_of_pair(self, bench: str, subset: str, true: str, false: str) -> str:
        """The same for a pair: NegCLIP mixes kinds, and the words that moved tell them apart."""
        kind = self.kind(bench, subset)
        if bench == "negclip" and moved(true, false) & self.attribute_words:
            return MOVED_ATTRIBUTE
        return kind


def moved(true: str, false: str) -> set[str]:
    """The words that stand elsewhere in the other sentence, or only in one.

    >>> sorted(moved("A red car by a blue door.", "a blue car by a red door ."))
    ['blue', 'red']
    """
    one, other = (re.findall(r"\w+", text.lower()) for text in (true, false))
    changes = difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return {
        word
        for change, a, b, c, d in changes
        if change != "equal"
        for word in one[a:b] + other[c:d]
    }


def read_pairs(path: Path) -> tuple[list[Pair], list[Statement]]:
    """The pairs and the single statements of a file. Raises KnownError."""
    rows = read_table(path, len(HEADER))
    if rows[0][:5] != HEADER:
        raise KnownError(f"{path} must begin with a row of the names {', '.join(HEADER)}.")
    kinds = Kinds.read()
    pairs: list[Pair] = []
    statements: list[Statement] = []
    for number, (bench, subset, image, true, negative, *_) in enumerate(rows[1:]):
        if negative in ("label=0", "label=1"):
            is_true = negative == "label=1"
            kind = kinds.kind(bench, subset)
            statements.append(Statement(bench, subset, image, true, is_true, kind))
            continue
        for false in _sentences(negative):
            kind = kinds.kind_of_pair(bench, subset, true, false)
            pairs.append(Pair(number, bench, subset, image, true, false, kind))
    return pairs, statements


def _sentences(negative: str) -> list[str]:
    """The false sentences of a cell: a list if it reads as one, or else the cell itself.

    >>> _sentences("['one', 'two']"), _sentences("[sic] one")
    (['one', 'two'], ['[sic] one'])
    """
    if negative.startswith("["):
        try:
            return [str(sentence) for sentence in ast.literal_eval(negative)]
        except (ValueError, SyntaxError):
            return [negative]
    return [negative]
