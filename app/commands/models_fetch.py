"""Let the one process with a network fetch files, and know when it is wanted at all."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, cast
from urllib.parse import unquote, urlsplit

from app.commands.models_progress import Line
from app.paths import VARIABLE
from indexer.errors import KnownError
from indexer.spawn import command, environment
from models.fetch_part import Wanted
from models.fetch_trouble import NoNetwork

FETCHED = ".fetched"  # inside the folder of encoders: what is on its way, kept for another try
KEPT_S = 30 * 86400.0  # for that long; nobody comes back to a download after a month
NAME_BYTES = 80  # of a file's own name; what is noted beside it has a longer one
VALUED = ("--library", "--model", "--weights", "--tokenizer", "--to", "--format")
ENDS_S = 5.0


class Fetcher:
    """The process, started and waiting. It must be started before this process locks itself down.

    It is told nothing of the library but a folder to write into.
    """

    def __init__(self) -> None:
        known = {name: value for name, value in environment().items() if name != VARIABLE}
        self._process = subprocess.Popen(
            command("models.fetch_process"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=known,
            cwd="/",
        )

    def fetch(self, files: Sequence[Wanted], folder: Path, line: Line) -> None:
        """Bring all files into `folder`. Raises KnownError, NoNetwork; what came stays there."""
        request = {"folder": str(folder), "files": [asdict(file) for file in files]}
        said: dict[str, object] = {}
        with suppress(OSError, ValueError):  # it ended: its last words are still to be read
            self._stdin.write(json.dumps(request) + "\n")
            self._stdin.flush()
        for words in self._stdout:
            said = json.loads(words)
            if "done" in said:
                line.show(f"fetching {said['file']}", cast(int, said["done"]), said["of"])
        line.end()
        if "fetched" not in said:
            kind = KnownError if said.get("network", True) else NoNetwork
            raise kind(str(said.get("trouble", "Fetching ended without a word. Try again.")))

    def close(self) -> None:
        """Let it end, whatever it does."""
        with suppress(OSError):
            self._stdin.close()
        self._stdout.close()
        try:
            self._process.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    @property
    def _stdin(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _stdout(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout


def place_of(home: Path, name: str, now_s: float) -> Path:
    """Where to fetch what is called `name`. What others left there long ago is swept away.

    A folder that files still come into is young, and so is one that a resume has touched.
    """
    place = home / FETCHED / name
    with suppress(OSError):
        for other in (home / FETCHED).iterdir():
            parts = [other, *other.rglob("*")]
            if other != place and now_s - max(one.lstat().st_mtime for one in parts) > KEPT_S:
                shutil.rmtree(other, ignore_errors=True)
    return place


def file_name(url: str) -> str:
    """What to call the file of an address on this disk: the end of its own name.

    >>> file_name("https://hub.example/a/ViT%20B.sightword?download=1")
    'ViT B.sightword'
    >>> file_name("https://hub.example/"), len(file_name(f"https://hub.example/{'n' * 300}"))
    ('bundle', 80)
    """
    name = unquote(urlsplit(url).path).rpartition("/")[2].encode()[-NAME_BYTES:]
    printable = [one for one in name.decode(errors="ignore") if one.isprintable()]
    return "".join(printable).lstrip(".- ") or "bundle"


def is_elsewhere(arguments: Sequence[str]) -> bool:
    """Whether these arguments are `models add` of something that is not on the disk.

    >>> is_elsewhere(["--json", "models", "add", "mobileclip2-s0"])
    True
    >>> is_elsewhere(["models", "add", "mobileclip2-s0", "--weights", "s0.safetensors"])
    False
    >>> is_elsewhere(["search", "models", "add"]), is_elsewhere(["models", "add", "/no/such.file"])
    (False, False)
    """
    options = {word.partition("=")[0] for word in arguments}
    if options & {"--weights", "--help", "-h"}:
        return False
    words: list[str] = []
    passed = False
    for word in arguments:
        if passed or word.startswith("-"):
            passed = word in VALUED
        else:
            words.append(word)
    return words[:2] == ["models", "add"] and len(words) == 3 and not is_here(words[2])


def is_here(what: str) -> bool:
    """Whether this names something on the disk, even if it is not there: a path, no name or URL."""
    if "://" in what:
        return what.startswith("file://")
    if what[:1] in ("/", ".", "~") or what.endswith((".sightword", ".zip")):
        return True
    return os.path.lexists(what)  # Path's raises where it may not look
