"""See photos anew, behind everything else: for the encoder that is wanted, and for what returned.

What the serving encoder lacks comes first: photos that were away when it began to serve. Then
all that the wanted one has not seen. When nothing is left that can be read now, it serves.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from indexer.encoders import Encoders, Running
from indexer.errors import BadFolder
from indexer.events import Event, Switched, Switching, Trouble
from indexer.photo import KnownEncoder
from indexer.pipeline import Batch
from indexer.scan import check_folder
from indexer.store import Store
from indexer.tally import Pace
from models.errors import BadEncoder

FORGET_S = 1.0  # nobody is heard while an older version is forgotten; the next time goes on
NOTHING_READABLE = (
    "None of your photos can be read now, so they are still searched with {}. "
    "Connect their drive, and they are looked at with {}."
)


@dataclass(slots=True)
class Stretch:
    """One encoder's walk over what it has not seen."""

    running: Running
    folder_ids: list[int]
    seen: int  # contents that it had seen already, and has by now
    total: int
    pace: Pace

    def did(self, count: int, now_s: float, failed: int = 0) -> None:
        """Note that so many more are seen, and that others can't be."""
        self.seen += count
        self.total -= failed  # so that it ends at all of what can be seen
        self.pace.did(count + failed, now_s)

    def event(self, now_s: float) -> Switching:
        """How far it is."""
        known = self.running.known
        return Switching(
            encoder=known.name,
            digest=known.digest,
            seen=self.seen,
            total=max(self.seen, self.total),
            rate_per_s=self.pace.rate_per_s(now_s),
            left_s=self.pace.left_s(max(0, self.total - self.seen), now_s),
        )


@dataclass(slots=True)
class Switcher:
    """What is left to be seen anew, and who asked for it. The service does the reading."""

    store: Store
    encoders: Encoders
    tell: Callable[[Event], None]
    is_due: bool = True  # there may be something to do
    stretch: Stretch | None = None  # the walk under way, and then until it is swapped
    _owes_word: bool = False  # somebody waits for Switched
    _requests: list[str] = field(default_factory=list)

    def use(self, folder: Path, request: str | None) -> None:
        """Let the encoder in `folder` be the wanted one. Raises BadEncoder, and nothing changed."""
        before = self.encoders.wanted.known.digest
        self.encoders.want(folder)
        wanted = self.encoders.wanted.known
        if wanted.digest != before:
            self._give_up(f"Another encoder was chosen meanwhile: {wanted.name}.")
        if request is not None:
            self._requests.append(request)
        self.is_due = self._owes_word = True

    def forget(self, digest: str, is_stopped: Callable[[], bool]) -> None:
        """Delete an encoder's vectors. Raises KnownError where it serves."""
        if digest == self.encoders.wanted.known.digest != self.encoders.serving.known.digest:
            self._give_up("The encoder that was chosen is being removed.")
        self.encoders.forget(digest, is_stopped)
        self.is_due = True

    def look_again(self) -> None:
        """Folders were looked at: what could not be read may be back."""
        self.store.try_again()
        self.is_due = True

    def goes_on(self) -> bool:
        """Whether there is something to see, or to swap. If so, Switched is told in the end."""
        self._owes_word |= self._is_switching or self._next() is not None
        return self._owes_word

    def begin(self) -> Stretch | None:
        """The next walk; None where nothing is left that can be read, and `finish` comes next."""
        found = self._next()
        if found is None:
            self.stretch = self._last_stretch()
            return None
        self._owes_word = True
        running, folder_ids = found
        seen = self.store.encoders.vectors(running.known)
        left = self.store.count_unseen(running.known.id, folder_ids)
        self.stretch = Stretch(running, folder_ids, seen, seen + left, Pace(time.monotonic()))
        self.tell(self.stretch.event(time.monotonic()))
        return self.stretch

    def did(self, stretch: Stretch, batch: Batch) -> None:
        """After a commit."""
        stretch.did(batch.indexed, time.monotonic(), batch.failed)
        stretch.running.snapshots.added(batch.embedded)

    def is_on(self, stretch: Stretch) -> bool:
        """Whether this walk still makes sense: nothing else is wanted meanwhile."""
        known = stretch.running.known
        return known in (self.encoders.serving.known, self.encoders.wanted.known)

    def fail(self, error: BadEncoder) -> None:
        """The wanted encoder does not work: stay with the one that serves."""
        self.encoders.cancel()
        self._give_up(str(error))

    def finish(self) -> None:
        """Nothing is left that can be read: swap, unless that would leave nothing to search."""
        try:
            serving = self._swap()
        finally:
            self.stretch = None
        if self._owes_word:
            self.tell(Switched(serving.name, serving.digest, tuple(self._requests)))
        self._requests.clear()
        self._owes_word = False
        until_s = time.monotonic() + FORGET_S
        self.encoders.forget_outlived(time.time(), lambda: time.monotonic() > until_s)

    def _swap(self) -> KnownEncoder:
        """Let the wanted encoder serve if it can, which may take seconds; who serves then."""
        self.is_due = False
        encoders = self.store.encoders
        serving, wanted = self.encoders.serving.known, self.encoders.wanted.known
        if self._is_switching:
            self._owes_word = True
            if (why := self.encoders.wanted.why_not()) is not None:
                self._give_up(why)
            elif encoders.vectors(serving) and not encoders.vectors(wanted):
                self._give_up(NOTHING_READABLE.format(serving.name, wanted.name))
            else:
                self.encoders.swap()
                return wanted
        return serving

    def _last_stretch(self) -> Stretch | None:
        """What there is to tell of a switch behind its last walk; None where there is none."""
        wanted = self.encoders.wanted
        if not self._is_switching:
            return None
        if self.stretch is not None and self.stretch.running.known.id == wanted.known.id:
            return self.stretch
        seen = self.store.encoders.vectors(wanted.known)
        return Stretch(wanted, [], seen, seen, Pace(time.monotonic()))

    @property
    def _is_switching(self) -> bool:
        return self.encoders.serving.known.id != self.encoders.wanted.known.id

    def _next(self) -> tuple[Running, list[int]] | None:
        """Who has something to see that can be read now, and in which folders."""
        folder_ids = [n for n, path, _ in self.store.folders() if _is_readable(path)]
        for running in (self.encoders.serving, self.encoders.wanted):
            has_some = self.store.unseen(running.known.id, folder_ids, limit=1)
            if has_some and running.why_not() is None:
                return running, folder_ids
        return None

    def _give_up(self, why: str) -> None:
        """End the requests that wait for a switch which will not be."""
        if self._requests:
            self.tell(Trouble(why, requests=tuple(self._requests)))
        self._requests.clear()


def _is_readable(folder: Path) -> bool:
    try:
        check_folder(folder)
    except BadFolder:
        return False
    return True
