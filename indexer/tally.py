"""Count what a run does and say how fast it goes. Time is an argument."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from indexer.changes import Changes
from indexer.events import Done, Progress

RATE_WINDOW_S = 20.0  # the rate is that of the last so many seconds


@dataclass(slots=True)
class Pace:
    """How fast something goes, over the last seconds.

    >>> pace = Pace(began_s=0.0)
    >>> pace.did(10, now_s=5.0)
    >>> pace.rate_per_s(now_s=5.0), pace.left_s(left=20, now_s=5.0)
    (2.0, 10.0)
    """

    began_s: float
    _steps: deque[tuple[float, int]] = field(default_factory=deque)  # (when, done by then)

    def did(self, count: int, now_s: float) -> None:
        """Note that `count` more are done."""
        if not self._steps:
            self._steps.append((self.began_s, 0))
        self._steps.append((now_s, self._steps[-1][1] + count))
        while len(self._steps) > 2 and self._steps[1][0] < now_s - RATE_WINDOW_S:
            self._steps.popleft()

    def rate_per_s(self, now_s: float) -> float:
        """How many a second; 0 where nothing is done yet."""
        if len(self._steps) < 2:
            return 0.0
        (first_s, before), (_, after) = self._steps[0], self._steps[-1]
        return round((after - before) / max(now_s - first_s, 1e-3), 2)

    def left_s(self, left: int, now_s: float) -> float | None:
        """How long `left` more will take; None while that can't be told."""
        rate = self.rate_per_s(now_s)
        return round(left / rate, 1) if rate > 0 else None


@dataclass(slots=True)
class Tally:
    """One run's counts.

    >>> tally = Tally(began_s=0.0)
    >>> tally.found = 30
    >>> tally.did(indexed=10, failed=0, folder="/a", now_s=5.0)
    >>> tally.progress(now_s=5.0)
    Progress(found=30, indexed=10, unchanged=0, failed=0, rate_per_s=2.0, left_s=10.0, folder='/a')
    """

    began_s: float
    found: int = 0
    indexed: int = 0
    unchanged: int = 0
    failed: int = 0
    missing: int = 0
    folder: str | None = None
    requests: list[str] = field(default_factory=list)
    scans: list[Path] = field(default_factory=list)
    _pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self._pace = Pace(self.began_s)

    def scanned(self, folder: Path, changes: Changes) -> None:
        """Note what a scan of `folder` found.

        Of a folder that this run has scanned already, or scanned a part of, only what is new.
        """
        again = any(folder in (one, *one.parents) or one in folder.parents for one in self.scans)
        self.scans.append(folder)
        self.missing += len(changes.missing)
        if again:
            self.found += len(changes.new)
            return
        self.found += changes.found
        self.unchanged += changes.unchanged
        self.failed += changes.failed

    def noticed(self, changes: Changes) -> None:
        """Note what was heard of files that are watched: those that differ, and no others."""
        known = len(changes.moved) + len(changes.returned) + changes.told
        self.found += len(changes.to_add) + known
        self.unchanged += known
        self.missing += len(changes.missing)

    def did(self, indexed: int, failed: int, folder: str, now_s: float) -> None:
        """Note a committed batch."""
        self.indexed += indexed
        self.failed += failed
        self.folder = folder
        self._pace.did(indexed + failed, now_s)

    def progress(self, now_s: float) -> Progress:
        """Where the run stands."""
        left = max(0, self.found - self.indexed - self.unchanged - self.failed)
        return Progress(
            found=self.found,
            indexed=self.indexed,
            unchanged=self.unchanged,
            failed=self.failed,
            rate_per_s=self._pace.rate_per_s(now_s),
            left_s=self._pace.left_s(left, now_s),
            folder=self.folder,
        )

    def done(self, now_s: float, goes_on: bool = False) -> Done:
        """The run's end; `goes_on`: photos are seen anew behind it."""
        return Done(
            found=self.found,
            indexed=self.indexed,
            unchanged=self.unchanged,
            failed=self.failed,
            missing=self.missing,
            seconds=round(now_s - self.began_s, 3),
            requests=tuple(self.requests),
            goes_on=goes_on,
        )
