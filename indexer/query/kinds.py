"""Read sorts of picture in plain words: "screenshots", "dog videos", "a video of a cat".

Words that only say that photos are wanted ("show me all photos from 2019") are known here as well.
"Selfie" and "portrait" stay words: no file tells them, and encoders see them well.
"""

from collections.abc import Sequence

from indexer.query.lexer import Token
from indexer.query.parts import Kind, KindIs

MANY = {
    "screenshots": Kind.SCREENSHOT,
    "panoramas": Kind.PANORAMA,
    "videos": Kind.VIDEO,
}
ONE = {"screenshot": Kind.SCREENSHOT, "panorama": Kind.PANORAMA, "video": Kind.VIDEO}
FILES = {"photos", "photo", "pictures", "images", "files", "shots"}  # raw photos, live photos
TWO = {"raw": Kind.RAW, "live": Kind.LIVE}
DETERMINERS = {"a", "an", "the", "my", "our", "all", "some", "any", "every"}
# Behind "video", these go on with what it shows; other words make it a video game.
GO_ON = {"of", "from", "with", "without", "in", "at", "on", "taken", "since", "before", "after"}
GO_ON |= {"last", "this", "yesterday", "today", "and", "between", "during"}
# What people in a photo do with videos.
DOING = {"watching", "watch", "filming", "making", "taking", "recording", "editing", "looking"}
INTO = {"at", "in", "on", "of", "to", "for", "with", "a", "an", "the", "into"}

PICTURES = FILES | {"pics", "photographs", "snaps", "everything", "anything", "stuff"}
# Words that say nothing to see. A run of them beside a filter belongs to the filter.
FILLERS = (
    PICTURES
    | DETERMINERS
    | {
        *(
            "show",
            "find",
            "me",
            "i",
            "we",
            "us",
            "that",
            "which",
            "were",
            "was",
            "are",
            "is",
            "have",
        ),
        *("and", "or", "but", "with", "of", "in", "on", "at", "from", "by", "to", "for", "during"),
        *(
            "since",
            "before",
            "after",
            "between",
            "until",
            "near",
            "around",
            "taken",
            "shot",
            "made",
        ),
        *("only", "just", "please", "-"),
    }
)
ASKING = {("show", "me"), ("find", "me"), ("search", "for"), ("look", "for")}


def read_kind(tokens: Sequence[Token], at: int, *, fresh: bool) -> tuple[KindIs, int] | None:
    """The sort of picture named at the token `at`, and the index behind it.

    `fresh`: a thought begins here. Elsewhere only "dog videos" counts, with nothing behind.
    """
    first = at
    while fresh and first < len(tokens) and tokens[first].normal in DETERMINERS:
        first += 1
    words = [token.normal if token.is_plain else "" for token in tokens[first : first + 2]]
    words += [""] * (2 - len(words))
    stop = first + 1
    kind = MANY.get(words[0])
    if fresh and words[0] in TWO and words[1] in FILES:
        kind, stop = TWO[words[0]], first + 2
    elif fresh and words[0] in ONE and (words[1] in GO_ON or _ends(tokens, stop)):
        kind = ONE[words[0]]
    elif kind and not fresh and not _is_told(tokens, first):
        return None
    if kind is None:
        return None
    if stop + 1 < len(tokens) and tokens[stop].is_plain and tokens[stop].normal == "of":
        stop += 1
    return KindIs((kind,)), stop


def _ends(tokens: Sequence[Token], at: int) -> bool:
    return at >= len(tokens) or not tokens[at].is_plain


def _is_told(tokens: Sequence[Token], at: int) -> bool:
    """Whether "videos" behind other words is what to find: not in "man watching videos"."""
    if not (_ends(tokens, at + 1) or tokens[at + 1].normal in GO_ON):
        return False
    before = []
    for token in reversed(tokens[:at]):
        if not token.is_plain:
            break
        before.append(token.normal)
    return bool(before) and before[0] not in INTO and not DOING & set(before)


def asked(words: Sequence[Token]) -> int:
    """How many words at the beginning of a line only ask: "show me all" in "show me all dogs"."""
    if tuple(word.normal for word in words[:2]) not in ASKING:
        return 0
    at = 2
    while at < len(words) and words[at].normal in DETERMINERS:
        at += 1
    return at if at < len(words) else 0
