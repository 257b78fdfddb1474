"""Run a training script so that a known problem ends it with one sentence, and not with a trace."""

import sys
from collections.abc import Callable

from models.errors import KnownError


def as_script(main: Callable[[], object]) -> None:
    """Do what the script does. After a KnownError: its sentence on stderr, and exit status 1."""
    try:
        main()
    except KnownError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
