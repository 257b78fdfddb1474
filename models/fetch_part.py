"""Keep the beginning of a file that is on its way: its bytes, and a note of what it is part of.

The note beside the bytes says which address and which version (ETag) they came from, so that the
rest is only ever asked of the same file.
"""

import errno
import hashlib
import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.errors import KnownError

MARGIN_BYTES = 200 << 20  # of the disk, left to others
LARGEST_BYTES = 16 << 30  # no encoder is larger: an answer without end is no file

Progress = Callable[[int, int | None], None]  # bytes so far, of how many where that is known


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file of the network: where it is, what to call it here, and what is known of it."""

    url: str
    name: str
    size: int | None = None  # bytes
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """Which file the part is the beginning of."""

    url: str
    etag: str | None
    size: int | None
    sha256: str | None  # as the hub names it, where the catalogue does not


class Part:
    """The beginning of `wanted` in `folder`."""

    def __init__(self, wanted: Wanted, folder: Path) -> None:
        self.wanted = wanted
        self.whole = folder / wanted.name
        self.path = folder / f"{wanted.name}.part"
        self._note = folder / f"{wanted.name}.part.json"

    @property
    def size(self) -> int:
        """Bytes that are here."""
        return self.path.stat().st_size if self.path.exists() else 0

    def note(self) -> Note | None:
        """Which file this is a part of, if it can be gone on with."""
        with suppress(OSError, ValueError, TypeError):
            note = Note(**json.loads(self._note.read_text(encoding="utf-8")))
            if note.url == self.wanted.url and note.size and self.size <= note.size:
                return note
        return None

    def begin(self, note: Note) -> None:
        """Note which file the bytes to come belong to."""
        self.path.unlink(missing_ok=True)
        self._note.write_text(json.dumps(asdict(note)), encoding="utf-8")

    def forget(self) -> None:
        """Take the bytes and the note away."""
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def pour(self, answer: Any, start: int, size: int | None, progress: Progress) -> None:
        """Write all that `answer` gives behind the first `start` bytes.

        Raises KnownError where it is more than was said, or where the disk is full.
        """
        progress(start, size)
        with self.path.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            done = start
            while some := answer.read1(1 << 18):
                done += len(some)
                if done > (LARGEST_BYTES if size is None else size):
                    self.forget()
                    raise KnownError(
                        f"The hub sends more than the {size or LARGEST_BYTES:,} bytes that "
                        f"{self.wanted.name} has: it is another file. Nothing was added."
                    )
                self._write(file, some)
                progress(done, size)

    def _write(self, file: Any, some: bytes) -> None:
        try:
            file.write(some)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise KnownError(
                f"The disk is full: {self.wanted.name} found no room in {self.path.parent}. Make "
                "room; the same command goes on where it stopped."
            ) from error

    def finish(self, sha256: str | None) -> Path:
        """Give the file its name if it is what it should be. Raises KnownError if not."""
        try:
            self.check_size(self.size)
            if sha256 is not None:
                self._check_digest(sha256)
        except KnownError:
            self.forget()
            raise
        self.path.rename(self.whole)
        self._note.unlink(missing_ok=True)
        return self.whole

    def check_size(self, size: int | None) -> None:
        """Raise KnownError where a size is not the one that was expected."""
        if size is not None and self.wanted.size is not None and size != self.wanted.size:
            raise KnownError(
                f"{self.wanted.url} has {size:,} bytes, and {self.wanted.size:,} were expected: "
                "it is another file than the one we know. Nothing was added."
            )

    def check_room(self, needed: int) -> None:
        """Raise KnownError where `needed` bytes more find no room on the disk."""
        free = shutil.disk_usage(self.path.parent).free
        if needed + MARGIN_BYTES > free:
            raise KnownError(
                f"{self.wanted.name} needs {needed / 1e6:,.0f} MB in {self.path.parent}, and "
                f"{free / 1e6:,.0f} MB are free, of which {MARGIN_BYTES / 1e6:,.0f} MB should "
                "stay so. Make room and try again."
            )

    def _check_digest(self, sha256: str) -> None:
        with self.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != sha256:
            raise KnownError(
                f"{self.wanted.name} is not what it should be: its SHA-256 is {digest}, and "
                f"{sha256} was expected. It was damaged on the way or exchanged at the hub; "
                "nothing was added."
            )
