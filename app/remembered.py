"""What the window remembers from one time to the next, in a small file inside the library."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from app.geometry import DEFAULT_STEP, STEPS
from indexer.library import Library
from indexer.thumbnails import write_whole

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Remembered:
    """Where and how large the window was, and where in the library."""

    geometry: str = ""  # Qt's own, in base64
    step: int = DEFAULT_STEP
    photo_id: int | None = None  # the first wholly visible photo; None: the top
    y: float = 0.0


def path_of(library: Library) -> Path:
    """The file."""
    return library.root / "window.json"


def read(library: Library) -> Remembered:
    """What was remembered. A missing or strange file is as good as none."""
    try:
        values = json.loads(path_of(library).read_text())
        photo_id = values["photo_id"]
        return Remembered(
            geometry=str(values["geometry"]),
            step=min(max(0, int(values["step"])), len(STEPS) - 1),
            photo_id=None if photo_id is None else int(photo_id),
            y=float(values["y"]),
        )
    except FileNotFoundError:
        return Remembered()
    except (OSError, ValueError, TypeError, KeyError) as reason:
        log.info("The window starts afresh: %s", reason)
        return Remembered()


def write(library: Library, remembered: Remembered) -> None:
    """Remember. A full disk costs the memory and no more."""
    try:
        write_whole(path_of(library), json.dumps(asdict(remembered)).encode())
    except OSError as reason:
        log.info("The window could not remember its place: %s", reason)
