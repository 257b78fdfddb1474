"""Recognise photos that were moved or renamed: gone from one place, and at another the same bytes.

Size and time say who may be who, and cost nothing. Then the new file is read and its content
compared, for photos of a burst may well agree in both. Nothing is decoded.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath

from indexer.scan import Found

HASH_BYTES = 16  # as indexer.picture, which lives in decoder processes only; a test compares
PART_BYTES = 1 << 20


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


class Lost:
    """Photos that are gone and agree in size and time, among which files look for themselves.

    Ten thousand of them may agree, so each question is answered without looking at all.
    """

    def __init__(self, gone: Iterable[Gone]) -> None:
        self._by_content: dict[bytes | None, dict[int, Gone]] = {}
        self._named: dict[tuple[bytes | None, str], list[int]] = {}
        for one in gone:
            self._by_content.setdefault(one.content_hash, {})[one.id] = one
            name = PurePath(one.path).name
            self._named.setdefault((one.content_hash, name), []).append(one.id)

    @property
    def is_known(self) -> bool:
        """Whether somebody has looked at one of them: then bytes have to say who is who."""
        return any(content is not None for content in self._by_content)

    def take(self, content_hash: bytes | None, name: str) -> Gone | None:
        """One with this content, of several the one of this name. It is lost no more."""
        if self.is_known and content_hash is None:
            return None  # a file that can't be read
        # Of those that nobody has looked at nothing is known that could be taken for another's.
        content = content_hash if self.is_known else None
        there = self._by_content.get(content, {})
        named = self._named.get((content, name), [])
        while named and named[-1] not in there:
            named.pop()
        number = named[-1] if named else next(iter(there), None)
        if number is None:
            return None
        found = there.pop(number)
        if not there:
            del self._by_content[content]
        return found


def match(
    new: Iterable[Found],
    lost: Mapping[tuple[int, int], Lost],
    hashes: Callable[[list[str]], Iterable[bytes | None]],
) -> list[Moved]:
    """Who of `new` was moved. Each photo that is gone moves once.

    `lost` has the photos that are gone by size and time; `hashes` gives the contents of files, in
    their order, with None for those that can't be read.

    >>> found = Found("/b/1.jpg", 3, 7)
    >>> lost = {(3, 7): Lost([Gone(5, "/a/1.jpg", b"same")])}
    >>> match([found], lost, lambda paths: [b"same"]) == [Moved(5, found)]
    True
    """
    likely = [(found, lost[found[1:]]) for found in new if found[1:] in lost]
    to_read = [found.path for found, candidates in likely if candidates.is_known]
    contents = dict(zip(to_read, hashes(to_read), strict=True))
    moved = []
    for found, candidates in likely:
        one = candidates.take(contents.get(found.path), PurePath(found.path).name)
        if one is not None:
            moved.append(Moved(one.id, found))
    return moved


def content_hash(path: str, check: Callable[[], None] = lambda: None) -> bytes | None:
    """The hash by which the library knows the bytes of a file; None where it can't be read.

    `check` is called between parts of a large file, and may raise to give up.
    """
    digest = hashlib.blake2b(digest_size=HASH_BYTES)
    try:
        with Path(path).open("rb") as file:
            while part := file.read(PART_BYTES):
                digest.update(part)
                check()
    except OSError:
        return None
    return digest.digest()
