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
THREADS = Path("/proc/self/task")


def step_back() -> None:
    """Lower the priority of this process and of all that it starts. There is no way back."""
    ids = [os.getpid(), *(one.pid for one in psutil.Process().children(recursive=True))]
    if sys.platform == "linux":
        # Desktops share out time by session first (sched(7)), and the indexer is one of its own:
        # there the nice value of a process means nothing, and this one does.
        with suppress(OSError):
            AUTOGROUP.write_text(str(NICE), "utf-8")
        # Each thread has a priority of its own, and hands it on to what it starts.
        ids += [int(thread.name) for thread in THREADS.iterdir()]
    for number in ids:
        with suppress(OSError, psutil.Error):
            if os.getpriority(os.PRIO_PROCESS, number) < NICE:
                os.setpriority(os.PRIO_PROCESS, number, NICE)
            if sys.platform == "linux":
                psutil.Process(number).ionice(psutil.IOPRIO_CLASS_IDLE)
