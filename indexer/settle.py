"""Hold changed files and folders back until they have settled.

Saving one photo touches its file many times, and a copy that is half way there is no photo yet.
A path is given out when it has been quiet for a while: a short one where it was closed by whoever
wrote it, a long one while it is still open. It never waits longer than `longest_s` after its
first touch, so that a file that never stops changing is still looked at.

Knows nothing of watchdog, threads or clocks: time is an argument, so no test ever sleeps.
"""

import os
from dataclasses import dataclass, field
from enum import Enum, auto


class Touch(Enum):
    """What happened to a path."""

    WRITING = auto()  # somebody has a file open and writes to it
    WHOLE = auto()  # it was closed, moved here, moved away or deleted: there is nothing to wait for
    NOTED = auto()  # it was made, or its time or rights changed; who writes it goes on doing so
    FOLDER = auto()  # all that lies below the path may have changed


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be looked at now. A file below one of the folders is not named on its own."""

    files: frozenset[str] = frozenset()  # absolute; str because a burst may hold 100,000 of them
    folders: frozenset[str] = frozenset()  # with all that lies below; none lies below another

    def __bool__(self) -> bool:
        return bool(self.files or self.folders)


@dataclass(slots=True)
class _Held:
    """A path that waits."""

    first_s: float
    last_s: float
    is_open: bool = False
    is_folder: bool = False


@dataclass(slots=True)
class Settler:
    """Hold paths back until they settle.

    >>> settler = Settler(quiet_s=0.5, open_s=10.0, longest_s=30.0)
    >>> settler.touch("/p/a.jpg", Touch.WRITING, now_s=0.0)
    >>> settler.touch("/p/a.jpg", Touch.WHOLE, now_s=2.0)
    >>> [sorted(settler.take(now_s).files) for now_s in (1.9, 2.4, 2.5, 2.6)]
    [[], [], ['/p/a.jpg'], []]
    """

    quiet_s: float
    open_s: float  # a writer that is silent for so long has probably forgotten to close
    longest_s: float
    together_s: float = 0.0  # what is due so soon goes along: a move is two touches
    _held: dict[str, _Held] = field(default_factory=dict)

    def touch(self, path: str, touch: Touch, now_s: float) -> None:
        """Note one event for `path`."""
        held = self._held.setdefault(path, _Held(now_s, now_s))
        held.last_s = now_s
        held.is_folder |= touch is Touch.FOLDER
        if touch is not Touch.NOTED:
            held.is_open = touch is Touch.WRITING

    def take(self, now_s: float) -> Settled:
        """Remove and return what is due.

        A file below a folder that is due goes with it, but for one that is still being written:
        whoever walks the folder asks `holds`, and leaves that one alone.
        """
        due = self._due(now_s)
        if due and self.together_s:
            due = self._due(now_s + self.together_s)
        for path in due:
            del self._held[path]
        named = {path for path, held in due.items() if held.is_folder}
        folders = frozenset(path for path in named if not _is_below(path, named))
        files = frozenset(path for path in due.keys() - named if not _is_below(path, folders))
        return Settled(files, folders)

    def holds(self, path: str) -> bool:
        """Whether the file `path` is to be given out later, so that it is no use to look now."""
        held = self._held.get(path)
        return held is not None and not held.is_folder

    def next_deadline_s(self) -> float | None:
        """When to call `take` next, or None while nothing is held."""
        return min((self._deadline_s(held) for held in self._held.values()), default=None)

    def forget_below(self, folder: str) -> None:
        """Drop all that lies in `folder`, and itself: nobody cares for it any more."""
        for path in [path for path in self._held if path == folder or _is_below(path, {folder})]:
            del self._held[path]

    def _due(self, now_s: float) -> dict[str, _Held]:
        return {path: held for path, held in self._held.items() if self._deadline_s(held) <= now_s}

    def _deadline_s(self, held: _Held) -> float:
        quiet_s = self.open_s if held.is_open else self.quiet_s
        return min(held.last_s + quiet_s, held.first_s + self.longest_s)


def _is_below(path: str, folders: set[str] | frozenset[str]) -> bool:
    """Whether `path` lies inside one of `folders`.

    >>> _is_below("/p/a/b.jpg", {"/p"}), _is_below("/p", {"/p"}), _is_below("/pp", {"/p"})
    (True, False, False)
    """
    while folders and (parent := os.path.dirname(path)) != path:  # noqa: PTH120 - a str, often
        if parent in folders:
            return True
        path = parent
    return False
