"""The program itself, whose indexer notes each picture that it encodes; for proofs that hurt it.

    COUNTED_NOTES=FILE python -m tests.counted_app index FOLDER ...

Everything else is the real thing: the command line, the indexer and its decoders; only that it
doesn't step behind other programs, for proofs must end on a busy machine as well. With
COUNTED_MOVES="17 FROM TO" the indexer moves the folder FROM when it opens the 17th folder to scan.
"""

import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from app.main import main
from indexer import client, service
from indexer.encoders import Encoders
from models.encoder import Encoder
from models.installed import load
from tests.counting_indexer import Counting

NOTES = "COUNTED_NOTES"
MOVES = "COUNTED_MOVES"
ROLE = "tests.counted_app"


def as_ours(role: str, *arguments: str) -> list[str]:
    """How the client starts our indexer instead of the plain one."""
    if role != "indexer.service":
        return [sys.executable, "-m", role, *arguments]
    return [sys.executable, "-m", ROLE, "--as-indexer", *arguments]


def counting(folder: Path) -> Encoder:
    """The encoder in `folder`, whose pictures are noted."""
    return Counting(load(folder), Path(os.environ[NOTES]), None)


def move_while_scanning(number: int, source: Path, target: Path) -> None:
    """Let a folder go away in the middle of a walk."""
    left = number

    def heed(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event == "os.scandir" and str(arguments[0]).startswith(str(source)):
            left -= 1
            if left == 0:
                source.rename(target)

    sys.addaudithook(heed)


def run(arguments: Sequence[str]) -> int:
    """Be the indexer, or the command line."""
    if arguments[:1] == ["--as-indexer"]:
        if MOVES in os.environ:
            number, source, target = os.environ[MOVES].split()
            move_while_scanning(int(number), Path(source), Path(target))
        service.__dict__["step_back"] = lambda: None
        service.__dict__["Encoders"] = partial(Encoders, load=counting)
        return service.main(list(arguments[1:]))
    client.__dict__["command"] = as_ours
    return main(list(arguments))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
