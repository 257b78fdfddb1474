"""`sightword [FOLDER ...]`: open the window."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from indexer.errors import KnownError
from indexer.library import Library


def run(library: Library, model: str | None, folders: Sequence[Path]) -> int:
    """Open the window until it is closed. Raises KnownError where there is no display."""
    if not has_display():
        raise KnownError(
            "There is no display to open a window on. `sightword index FOLDER` and "
            '`sightword search "birthday cake"` work without one.'
        )
    from app.window import open_window

    return open_window(library, model, folders)


def has_display() -> bool:
    """Whether Qt could open a window here."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
