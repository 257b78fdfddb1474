"""The one entrance: the window, a command, or (frozen) a part that the program starts itself."""

import logging
import os
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper

from indexer.errors import BadQuestion, KnownError
from indexer.lockdown import deny_network
from indexer.spawn import ROLE, ROLES

KNOWN, USAGE, BUG, INTERRUPTED = 1, 2, 70, 130  # exit statuses; docs/command-line.md


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == [ROLE]:
        return _play(given[1:])
    if not paints_elsewhere(os.environ.get("DISPLAY", "")):
        deny_network()
    for stream in (sys.stdout, sys.stderr):  # file names need not be Unicode
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="surrogateescape")
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    from app import cli  # after the lock-down: nothing of ours is loaded before it

    try:
        return cli.run(given)
    except BadQuestion as error:
        print(f"sightword: {error}", file=sys.stderr)
        return USAGE
    except KnownError as error:
        print(f"sightword: {error}", file=sys.stderr)
        return KNOWN
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `sightword search … | head`
        sys.stderr.close()
        return 0
    except Exception:
        traceback.print_exc()
        print("sightword: this is a bug of ours; the lines above say where.", file=sys.stderr)
        return BUG


def paints_elsewhere(display: str) -> bool:
    """Whether an X display is reached over the network: then the window needs one socket of it.

    The indexer and the decoders lock themselves down all the same.

    >>> [paints_elsewhere(display) for display in ("", ":0", "unix:0", "localhost:10.0")]
    [False, False, False, True]
    """
    return display.rpartition(":")[0] not in ("", "unix")


def _play(arguments: list[str]) -> int:
    """Be the indexer or a decoder: how the frozen program starts its own processes."""
    if not arguments or arguments[0] not in ROLES:
        print(f"sightword: {ROLE} takes one of {', '.join(ROLES)}", file=sys.stderr)
        return USAGE
    if arguments[0] == "indexer.service":
        from indexer.service import main as play
    else:
        from indexer.decoder import main as play
    return play(arguments[1:])
