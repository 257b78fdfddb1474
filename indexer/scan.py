"""Walk a folder and tell which photo files lie in it. Opens no file and follows no folder link."""

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from indexer.errors import BadFolder
from indexer.library import DATABASE

LAST_NS = (1 << 63) - 1  # April 2262: SQLite's largest whole number, for files from further ahead
FIRST_NS = -LAST_NS
EXTENSIONS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp"}
    | {".heic", ".heif", ".hif", ".avif"}
)
SIDECAR = ".xmp"
AS_CAMERAS_WRITE = frozenset(os.fsencode(form) for one in EXTENSIONS for form in (one, one.upper()))
IN_BYTES = {name: os.fsencode(name) for name in (DATABASE, SIDECAR)}
NAME = attrgetter("name")
DOT = ord(".")
Stamp = tuple[bytes, int, int]  # path, size in bytes, mtime in ns


class Found(NamedTuple):
    """A photo file as the directory tells of it."""

    path: str  # absolute; str because a library may hold a million of them
    size_bytes: int
    mtime_ns: int


class ScanStopped(Exception):
    """The walk was given up because the indexer is to end."""


@dataclass(slots=True)
class Scan:
    """One walk over `root`. Iterate it once; then `unreadable` and `sidecars` are complete.

    Hidden files and folders (a leading dot, so `._` files of a Mac too) are left out, and so is a
    folder that is a library of ours: its thumbnails are no photos. A link to a file is followed,
    a link to a folder is not: so no loop can arise.
    """

    root: Path
    is_stopped: Callable[[], bool] = lambda: False  # asked before each folder
    unreadable: list[str] = field(default_factory=list)  # folders below that may not be read
    sidecars: dict[str, int] = field(default_factory=dict)  # XMP files: path to mtime_ns

    def __iter__(self) -> Iterator[Found]:
        """Raises BadFolder when the root itself can not be read, ScanStopped when it is stopped."""
        for stamps in self.folders():
            yield from map(found, stamps)

    def folders(self) -> Iterator[list[Stamp]]:
        """The same by folders, in bare tuples with paths as the system gives them.

        Names of 100,000 files that are as they were need not be read as text.
        """
        check_folder(self.root)
        waiting = [os.fsencode(self.root)]
        while waiting:
            if self.is_stopped():
                raise ScanStopped
            folder = waiting.pop()
            try:
                with os.scandir(folder) as listing:
                    entries = list(listing)
            except OSError:
                self.unreadable.append(os.fsdecode(folder))
                continue
            if IN_BYTES[DATABASE] not in map(NAME, entries):
                yield self._photos(entries, waiting)

    def _photos(self, entries: list[os.DirEntry[bytes]], waiting: list[bytes]) -> list[Stamp]:
        """The photos among the entries of one folder. The folders in it join those that wait."""
        photos: list[Stamp] = []
        folders: list[bytes] = []
        for entry in entries:
            name = entry.name
            if name[0] == DOT:
                continue
            extension = name[-4:]
            if extension not in AS_CAMERAS_WRITE:  # nearly all are in it
                extension = name[name.rfind(b".") :].lower()  # a letter, where there is no dot
            try:
                if extension in AS_CAMERAS_WRITE and entry.is_file():
                    stat = entry.stat()
                    mtime_ns = stat.st_mtime_ns
                    if not FIRST_NS <= mtime_ns <= LAST_NS:
                        mtime_ns = in_range(mtime_ns)
                    photos.append((entry.path, stat.st_size, mtime_ns))
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif extension == IN_BYTES[SIDECAR] and entry.is_file():
                    self.sidecars[os.fsdecode(entry.path)] = entry.stat().st_mtime_ns
            except OSError as error:
                if error.errno in (errno.ENOENT, errno.ELOOP):
                    continue  # a link to nowhere, or gone since the directory was read
                self.unreadable.append(os.path.dirname(os.fsdecode(entry.path)))  # noqa: PTH120 - as a str
                break  # a folder whose names may be read and whose files may not
        waiting += sorted(folders, reverse=True)  # popped from the end: in order
        return photos


def found(stamp: Stamp) -> Found:
    """The same with its path as text.

    >>> found((b"/a/1.jpg", 3, 7))
    Found(path='/a/1.jpg', size_bytes=3, mtime_ns=7)
    """
    path, size_bytes, mtime_ns = stamp
    return Found(os.fsdecode(path), size_bytes, mtime_ns)


def in_range(mtime_ns: int) -> int:
    """A file's time, or the nearest that the database can hold."""
    return max(FIRST_NS, min(mtime_ns, LAST_NS))


def check_folder(folder: Path) -> None:
    """Raise BadFolder, with the way on, unless `folder` can be looked at."""
    try:
        with os.scandir(folder) as entries:
            next(entries, None)
    except OSError as error:
        raise BadFolder(_why_not(folder, error)) from error


def _why_not(folder: Path, error: OSError) -> str:
    """The sentence for a folder that can not be looked at.

    The error says it all: before Python 3.14 `Path.exists` raises where a parent is forbidden.
    """
    if isinstance(error, PermissionError):
        return f"You don't have permission to read {folder}. Allow it, and its photos appear."
    if isinstance(error, NotADirectoryError) and os.path.lexists(folder):
        return f"{folder} is a file, not a folder. Give the folder that holds it instead."
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
        return f"{folder} does not exist. Check how it is spelled, or connect the drive it is on."
    return f"{folder} can't be read: {error.strerror}. Is its drive well?"


def known_as(folder: Path, roots: Iterable[Path]) -> Path:
    """`folder` as a path inside one of `roots`, where it lies in one by another name or a link."""
    real = Path(os.path.realpath(folder))
    for root in roots:
        with suppress(OSError):
            if root.samefile(folder):
                return root
        real_root = Path(os.path.realpath(root))
        if real_root in real.parents:
            return root / real.relative_to(real_root)
    return folder
