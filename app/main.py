"""The one entrance: the window, a command, or (frozen) a part that the program starts itself."""

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from errno import EDQUOT, EFBIG, EIO, ENOSPC
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

from indexer.errors import BadQuestion, KnownError
from indexer.lockdown import deny_network
from indexer.spawn import ROLE, ROLES

if TYPE_CHECKING:
    from app.commands.models_fetch import Fetcher

KNOWN, USAGE, BUG, INTERRUPTED = 1, 2, 70, 130  # exit statuses; docs/command-line.md
FULL = (ENOSPC, EDQUOT, EFBIG, EIO)  # what a write says where there is no room or the disk is bad


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit status."""
    open_missing_streams()
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [ROLE]:
        return _play(given[1:])
    fetcher = _fetcher(given)  # before the lock-down, which would hold for it too
    if not paints_elsewhere(os.environ.get("DISPLAY", "")):
        deny_network()
    for stream in (sys.stdout, sys.stderr):  # file names need not be Unicode
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    status = _run(given, fetcher)
    _drop_what_nobody_takes()
    return status


def _fetcher(arguments: list[str]) -> "Fetcher | None":
    """The one process with a network, for `models add` of what is not on the disk; else None."""
    if not {"models", "add"} <= set(arguments):
        return None
    from app.commands.models_fetch import Fetcher, is_elsewhere

    return Fetcher() if is_elsewhere(arguments) else None


def _run(arguments: Sequence[str], fetcher: "Fetcher | None") -> int:
    """Do what the arguments say; the exit status, whatever went wrong."""
    try:
        status = _answer(arguments, fetcher)
        sys.stdout.flush()  # here, where a full disk can still be told
        return status
    except BadQuestion as error:
        return _tell(error, USAGE)
    except KnownError as error:
        return _tell(error, KNOWN)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `sightword search … | head`
        return 0
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            return _bug()
        return _tell(f"the output can't be written: {error.strerror}. Make room for it.", KNOWN)
    except Exception:
        return _bug()
    finally:
        if fetcher is not None:
            fetcher.close()


def _answer(arguments: Sequence[str], fetcher: "Fetcher | None") -> int:
    """What the command line gives; the parser leaves by SystemExit, with --help or wrong usage."""
    from app import cli  # after the lock-down: nothing of ours is loaded before it

    try:
        return cli.run(arguments, fetcher)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else USAGE


def _bug() -> int:
    """Keep the trace of the error that is being handled."""
    with suppress(OSError):
        traceback.print_exc()
    return _tell("this is a bug of ours; the lines above say where.", BUG)


def _tell(words: object, status: int) -> int:
    """Say it on stderr if that can be written to; gives `status` back."""
    with suppress(OSError):
        print(f"sightword: {words}", file=sys.stderr)
    return status


def open_missing_streams() -> None:
    """Give each standard stream that is missing (`2>&-`) an end that swallows everything.

    Else what is meant for stderr is printed to stdout, and the next file that is opened takes
    its place: a database may become fd 1.
    """
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:  # the lowest number that is free: this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        stream = getattr(sys, name)
        if stream is None or stream.closed:
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - open to the end


def _drop_what_nobody_takes() -> None:
    """Point an output that can't be written at nothing: else Python fails once more as it ends."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, stream.fileno())
            os.close(nothing)


def paints_elsewhere(display: str) -> bool:
    """Whether an X display is reached over the network: then the window needs one socket of it.

    The indexer and the decoders lock themselves down all the same.

    >>> [paints_elsewhere(display) for display in ("", ":0", "unix:0", "localhost:10.0")]
    [False, False, False, True]
    """
    return display.rpartition(":")[0] not in ("", "unix")


def _play(arguments: list[str]) -> int:
    """Be the indexer, a decoder or the fetcher: how the frozen program starts its own processes."""
    if not arguments or arguments[0] not in ROLES:
        print(f"sightword: {ROLE} takes one of {', '.join(ROLES)}", file=sys.stderr)
        return USAGE
    if arguments[0] == "indexer.service":
        from indexer.service import main as play
    elif arguments[0] == "models.fetch_process":
        from models.fetch_process import main as play
    else:
        from indexer.decoder import main as play
    return play(arguments[1:])
