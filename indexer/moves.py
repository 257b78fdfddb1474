"""Recognise photos that were moved or renamed: gone from one place, and at another the same bytes.

Size and time say who may be who, and cost nothing. Then the new file is read and its content
compared, for photos of a burst may well agree in both. Nothing is decoded.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from indexer.scan import Found

HASH_BYTES = 16  # as indexer.picture, which lives in decoder processes only; a test compares


@dataclass(frozen=True, slots=True)
class Gone:
    """A photo whose file is not where it was."""

    id: int
    path: str
    content_hash: bytes | None  # None where nobody had looked at it yet


@dataclass(frozen=True, slots=True)
class Moved:
    """A photo of the library and the file that it is now."""

    id: int
    found: Found


def match(
    new: Iterable[Found],
    like: Callable[[Found], Sequence[Gone]],
    hash_of: Callable[[str], bytes | None],
) -> tuple[list[Moved], list[Found]]:
    """Who of `new` was moved, and who is new indeed.

    `like` gives the photos that are gone and agree with a file in size and time; `hash_of` the
    content of a file, or None where it can't be read. Each photo that is gone moves once.

    >>> found = Found("/b/1.jpg", 3, 7)
    >>> gone = Gone(5, "/a/1.jpg", b"same")
    >>> match([found], lambda _: [gone], lambda _: b"same")[0] == [Moved(5, found)]
    True
    """
    moved: list[Moved] = []
    rest: list[Found] = []
    taken: set[int] = set()
    for found in new:
        candidates = [one for one in like(found) if one.id not in taken]
        one = _the_same(found, candidates, hash_of) if candidates else None
        if one is None:
            rest.append(found)
        else:
            taken.add(one.id)
            moved.append(Moved(one.id, found))
    return moved, rest


def content_hash(path: str) -> bytes | None:
    """The hash by which the library knows the bytes of a file; None where it can't be read."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(
                file, lambda: hashlib.blake2b(digest_size=HASH_BYTES)
            ).digest()
    except OSError:
        return None


def _the_same(
    found: Found, candidates: Sequence[Gone], hash_of: Callable[[str], bytes | None]
) -> Gone | None:
    """The candidate that `found` is; of several copies the one with the same name."""
    known = [one for one in candidates if one.content_hash is not None]
    if known:
        got = hash_of(found.path)
        same = [one for one in known if one.content_hash == got]
    else:
        same = list(candidates)  # of these nothing is known that could be taken for another's
    name = PurePath(found.path).name
    named = [one for one in same if PurePath(one.path).name == name]
    return next(iter(named or same), None)
