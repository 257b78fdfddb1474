"""Start our own processes: from a checkout by module, frozen as the program itself."""

import os
import sys
from pathlib import Path

ROLE = "--role"  # `sightword --role indexer.service …`: how the frozen program plays its parts
ROLES = ("indexer.service", "indexer.decoder", "models.fetch_process")


def command(role: str, *arguments: str) -> list[str]:
    """The argument list that starts `role`, a module with a `main(arguments)`."""
    if getattr(sys, "frozen", False):
        return [sys.executable, ROLE, role, *arguments]
    return [sys.executable, "-m", role, *arguments]


def environment() -> dict[str, str]:
    """Our environment, in which `python -m indexer...` finds the packages beside this one."""
    home = str(Path(__file__).resolve().parent.parent)
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{path}" if path else home}
