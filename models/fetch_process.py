"""The one process with a network: it fetches the files that it is told into a folder, and ends.

It is started before the program locks itself down, and waits on its stdin for one JSON line:

    {"folder": "...", "files": [{"url": "...", "name": "...", "size": 1, "sha256": "..."}]}

It knows no library and opens nothing but those files. On stdout it says how far it is, as lines of
JSON, `{"file": "...", "done": 1, "of": 2}`, and at last `{"fetched": true}` or `{"trouble": "."}`.
When its stdin closes it ends at once; what came is kept.
"""

import fcntl
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path, PurePosixPath
from typing import IO, Any

from models.errors import KnownError
from models.fetch import fetch
from models.fetch_part import Wanted
from models.fetch_trouble import NoNetwork

LOCK = ".lock"  # in the folder: two processes would write the same part
TOLD_S = 0.1  # at least, between two words on progress


def main(arguments: list[str]) -> int:  # noqa: ARG001 - every role is given some
    """Fetch what the line on stdin names; the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is our starter's; we see it go
    line = sys.stdin.readline()
    if not line.strip():
        return 0  # nothing was wanted after all
    threading.Thread(target=_end_with_starter, daemon=True).start()
    try:
        folder, files = _asked(json.loads(line))
        with (folder / LOCK).open("w") as lock:
            _hold(lock, folder)
            for wanted in files:
                fetch(wanted, folder, Telling(wanted.name))
            (folder / LOCK).unlink()
        _say({"fetched": True})
        return 0
    except KnownError as error:
        _say({"trouble": str(error), "network": not isinstance(error, NoNetwork)})
    except OSError as error:
        _say({"trouble": f"What was fetched can't be kept: {error.strerror or error}."})
    return 1


class Telling:
    """Says how far one file is, now and then and at its end."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._told_s = 0.0

    def __call__(self, done: int, of: int | None) -> None:
        """Say it, unless something was said just now."""
        now_s = time.monotonic()
        if now_s - self._told_s >= TOLD_S or done == of:
            self._told_s = now_s
            _say({"file": self._name, "done": done, "of": of})


def _asked(message: dict[str, Any]) -> tuple[Path, list[Wanted]]:
    """The folder and the files of a request. Raises KnownError for names that leave the folder."""
    files = [Wanted(**one) for one in message["files"]]
    for wanted in files:
        if PurePosixPath(wanted.name).name != wanted.name or wanted.name.startswith("."):
            raise KnownError(f"{wanted.name!r} is no name for a file of its own.")
    return Path(message["folder"]), files


def _hold(lock: IO[str], folder: Path) -> None:
    """Keep others out of the folder as long as this process lives. Raises KnownError."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise KnownError(
            f"Another process fetches the same into {folder} just now. Wait until it is done."
        ) from error


def _end_with_starter() -> None:
    """End the process when nobody holds the other end of stdin any more."""
    while sys.stdin.readline():
        pass
    os._exit(1)


def _say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
