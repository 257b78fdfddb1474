"""Find "not" in plain words, and how far it reaches.

"Without", "no", "not", "except" and their company deny the next thing: up to a stop, a quote, a
filter, a preposition or a conjunction. "Dog without leash on a beach" wants the beach. What "and"
or "or" joins is denied too ("without people and boats"), unless somebody does something there
("not wearing a hat and holding a dog"). "Of" is no end: "without a cup of coffee".
"""

from collections.abc import Sequence

from indexer.query.lexer import Sort, Token

DENIALS = (  # longer ones first
    *(("except", "for"), ("apart", "from"), ("other", "than")),
    *(("neither",), ("without",), ("no",), ("not",), ("except",), ("excluding",), ("w/o",)),
)
NOBODY = {("nobody",), ("no", "one"), ("no-one",), ("noone",)}
# They belong to the "no" behind them: "but not", "that is not", "with no".
BEFORE = {"but", "and", "with", "that", "which", "who", "is", "are", "was", "were", "has", "have"}
BEFORE |= {"having"}
ARTICLES = {"a", "an", "any", "the", "some", "with"}
_ENDS = (
    "on in at by near under over behind beside between from into onto through during with next"
    " while but as that which who where when against above below along around inside outside"
    " before after because so if yet then except instead since is are was were"
)
ENDS = frozenset(_ENDS.split())
JOINS = {"and", "or", "nor"}
# "Not" that denies nothing: "not only", "do not enter", "to be or not to be".
_NOT_BEFORE = "only far yet just to even so too very enough quite all sure much many"
_NOT_AFTER = "do does did can could will would should must or why me may"
NOT_BEFORE, NOT_AFTER = frozenset(_NOT_BEFORE.split()), frozenset(_NOT_AFTER.split())
# "No" on signs and in sayings.
_NO_BEFORE = (
    "parking smoking entry trespassing swimming fishing diving exit mans limits matter doubt"
    " longer more idea problem way stopping turn name"
)
NO_BEFORE = frozenset(_NO_BEFORE.split())
NO_AFTER = {"dr", "doctor", "bus", "line", "platform", "number", "says", "say", "saying"}
SIGNS = {"sign", "signs", "symbol", "poster", "sticker", "zone"}


def denial(tokens: Sequence[Token], at: int) -> int | None:
    """The index behind the "not" that begins at `at`; None where none does."""
    first = at
    while first < len(tokens) and tokens[first].is_plain and tokens[first].normal in BEFORE:
        first += 1
    for words in DENIALS:
        stop = first + len(words)
        if _said(tokens, first, stop) == words:
            return stop if _denies(tokens, first, stop) else None
    return None


def nobody(tokens: Sequence[Token], at: int) -> int | None:
    """The index behind "nobody" or "with no one", if it begins at `at`."""
    first = at
    while first < len(tokens) and tokens[first].is_plain and tokens[first].normal in BEFORE:
        first += 1
    for words in NOBODY:
        if _said(tokens, first, first + len(words)) == words:
            return first + len(words)
    return None


def reach(tokens: Sequence[Token], first: int) -> int:
    """The index behind the words that a "not" right before `first` denies."""
    at = first
    if at < len(tokens) and tokens[at].is_plain and tokens[at].normal in ENDS:
        at += 1  # "not on a leash"
    elif at + 1 < len(tokens) and tokens[at].is_plain and tokens[at].normal.endswith("ing"):
        at += 2  # "not looking at the camera", "not wearing a hat"
    while (
        at < len(tokens)
        and tokens[at].is_plain
        and tokens[at].normal not in ENDS | JOINS
        and denial(tokens, at) is None
    ):
        at += 1
    return at


def goes_on(tokens: Sequence[Token], at: int) -> bool:
    """Whether the "and" or "or" at `at` carries the "not" on to what follows."""
    if at + 1 >= len(tokens) or not tokens[at].is_plain or tokens[at].normal not in JOINS:
        return False
    following = tokens[at + 1]
    if not following.is_plain or following.normal in ENDS or following.normal.endswith("ing"):
        return False
    return denial(tokens, at) is None and denial(tokens, at + 1) is None


def articles(tokens: Sequence[Token], at: int) -> int:
    """The index behind "a", "any", "the": they add nothing to what is denied."""
    while at + 1 < len(tokens) and tokens[at].is_plain and tokens[at].normal in ARTICLES:
        at += 1
    return at


def _said(tokens: Sequence[Token], first: int, stop: int) -> tuple[str, ...]:
    return tuple(token.normal if token.is_plain else "" for token in tokens[first:stop])


def _denies(tokens: Sequence[Token], first: int, stop: int) -> bool:
    """Whether the word at `first` denies what comes behind it, rather than standing in a name."""
    if stop >= len(tokens):
        return False
    word, following = tokens[first], tokens[stop]
    before = tokens[first - 1] if first and tokens[first - 1].is_plain else None
    if following.sort is Sort.STOP:
        return False
    named = before and all(one.text[:1].isupper() for one in (before, word, following))
    if named and not (word.text.isupper() and len(word.text) > 1):
        return False  # Hotel No Limits
    if word.normal == "not":
        return following.normal not in NOT_BEFORE and not (before and before.normal in NOT_AFTER)
    if word.normal == "no":
        signs = SIGNS & {token.normal for token in tokens[stop : reach_words(tokens, stop)]}
        return not (
            signs
            or following.normal in NO_BEFORE
            or following.normal[:1].isdigit()
            or (before is not None and before.normal in NO_AFTER)
        )
    return True


def reach_words(tokens: Sequence[Token], first: int) -> int:
    """Where the plain words end that begin at `first`."""
    at = first
    while at < len(tokens) and tokens[at].is_plain and tokens[at].normal not in ENDS | JOINS:
        at += 1
    return at
