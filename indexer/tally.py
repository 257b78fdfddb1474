"""Count what a run does and say how fast it goes. Time is an argument."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from indexer.changes import Changes
from indexer.events import Done, Progress

RATE_WINDOW_S = 20.0  # the rate is that of the last so many seconds
STEADY_S = 2.0  # before that it says nothing: decoders start, the disk wakes up
SETTLES_S = 6.0  # a new estimate of the time left takes over in about so long


@dataclass(slots=True)
class Pace:
    """How fast something goes, over the last seconds.

    >>> pace = Pace(began_s=0.0)
    >>> pace.did(10, now_s=5.0)
    >>> pace.rate_per_s(now_s=5.0), pace.left_s(left=20, now_s=5.0)
    (2.0, 10.0)

    What is done comes in batches. The rate does not sink while the next one is due, and the time
    left runs down like a clock: what is measured only bends it.
    """

    began_s: float
    _steps: deque[tuple[float, int]] = field(default_factory=deque)  # (when, done by then)
    _said: tuple[float, float] | None = None  # when, and how long it would still take

    def begin(self, now_s: float) -> None:
        """Forget what was before: it was something else, or so long ago."""
        self.began_s = now_s
        self._steps.clear()
        self._said = None

    def did(self, count: int, now_s: float) -> None:
        """Note that `count` more are done."""
        if not self._steps:
            self._steps.append((self.began_s, 0))
        self._steps.append((now_s, self._steps[-1][1] + count))
        while len(self._steps) > 2 and self._steps[1][0] < now_s - RATE_WINDOW_S:
            self._steps.popleft()

    def rate_per_s(self, now_s: float) -> float:
        """How many a second; 0 where nothing is done yet, or too little to tell."""
        steps = list(self._steps)  # whole: another thread may add to it
        if len(steps) < 2 or now_s - self.began_s < STEADY_S:
            return 0.0
        (first_s, before), (last_s, after) = steps[0], steps[-1]
        usual_s = (last_s - first_s) / (len(steps) - 1)  # from one batch to the next
        late_s = max(0.0, now_s - last_s - usual_s)
        return round((after - before) / max(last_s - first_s + late_s, 1e-3), 2)

    def left_s(self, left: int, now_s: float) -> float | None:
        """How long `left` more will take; None while that can't be told."""
        rate = self.rate_per_s(now_s)
        if rate <= 0:
            return None
        measured_s = left / rate
        if self._said is not None and left:
            then_s, said_s = self._said
            passed_s = now_s - then_s
            due_s = max(0.0, said_s - passed_s)
            measured_s = due_s + (measured_s - due_s) * min(1.0, passed_s / SETTLES_S)
        self._said = now_s, measured_s
        return round(measured_s, 1)


@dataclass(slots=True)
class Tally:
    """One run's counts.

    >>> tally = Tally(began_s=0.0)
    >>> tally.found = 30
    >>> tally.did(indexed=10, failed=0, folder="/a", now_s=5.0)
    >>> progress = tally.progress(now_s=5.0)
    >>> progress.found, progress.indexed, progress.rate_per_s, progress.left_s, progress.folder
    (30, 10, 2.0, 10.0, '/a')
    """

    began_s: float
    found: int = 0
    indexed: int = 0
    unchanged: int = 0
    failed: int = 0
    missing: int = 0
    told: int = 0  # files that were asked again
    to_tell: int = 0
    folder: str | None = None
    requests: list[str] = field(default_factory=list)
    scans: list[Path] = field(default_factory=list)
    is_telling: bool = False  # the pace is that of files that are asked again
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

    def tries_again(self, count: int) -> None:
        """Note that photos which could not be read wait now. A scan may have counted them."""
        counted = min(count, self.failed)
        self.failed -= counted
        self.found += count - counted

    def begin(self, now_s: float) -> None:
        """Photos are read from now on: after a scan, after a pause."""
        self._pace.begin(now_s)
        self.is_telling = False

    def did(self, indexed: int, failed: int, folder: str, now_s: float) -> None:
        """Note a committed batch."""
        self.indexed += indexed
        self.failed += failed
        self.folder = folder
        self._pace.did(indexed + failed, now_s)

    def tells(self, to_tell: int, now_s: float) -> None:
        """So many files are asked again from now on."""
        self.to_tell = self.told + to_tell
        self.folder = None
        self._pace.begin(now_s)
        self.is_telling = True

    def was_told(self, now_s: float) -> None:
        """Note that one file was asked."""
        self.told += 1
        self._pace.did(1, now_s)

    def progress(self, now_s: float) -> Progress:
        """Where the run stands. The rate is that of what is done now."""
        photos = max(0, self.found - self.indexed - self.unchanged - self.failed)
        left = self.to_tell - self.told if self.is_telling else photos
        return Progress(
            found=self.found,
            indexed=self.indexed,
            unchanged=self.unchanged,
            failed=self.failed,
            rate_per_s=self._pace.rate_per_s(now_s),
            left_s=self._pace.left_s(max(0, left), now_s),
            folder=self.folder,
            told=self.told,
            to_tell=max(self.told, self.to_tell),
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
