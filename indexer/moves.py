"""Recognise photos that were moved or renamed: gone from one place, and at another the same bytes.

Size and time say who may be who, and cost nothing. Then the new file is read and its content
compared, for photos of a burst may well agree in both. Nothing is decoded.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from indexer.scan import Found


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
    content_hash: Callable[[str], bytes | None],
) -> tuple[list[Moved], list[Found]]:
    """Who of `new` was moved, and who is new indeed.

    `like` gives the photos that are gone and agree with a file in size and time; `content_hash`
    that of a file, or None where it can't be read. Each photo that is gone moves once.

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
        one = _the_same(found, candidates, content_hash) if candidates else None
        if one is None:
            rest.append(found)
        else:
            taken.add(one.id)
            moved.append(Moved(one.id, found))
    return moved, rest


def _the_same(
    found: Found, candidates: Sequence[Gone], content_hash: Callable[[str], bytes | None]
) -> Gone | None:
    """The candidate that `found` is; of several copies the one with the same name."""
    known = [one for one in candidates if one.content_hash is not None]
    if known:
        got = content_hash(found.path)
        same = [one for one in known if one.content_hash == got]
    else:
        same = list(candidates)  # of these nothing is known that could be taken for another's
    name = PurePath(found.path).name
    named = [one for one in same if PurePath(one.path).name == name]
    return next(iter(named or same), None)
