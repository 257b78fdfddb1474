"""Watch one folder on a Mac: one FSEvents stream, whatever the number of folders in it.

Built on watchdog's emitter for the stream and its thread. Its way of telling is passed over, for
it drops what makes a library lose photos (read in watchdog 7.1.0): the flags that say that events
were lost, or that a drive came or went, lead to no event of its own, it stops for good when the
root is moved, and it asks the file system about each path.

FSEvents names files by their real path, and does not tell when a file is closed.
"""

import os
import unicodedata
from collections.abc import Iterable
from typing import Any, Protocol

from watchdog.observers.api import EventQueue, ObservedWatch
from watchdog.observers.fsevents import FSEventsEmitter

from indexer.library import DATABASE
from indexer.settle import Touch
from indexer.watch_heard import Heard, is_photo_name, is_sidecar_name


class NativeEvent(Protocol):
    """What we read of an event; the names are watchdog's, for the flags of FSEvents.h."""

    path: str
    is_directory: bool
    is_created: bool
    is_removed: bool
    is_renamed: bool
    is_inode_meta_mod: bool
    is_change_owner: bool
    must_scan_subdirs: bool  # events were lost; where, the path tells
    is_user_dropped: bool
    is_kernel_dropped: bool
    is_event_ids_wrapped: bool
    is_root_changed: bool  # the root or a parent of it was moved, deleted or made
    is_mount: bool
    is_unmount: bool


class FSEventsTree(FSEventsEmitter):
    """All folders below `root`. `heard` is told what happens, on a thread of its own."""

    def __init__(self, root: str, heard: Heard) -> None:
        """Begin to watch; what changes after this returns is heard of."""
        self.root = root
        self._heard = heard
        super().__init__(EventQueue(), ObservedWatch(root, recursive=True))
        self.start()

    def close(self) -> None:
        """Watch no more, and wait for the thread."""
        self.stop()
        self.join()

    def queue_events(self, timeout: float, events: Iterable[Any]) -> None:  # type: ignore[override]
        """Take what the stream tells, on its thread. watchdog's own would wait for `timeout`."""
        del timeout
        real_root = os.path.realpath(self.root)
        for event in events:
            path, touch = told_by(event, self.root, real_root)
            if touch is not None:
                self._heard.touch(path, touch)


def told_by(event: NativeEvent, root: str, real_root: str) -> tuple[str, Touch | None]:
    """What one event means: a path as we know it, and what happened to it, if that matters."""
    path = _as_known(event.path, root, real_root)
    if path is None or event.is_root_changed or _is_doubtful_as_a_whole(event):
        return root, Touch.FOLDER
    inside = path[len(root) :]
    if "/." in inside:
        return path, None
    if event.must_scan_subdirs or event.is_mount or event.is_unmount:
        return path, Touch.FOLDER
    folder, name = os.path.split(path)
    if name == DATABASE:
        return folder, Touch.FOLDER
    if event.is_directory:
        return path, Touch.FOLDER if _speaks_for_its_files(event) else None
    if not is_photo_name(name) and not is_sidecar_name(name):
        return path, None
    return path, Touch.NOTED


def _is_doubtful_as_a_whole(event: NativeEvent) -> bool:
    """Whether events were lost, and nobody knows where."""
    return event.is_user_dropped or event.is_kernel_dropped or event.is_event_ids_wrapped


def _speaks_for_its_files(event: NativeEvent) -> bool:
    """Whether a folder came or went with all that it holds, or may be read or not from now on."""
    has_moved = event.is_created or event.is_removed or event.is_renamed
    return has_moved or event.is_inode_meta_mod or event.is_change_owner


def _as_known(path: str, root: str, real_root: str) -> str | None:
    """`path` with the root as the library names it; None for one that lies elsewhere.

    >>> _as_known("/private/tmp/p/a.jpg", "/tmp/p", "/private/tmp/p")
    '/tmp/p/a.jpg'
    """
    path = path.rstrip("/") or "/"
    for known in (root, real_root):
        for form in (
            known,
            unicodedata.normalize("NFD", known),
            unicodedata.normalize("NFC", known),
        ):
            if path == form or path.startswith(f"{form.rstrip('/')}/"):
                return root.rstrip("/") + path[len(form.rstrip("/")) :]
    return None
