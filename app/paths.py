"""Where a person's library lies when nobody says otherwise."""

import os
import sys
from pathlib import Path

from indexer.library import Library

VARIABLE = "SIGHTWORD_LIBRARY"


def default_library() -> Library:
    """The library that `SIGHTWORD_LIBRARY` names, or the platform's own data folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Library.at(Path(named))
    if sys.platform == "darwin":
        return Library.at(Path("~/Library/Application Support/Sightword"))
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Library.at(Path(data) / "sightword")
