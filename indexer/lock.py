"""Hold a library, so that it has one writer. An OS lock: it goes with the process that holds it."""

import fcntl
from typing import IO

from indexer.errors import KnownError
from indexer.library import Library


class Busy(KnownError):
    """Another indexer holds this library."""


def lock(library: Library) -> IO[str]:
    """Hold the library until the file is closed or the process ends. Raises Busy, OSError."""
    library.root.mkdir(parents=True, exist_ok=True)
    file = library.lock.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise Busy("Another indexer is at work on this library.") from error
    return file
