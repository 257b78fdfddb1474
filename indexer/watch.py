"""Watch the folders of a library, and tell what is to be looked at again.

FSEvents on a Mac, inotify on Linux. Whatever is doubtful (events were lost, watches ran out, a
drive went or came) is told as the folder that is doubtful, and scanned. Nothing is polled but
shares on a network, where the system hears only what this machine does itself.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

from indexer.mounts import Mount, MountTable, concerning, is_share
from indexer.settle import Settled, Settler, Touch
from indexer.watch_heard import Heard

QUIET_S = 0.5  # a photo is to be found within 3 s of its last byte
QUIET_UNCLOSED_S = 1.0  # where nobody tells that a file was closed: FSEvents
OPEN_S = 10.0
LONGEST_S = 30.0
TOGETHER_S = 0.25  # the two sides of a move
POLL_S = 300.0  # between two looks at a share on a network

log = logging.getLogger(__name__)


class Tree(Protocol):
    """Something that watches one folder, and what lies below, until it is closed."""

    def close(self) -> None:
        """Watch no more."""


Observe = Callable[[str, Heard], Tree]


class Watcher:
    """Watches folders; `take` says what has settled. Any thread may call it."""

    def __init__(
        self,
        observe: Observe | None = None,
        mounts: MountTable | None = None,
        clock: Callable[[], float] = time.monotonic,
        quiet_s: float = QUIET_UNCLOSED_S if sys.platform == "darwin" else QUIET_S,
        together_s: float = TOGETHER_S,
    ) -> None:
        self._observe = observe or observe_here
        self._clock = clock
        self._settler = Settler(quiet_s, OPEN_S, LONGEST_S, together_s)
        self._guard = threading.Lock()  # of the settler and of `_short`: trees have own threads
        self._trees: dict[str, Tree | None] = {}  # None: on a share, and polled
        self._poll_s: dict[str, float] = {}  # when to look at a share again
        self._short: set[str] = set()
        self._mounts = mounts or MountTable()
        self._lies: dict[str, tuple[Mount, ...]] = {}  # on which file systems, as it is watched

    def watch(self, folders: Iterable[Path]) -> None:
        """Watch these folders from now on, and no others.

        What changes after this returns is heard of: scan behind it, and nothing is missed.
        """
        wanted = [str(folder) for folder in folders]
        for root in self._trees.keys() - set(wanted):
            self._end(root)
            with self._guard:
                self._settler.forget_below(root)
        for root in wanted:
            if root not in self._trees:
                self._begin(root)

    def take(self) -> Settled:
        """What is to be looked at now."""
        if self._mounts.has_changed():
            self._look_where_they_lie()
        now_s = self._clock()
        for root, due_s in self._poll_s.items():
            if due_s <= now_s:
                self._poll_s[root] = now_s + POLL_S
                self.touch(root, Touch.FOLDER)
        with self._guard:
            return self._settler.take(now_s)

    def holds(self, path: str) -> bool:
        """Whether `take` will name this file later: somebody may be writing it now."""
        with self._guard:
            return self._settler.holds(path)

    def take_short(self) -> set[Path]:
        """The folders that newly can't be watched as a whole, each told once."""
        with self._guard:
            short, self._short = self._short, set()
        return {Path(root) for root in short}

    def close(self) -> None:
        """Watch nothing any more."""
        for root in list(self._trees):
            self._end(root)
        self._mounts.close()

    # As Heard, for the trees

    def touch(self, path: str, touch: Touch) -> None:
        """Note what a tree heard."""
        with self._guard:
            self._settler.touch(path, touch, self._clock())

    def fell_short(self, root: str) -> None:
        """Note that a tree can't watch all of its folder."""
        with self._guard:
            self._short.add(root)

    def _look_where_they_lie(self) -> None:
        """Begin anew with the folders under which a drive or a share came or went."""
        table = self._mounts.read()
        for root, before in list(self._lies.items()):
            if concerning(Path(root), table) != before:
                self._end(root)
                self._begin(root)
                self.touch(root, Touch.FOLDER)

    def _begin(self, root: str) -> None:
        table = self._mounts.read()
        self._lies[root] = concerning(Path(root), table)
        if is_share(Path(root), table):
            self._trees[root] = None
            self._poll_s[root] = self._clock() + POLL_S
            return
        try:
            self._trees[root] = self._observe(root, self)
        except OSError as error:
            log.warning("%s can't be watched: %s", root, error)
            self._trees[root] = None
            self.fell_short(root)

    def _end(self, root: str) -> None:
        tree = self._trees.pop(root)
        self._poll_s.pop(root, None)
        self._lies.pop(root, None)
        if tree is not None:
            tree.close()


def observe_here(root: str, heard: Heard) -> Tree:
    """The kind of tree that this system has."""
    if sys.platform == "darwin":
        from indexer.watch_fsevents import FSEventsTree

        return FSEventsTree(root, heard)
    from indexer.watch_inotify import InotifyTree

    return InotifyTree(root, heard)
