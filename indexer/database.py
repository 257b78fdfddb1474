"""Open a library's SQLite file, and turn what can go wrong with it into sentences.

File names are bytes on Linux and need not be UTF-8. They lie in TEXT columns byte for byte:
`text_of` makes the parameter (for `CAST(? AS TEXT)`), and connections from here decode with
surrogateescape, as `os.fsdecode` does.
"""

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from indexer.errors import BadLibrary, DiskFull
from indexer.library import Library

LEAST_BYTES = 1 << 16  # two pages of what SQLite grows its files by
FULL = "The disk is full. Free some space and start again: nothing that was done is lost."
BUSY_MS = 10_000  # how long a reader or writer waits for the other before it gives up


def connect(library: Library, *, read_only: bool) -> sqlite3.Connection:
    """A connection without implicit transactions. Raises BadLibrary.

    With `read_only` the file must exist and nothing is ever written.
    """
    with as_bad_library(library):
        if read_only:
            uri = f"{library.database.as_uri()}?mode=ro"
            connection = sqlite3.connect(uri, uri=True, isolation_level=None)
        else:
            library.root.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(library.database, isolation_level=None)
        try:
            connection.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
            connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            if not read_only:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
                connection.execute("PRAGMA fullfsync = ON")  # only a Mac knows it
                connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except BaseException:
            connection.close()
            raise
    return connection


def check_place(library: Library) -> None:
    """Raise BadLibrary where a library can neither be nor be made."""
    for folder in (library.root, *library.root.parents):
        if folder.exists():
            if not folder.is_dir():
                raise BadLibrary(
                    f"The library can't be at {library.root}: {folder} is a file. "
                    "Name another place with --library."
                )
            return


@contextmanager
def as_bad_library(library: Library) -> Iterator[None]:
    """Turn what SQLite or the file system says inside the block into BadLibrary."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if _is_full(library, error):
            raise DiskFull(FULL) from error
        raise BadLibrary(_sentence(library, error)) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(FULL) from error
        raise BadLibrary(
            f"The library {library.root} can't be opened: {error.strerror}. "
            "Name another place with --library."
        ) from error


def text_of(path: str | Path) -> bytes:
    """A path as the bytes that `CAST(? AS TEXT)` stores.

    >>> text_of("/photos/caf\\udce9.jpg")
    b'/photos/caf\\xe9.jpg'
    """
    return str(path).encode("utf-8", "surrogateescape")


def below(folder: str | Path) -> tuple[bytes, bytes]:
    """The half-open range of paths that lie inside `folder`, for `path >= ? AND path < ?`.

    >>> below("/photos")
    (b'/photos/', b'/photos0')
    """
    prefix = text_of(folder).rstrip(b"/")
    return prefix + b"/", prefix + b"0"  # "0" follows "/" in every byte order


def _is_full(library: Library, error: sqlite3.DatabaseError) -> bool:
    """Whether there was no room. The file that readers share is the first to miss it (IOERR)."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        with suppress(OSError):
            return shutil.disk_usage(library.root).free < LEAST_BYTES
    return code == sqlite3.SQLITE_FULL


def _sentence(library: Library, error: sqlite3.DatabaseError) -> str:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return (
            f"The index {library.database} is damaged ({error}). Move that file away and index "
            "your folders again: your photos are not touched by this."
        )
    what = str(error)
    with suppress(OSError):
        if library.database.exists() and not library.database.is_file():
            what = "it is not a file"
    return (
        f"The index {library.database} can't be used ({what}). Check that you may read and "
        "write it, or name another place with --library."
    )
