"""Step behind everything else on this computer: processor and disk are given to others first.

On an idle computer that costs nothing; on a busy one whoever works at it does not notice us.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

import psutil

NICE = 10  # of 0 to 19: beside one busy program we get a tenth of a core, not nothing
AUTOGROUP = Path("/proc/self/autogroup")


def step_back() -> None:
    """Lower the priority of this thread, and of all threads and processes that it will start.

    To be called first of all: Linux keeps priorities by thread.
    """
    with suppress(OSError):
        os.nice(max(0, NICE - os.nice(0)))  # one that is lower already stays as it is
    if sys.platform == "linux":
        # Desktops share out time by session first (sched(7)), and the indexer is one of its own:
        # there the nice value of a process means nothing, and this one does.
        with suppress(OSError):
            AUTOGROUP.write_text(str(NICE), "utf-8")
        with suppress(OSError, psutil.Error):
            psutil.Process().ionice(psutil.IOPRIO_CLASS_IDLE)
