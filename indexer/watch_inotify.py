"""Watch one folder on Linux: an inotify watch for each folder in it that is not hidden.

Built on watchdog's `InotifyFD`, which reads the kernel's events and calls back. Its `Observer` is
no use to us, for it keeps to itself what makes a library lose photos (read in watchdog 7.1.0):
an overflow of the kernel's queue is logged and its watches are made again, but no handler hears
that events were lost; where there are no watches left, folders below the root are silently not
watched; hidden folders are; and the loss of a root's parent is never noticed.
"""

import errno
import itertools
import os
import threading
from collections.abc import Iterator
from contextlib import suppress

from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchDescriptor,
)

from indexer.library import DATABASE
from indexer.settle import Touch
from indexer.watch_heard import Heard, is_photo_name, is_sidecar_name

ITSELF = InotifyConstants.IN_DELETE_SELF | InotifyConstants.IN_MOVE_SELF
COMING = InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO
GOING = InotifyConstants.IN_DELETE | InotifyConstants.IN_MOVED_FROM
WRITTEN = InotifyConstants.IN_MODIFY | InotifyConstants.IN_CLOSE_WRITE
KEPT_TO_FOLDERS = InotifyConstants.IN_ONLYDIR | InotifyConstants.IN_EXCL_UNLINK
IN_FOLDER = Mask(ITSELF | COMING | GOING | WRITTEN | InotifyConstants.IN_ATTRIB | KEPT_TO_FOLDERS)
BELOW = Mask(IN_FOLDER | InotifyConstants.IN_DONT_FOLLOW)  # the root itself may be a link
ABOVE = Mask(ITSELF | InotifyConstants.IN_ONLYDIR)  # a parent that goes takes the root with it
AWAITED = Mask(ABOVE | COMING | InotifyConstants.IN_ATTRIB)  # the last parent of a missing root
OUT_OF_WATCHES = (errno.ENOSPC, errno.ENOMEM, errno.EMFILE)
NOWHERE = WatchDescriptor(-1)  # what InotifyFD gives for a folder that may not be read


class InotifyTree:
    """All folders below `root`. `heard` is told what happens, on a thread of its own.

    A root that does not exist is awaited: its nearest parent is watched until it comes.
    """

    def __init__(self, root: str, heard: Heard) -> None:
        """Begin to watch; what is there when this returns and changes later is heard of."""
        self.root = root
        self._heard = heard
        self._lock = threading.RLock()  # the walk at the start against the events of its thread
        self._ids = map(CallbackId, itertools.count())
        self._folders: dict[WatchDescriptor, tuple[str, CallbackId]] = {}
        self._watches: dict[str, WatchDescriptor] = {}  # the same, by path
        self._guards: dict[WatchDescriptor, tuple[str, CallbackId]] = {}  # -> the awaited name
        self._is_short = False
        self._is_closed = False
        self._fd: InotifyFD | None = None
        try:
            self._fd = InotifyFD()
        except OSError:
            self._fall_short()
            return
        self._fd.start()
        with self._lock:
            self._watch_all()

    def close(self) -> None:
        """Watch no more, and wait for the thread."""
        with self._lock:  # what it is about to tell concerns nobody any more
            self._folders.clear()
            self._guards.clear()
            self._is_closed = True
        if self._fd is not None:
            self._fd.stop()
            self._fd.join()

    # What InotifyFD calls, on its thread

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened to a folder of ours, or in it."""
        with self._lock:
            if event.wd in self._guards:
                awaited, _ = self._guards[event.wd]
                if not event.name or os.fsdecode(event.name) == awaited:
                    self._begin_anew()
            elif event.wd in self._folders:
                folder, _ = self._folders[event.wd]
                if event.name:
                    self._in_folder(folder, os.fsdecode(event.name), event.mask)
                elif folder == self.root and not event.mask & WRITTEN:
                    self._begin_anew()  # gone, moved, unmounted, or its rights have changed

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """The kernel has dropped a watch: its folder is gone, or unmounted."""
        with self._lock:
            folder, _ = self._folders.pop(wd, ("", None))
            if folder and self._watches.get(folder) == wd:
                del self._watches[folder]
                if folder == self.root:
                    self._begin_anew()
                else:
                    self._heard.touch(folder, Touch.FOLDER)

    def on_queue_overflow(self) -> None:
        """The kernel has dropped events: nobody knows which."""
        with self._lock:
            if not self._is_closed:
                self._begin_anew()

    # The rest holds the lock

    def _in_folder(self, folder: str, name: str, mask: int) -> None:
        """Something with a name came, went or changed."""
        if name.startswith("."):
            return
        path = os.path.join(folder, name)  # noqa: PTH118 - there may be a hundred thousand
        if not mask & InotifyConstants.IN_ISDIR:
            self._of_file(path, name, mask)
        elif mask & GOING:
            self._forget(path)
            self._heard.touch(path, Touch.FOLDER)
        elif mask & (COMING | InotifyConstants.IN_ATTRIB):
            self._watch_below(path)  # first: what happens from here on is heard of
            self._heard.touch(path, Touch.FOLDER)

    def _of_file(self, path: str, name: str, mask: int) -> None:
        if name == DATABASE:  # a library of ours: its thumbnails are no photos
            folder = os.path.dirname(path)  # noqa: PTH120
            self._forget(folder)
            self._heard.touch(folder, Touch.FOLDER)
        elif self._is_short:
            self._heard.touch(self.root, Touch.FOLDER)  # it may be news from an unwatched folder
        elif is_photo_name(name) or is_sidecar_name(name):
            if mask & InotifyConstants.IN_MODIFY:
                self._heard.touch(path, Touch.WRITING)
            elif mask & (InotifyConstants.IN_CREATE | InotifyConstants.IN_ATTRIB):
                self._heard.touch(path, Touch.NOTED)
            else:
                self._heard.touch(path, Touch.WHOLE)

    def _begin_anew(self) -> None:
        """Watch the root as it is now, and let all of it be looked at."""
        for wd, (_, number) in [*self._folders.items(), *self._guards.items()]:
            self._drop(wd, number)
        self._folders.clear()
        self._watches.clear()
        self._guards.clear()
        self._watch_all()
        self._heard.touch(self.root, Touch.FOLDER)

    def _watch_all(self) -> None:
        self._is_short = False
        while not self._is_guarded():
            pass
        self._watch_below(self.root)

    def _is_guarded(self) -> bool:
        """Watch the root's parents; False where one came while we did, so that it is to be redone.

        Those that are there tell when they go; the last one there tells when the next one comes.
        """
        for parent, name in _parents(self.root):
            below = os.path.join(parent, name)  # noqa: PTH118 - paths are str in here
            is_last = not os.path.isdir(below)  # noqa: PTH112
            with suppress(OSError):  # a parent that may not be read tells nothing
                self._guard(parent, name, AWAITED if is_last else ABOVE)
            if is_last:
                return not os.path.isdir(below)  # noqa: PTH112
        return True

    def _guard(self, parent: str, name: str, mask: Mask) -> None:
        assert self._fd is not None
        number = next(self._ids)
        wd = self._fd.add_callback(os.fsencode(parent), mask, self, number)
        if wd == NOWHERE or wd in self._guards:
            self._drop(wd, number)
        else:
            self._guards[wd] = (name, number)

    def _watch_below(self, folder: str) -> None:
        """Watch `folder` and all that lies in it but for what is hidden, and libraries."""
        waiting = [folder]
        while waiting:
            here = waiting.pop()
            if not self._watch(here):
                continue
            try:
                with os.scandir(here) as listing:
                    entries = [one for one in listing if not one.name.startswith(".")]
            except OSError:
                continue  # gone again, or not for us: its parent tells when that changes
            if any(one.name == DATABASE for one in entries):
                self._forget(here)
                continue
            for one in entries:
                with suppress(OSError):
                    if one.is_dir(follow_symlinks=False):
                        waiting.append(one.path)

    def _watch(self, folder: str) -> bool:
        """Watch one folder; whether it can be."""
        assert self._fd is not None
        number = next(self._ids)
        mask = IN_FOLDER if folder == self.root else BELOW
        try:
            wd = self._fd.add_callback(os.fsencode(folder), mask, self, number)
        except OSError as error:
            if error.errno in OUT_OF_WATCHES:
                self._fall_short()
            return False
        if wd == NOWHERE:
            self._drop(wd, number)
            return False
        before, old_number = self._folders.get(wd, ("", None))
        if old_number is not None:  # it was watched already, perhaps by an older name
            self._drop(wd, old_number)
            if self._watches.get(before) == wd:
                del self._watches[before]
        self._folders[wd] = (folder, number)
        self._watches[folder] = wd
        return True

    def _forget(self, folder: str) -> None:
        """Watch `folder` and what lies in it no more."""
        inside = f"{folder}/"
        for path in [path for path in self._watches if path == folder or path.startswith(inside)]:
            wd = self._watches.pop(path)
            _, number = self._folders.pop(wd)
            self._drop(wd, number)

    def _drop(self, wd: WatchDescriptor, number: CallbackId) -> None:
        assert self._fd is not None
        self._fd.remove_callbacks([(wd, number)])

    def _fall_short(self) -> None:
        """There are no watches left: what we can't hear of is looked for with what we can."""
        if not self._is_short:
            self._is_short = True
            self._heard.fell_short(self.root)
            self._heard.touch(self.root, Touch.FOLDER)


def _parents(path: str) -> Iterator[tuple[str, str]]:
    """Each parent of `path` with the name that leads on to it, from the root of the tree on.

    >>> list(_parents("/a/b"))
    [('/', 'a'), ('/a', 'b')]
    """
    names = path.strip("/").split("/")
    for depth, name in enumerate(names):
        yield "/" + "/".join(names[:depth]), name
