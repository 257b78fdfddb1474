"""Wait for what processes of ours do, without sleeping longer than they take."""

import threading
from collections.abc import Callable

from indexer.library import Library
from indexer.lock import Busy, lock


def wait_until_free(library: Library) -> None:
    """Return once nobody holds the library; the test's time limit is the deadline."""
    while True:
        try:
            lock(library).close()
        except Busy:
            threading.Event().wait(0.02)
        else:
            return


def wait_until(condition: Callable[[], bool]) -> None:
    """Return once `condition` holds; the test's time limit is the deadline."""
    while not condition():
        threading.Event().wait(0.02)
