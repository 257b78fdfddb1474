"""Look at single files as a scan does at folders: which of them are photos of the library now."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indexer.library import DATABASE
from indexer.scan import Found, Stamp, in_range
from indexer.watch_heard import is_photo_name, is_sidecar_name


@dataclass(slots=True)
class Glance:
    """One look at files that lie below `roots`. Iterate it once, as a Scan; then `sidecars` is
    complete too: all XMP files that were asked for, those that are not there with None.

    Leaves out what a scan of the root would: what is hidden or lies in a hidden folder, behind a
    link to a folder, or in a library of ours. What is not given is not there.
    """

    paths: Iterable[str]
    roots: Sequence[Path]
    unreadable: list[str] = field(default_factory=list)  # folders whose files may not be looked at
    sidecars: dict[str, int | None] = field(default_factory=dict)  # path to mtime_ns
    _open_folders: dict[str, bool] = field(default_factory=dict)  # whether a scan would come there

    def folders(self) -> Iterator[list[Stamp]]:
        """All that there are, at once."""
        yield [(os.fsencode(one.path), *one[1:]) for one in self]

    def __iter__(self) -> Iterator[Found]:
        for root in self.roots:
            self._open_folders[str(root)] = not _is_library(str(root))
        for path in self.paths:
            folder, name = os.path.split(path)
            is_photo, is_sidecar = is_photo_name(name), is_sidecar_name(name)
            if (is_photo or is_sidecar) and self._is_open(folder):
                try:
                    found = _found(path)
                except OSError:
                    self.unreadable.append(folder)
                    continue
                if is_sidecar:
                    self.sidecars[path] = found.mtime_ns if found else None
                elif found is not None:
                    yield found

    def _is_open(self, folder: str) -> bool:
        """Whether a scan of a root would come to `folder`."""
        known = self._open_folders.get(folder)
        if known is None:
            parent, name = os.path.split(folder)
            known = (
                parent != folder
                and not name.startswith(".")
                and self._is_open(parent)
                and not os.path.islink(folder)  # noqa: PTH114 - paths are str here
                and not _is_library(folder)
            )
            self._open_folders[folder] = known
        return known


def _found(path: str) -> Found | None:
    """The file at `path`; None where there is none. OSError where it may not be looked at."""
    try:
        status = os.stat(path)  # noqa: PTH116 - paths are str here
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
            return None
        raise
    if not stat.S_ISREG(status.st_mode):
        return None
    return Found(path, status.st_size, in_range(status.st_mtime_ns))


def _is_library(folder: str) -> bool:
    return os.path.lexists(os.path.join(folder, DATABASE))  # noqa: PTH118
