"""Look at single files as a scan does at folders: which of them are photos of the library now."""

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from indexer.library import DATABASE
from indexer.scan import LAST_NS, Found
from indexer.watch_heard import is_photo_name


@dataclass(slots=True)
class Glance:
    """One look at files that lie below `roots`. Iterate it once, as a Scan.

    Leaves out what a scan of the root would: what is hidden or lies in a hidden folder, behind a
    link to a folder, or in a library of ours. What is not given is not there.
    """

    paths: Iterable[str]
    roots: Sequence[Path]
    unreadable: list[str] = field(default_factory=list)  # folders whose files may not be looked at
    _open_folders: dict[str, bool] = field(default_factory=dict)  # whether a scan would come there

    def __iter__(self) -> Iterator[Found]:
        for root in self.roots:
            self._open_folders[str(root)] = not _is_library(str(root))
        for path in self.paths:
            folder, name = os.path.split(path)
            if is_photo_name(name) and self._is_open(folder):
                try:
                    status = os.stat(path)  # noqa: PTH116 - paths are str here
                    if stat.S_ISREG(status.st_mode):
                        mtime_ns = max(-LAST_NS, min(status.st_mtime_ns, LAST_NS))
                        yield Found(path, status.st_size, mtime_ns)
                except OSError as error:
                    if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                        self.unreadable.append(folder)

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


def _is_library(folder: str) -> bool:
    return os.path.lexists(os.path.join(folder, DATABASE))  # noqa: PTH118
