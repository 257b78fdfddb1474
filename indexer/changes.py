"""Compare what a scan finds with what the database knows."""

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from indexer.errors import Reason
from indexer.moves import Moved
from indexer.photo import PhotoState
from indexer.scan import Found, Stamp, found
from indexer.store import Row


class Look(Protocol):
    """A walk over photo files, as a Scan or a Glance is one. To be iterated once."""

    @property
    def unreadable(self) -> list[str]:
        """Folders that may not be read, complete after the walk."""

    def folders(self) -> Iterator[list[Stamp]]:
        """The photo files, some at a time."""


@dataclass(slots=True)
class Changes:
    """What a look at files means for the library."""

    found: int = 0
    unchanged: int = 0
    failed: int = 0  # could not be read last time, and are the same files still
    new: list[Found] = field(default_factory=list)  # not in the database yet
    to_read: list[Found] = field(default_factory=list)  # edited, or worth another try
    returned: list[int] = field(default_factory=list)  # were missing; their vectors still hold
    moved: list[Moved] = field(default_factory=list)  # were missing, and are elsewhere now
    missing: dict[str, Row] = field(default_factory=dict)  # by path
    told: int = 0  # XMP files beside photos that came, changed or went

    @property
    def is_news(self) -> bool:
        """Whether the library is not what it was."""
        came = self.new or self.to_read or self.returned or self.moved
        return bool(came or self.missing or self.told)

    @property
    def to_add(self) -> list[Found]:
        """All files that are to be read."""
        return [*self.new, *self.to_read]

    def join(self, other: "Changes") -> None:
        """Add what another look has found."""
        self.found += other.found
        self.unchanged += other.unchanged
        self.failed += other.failed
        self.new += other.new
        self.to_read += other.to_read
        self.returned += other.returned
        self.moved += other.moved
        self.missing |= other.missing
        self.told += other.told


@dataclass(slots=True)
class Known:
    """What the database knows of the files that a look may find. Used up by `compare`.

    Nearly all photos of a library are searchable and as they were. Tuples settle them, some at a
    time beside the walk: a fraction of the time and memory that a value for each would cost. Only
    of the others a row is read.
    """

    searchable: Iterator[list[Stamp]]  # as they were when they were seen last, in order of paths
    others: dict[str, Row]  # photos in other states, by path
    rows_at: Callable[[Iterable[str]], dict[str, Row]]  # reads rows of searchable ones


def compare(look: Look, known: Known, is_busy: Callable[[str], bool] = lambda _: False) -> Changes:
    """The changes since the database took note. Raises BadFolder as the scan does.

    Photos below a folder that can't be read now are neither found nor missing, and neither are
    those that differ and are being written just now (`is_busy`).
    """
    changes = Changes()
    with uncollected():
        changes.unchanged, differs, gone = _settle(look, known.searchable)
    changes.found = changes.unchanged
    rows = known.others | known.rows_at(os.fsdecode(path) for path, _, _ in gone)
    for one in map(found, differs):
        _weigh(changes, one, rows.pop(one.path, None), is_busy)
    hidden = tuple(f"{folder}/" for folder in look.unreadable)
    changes.missing = {
        path: row
        for path, row in rows.items()
        if row.state is not PhotoState.MISSING and not path.startswith(hidden)
    }
    return changes


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python not look for cycles meanwhile: 100,000 tuples hold none, and cost a twelfth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _settle(look: Look, searchable: Iterator[list[Stamp]]) -> tuple[int, list[Stamp], set[Stamp]]:
    """How many files are as the database knows them, which are not, and which it knows otherwise.

    Both sides come in order of paths, more or less: what the database knows is read as far as the
    walk has come, so that little is held at once. What is out of step is settled at the end.
    """
    differs: list[Stamp] = []
    ahead: set[Stamp] = set()  # read, and not found yet
    count, last = 0, b""
    for stamps in look.folders():
        furthest = max(stamps, default=(b"",))[0]
        while last < furthest and (page := next(searchable, None)) is not None:
            ahead.update(page)
            count, last = count + len(page), page[-1][0]
        if not ahead.issuperset(stamps):
            differs += [stamp for stamp in stamps if stamp not in ahead]
        ahead.difference_update(stamps)
    for page in searchable:
        ahead.update(page)
        count += len(page)
    late = ahead.intersection(differs)
    ahead -= late
    return count - len(ahead), [one for one in differs if one not in late], ahead


def _weigh(changes: Changes, found: Found, row: Row | None, is_busy: Callable[[str], bool]) -> None:
    """What it means that a file is there which is not searchable as it is."""
    is_known = row is not None and (row.size_bytes, row.mtime_ns) == found[1:]
    if not is_known and is_busy(found.path):
        return
    changes.found += 1
    if row is None:
        changes.new.append(found)
    elif not is_known:
        changes.to_read.append(found)
    else:
        _same_file(changes, row, found)


def _same_file(changes: Changes, row: Row, found: Found) -> None:
    """What it means that a file is as it was when it was seen last."""
    if row.state is PhotoState.MISSING:
        if row.is_known:
            changes.returned.append(row.id)
            changes.unchanged += 1
        else:
            changes.to_read.append(found)
    elif row.state is PhotoState.FAILED:
        if row.reason is not None and Reason(row.reason).may_pass:
            changes.to_read.append(found)
        else:
            changes.failed += 1
    elif row.state is PhotoState.INDEXED:
        changes.unchanged += 1
    # else: it waits to be read already
