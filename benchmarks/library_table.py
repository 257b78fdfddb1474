"""Print figures as lines of a table, with their bounds, and remember whether one was above it."""

import time
from collections.abc import Callable


class Table:
    """Lines with a figure and maybe a bound; remembers whether one was above it."""

    def __init__(self) -> None:
        self.is_above = False

    def head(self, words: str) -> None:
        """Begin a part."""
        print(f"\n{words}", flush=True)

    def line(self, words: str, figure: float, unit: str, most: float | None = None) -> None:
        """One figure."""
        bound = "" if most is None else f"  (at most {most:g})"
        self.is_above |= most is not None and not figure <= most
        print(f"  {words:<58}{figure:>10.3f} {unit}{bound}", flush=True)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of this process's CPU."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu
