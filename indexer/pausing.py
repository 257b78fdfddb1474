"""Remember that a person has paused the looking at photos.

A pause lasts until the person goes on, also when the window is closed and opened again: whoever
pauses for a meeting, or for a slow drive, means it. But nobody remembers a pause for weeks, and a
library that stays behind looks broken: so a restart of the computer ends it.
"""

import logging
import subprocess
import sys
from pathlib import Path

from indexer.library import Library

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # random(4): new at each start of the computer
MAC_BOOT_ID = ("/usr/sbin/sysctl", "-n", "kern.bootsessionuuid")
MARK = "paused-"  # and the start of the computer

log = logging.getLogger(__name__)


class Pausing:
    """A mark in the library's folder. Whoever writes it holds the library's lock.

    The name alone says it, with the start of the computer in it: an empty file fits on a full disk.
    """

    def __init__(self, library: Library, boot_id: str | None = None) -> None:
        """`boot_id`: which start of the computer this is."""
        self._root = library.root
        self._mark = library.root / f"{MARK}{this_start() if boot_id is None else boot_id}"

    def is_paused(self) -> bool:
        """Whether the person has paused since the computer started."""
        try:
            return self._mark.exists()
        except OSError:
            return False

    def pause(self) -> None:
        """Remember it. Where that can't be written the pause holds as long as the indexer runs."""
        try:
            self._mark.touch()
            self._sweep(but=self._mark)
        except OSError as error:
            log.warning("The pause can't be remembered: %s", error)

    def resume(self) -> None:
        """Remember nothing any more."""
        try:
            self._sweep()
        except OSError as error:
            log.warning("The pause can't be forgotten: %s", error)

    def _sweep(self, but: Path | None = None) -> None:
        """Remove the marks of this start and of all before, and what older programs left."""
        for mark in self._root.glob("paused*"):
            if mark != but:
                mark.unlink(missing_ok=True)


def this_start() -> str:
    """A name of this start of the computer; the same for all programs, another at the next."""
    try:
        if sys.platform == "darwin":
            return subprocess.run(
                MAC_BOOT_ID, capture_output=True, text=True, check=True
            ).stdout.strip()
        return BOOT_ID.read_text("utf-8").strip()
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("Nobody knows when the computer started: %s", error)
        return "unknown"
