"""The run: read all photos that wait, ask old files again, and let encoders see photos anew.

What there is to do comes from outside, before and between batches; `hear` is called after each
commit, so that it may come.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from indexer.decoder_pool import DecoderPool
from indexer.encoders import Encoders
from indexer.events import Committed, Event
from indexer.mending import Mender
from indexer.pipeline import Waiting, index, unseen
from indexer.store import Store
from indexer.switching import Switcher
from indexer.tally import Tally
from indexer.telling import Teller
from models.errors import BadEncoder

HEARD_S = 0.1  # while things are cleared away, whoever calls is heard so often


class Work:
    """All that is to be read for one library, with the decoders that read it."""

    def __init__(
        self,
        store: Store,
        encoders: Encoders,
        cores: int,
        tell: Callable[[Event], None],
        hear: Callable[[], None],
    ) -> None:
        self.store = store
        self.encoders = encoders
        self.cores = cores
        self.tell = tell
        self.hear = hear
        self.switcher = Switcher(store, encoders, tell)
        self.waiting = Waiting(store)
        self.teller = Teller(store)
        self.mender = Mender(store, encoders)
        self.tally: Tally | None = None  # while there is a run
        self.is_tidy = False  # nothing is to be cleared away, behind all other work
        self.stopping = threading.Event()
        self.is_paused = self.is_slow = False
        self._pool: DecoderPool | None = None
        self._is_cut = False  # the decoders were stopped in the middle, to begin anew or rest
        self._guard = threading.RLock()  # of both, which other threads and signal handlers touch
        self._rests = False  # a pause left something undone, and nothing has come since

    @property
    def is_due(self) -> bool:
        """Whether there is something that can be done now."""
        if self.is_paused and self._rests:
            return False
        is_due = self.tally is not None or self.switcher.is_due or not self.is_tidy
        return is_due or (self.mender.is_due and not self.is_paused)

    def begin(self) -> Tally:
        """The run under way, or a new one."""
        self.leave_untidy()
        if self.tally is None:
            self.tally = Tally(time.monotonic())
        return self.tally

    def leave_untidy(self) -> None:
        """There may be something to clear away, when all else is done."""
        self._rests = self.is_tidy = False

    def look_again(self) -> None:
        """Folders were looked at: there may be new photos, and what was passed over may be back."""
        self._rests = False
        self.waiting.rewind()
        self.switcher.look_again()

    def stop(self) -> None:
        """End after the batch under way. From any thread or signal handler."""
        self.stopping.set()
        self._cut()

    def pause(self, is_paused: bool) -> None:
        """Rest after the batch under way, or go on. From any thread."""
        self.is_paused = is_paused
        if is_paused:
            self._cut()

    def go_slowly(self, is_slow: bool) -> None:
        """Use one core alone, or all. From any thread."""
        self.is_slow = is_slow
        self._cut()

    def do(self) -> None:
        """Read all that waits and say that it is done; behind that, see what is to be seen anew.

        While it is paused, only what needs no decoder is done.
        """
        with ExitStack() as stack:
            stack.callback(self._end_pool)
            while not self.stopping.is_set():
                if self.tally is not None:
                    self._read_waiting(self.tally)
                elif self.switcher.is_due and not self.is_paused:
                    self._see_anew()
                else:
                    self._rests = True  # unless something comes meanwhile
                    if (
                        self.switcher.is_due
                    ):  # it is paused, and who asks for it hears how far it is
                        self.switcher.begin()
                    self._tidy_up()
                    self._mend()
                if self._rests:
                    return

    def tell_progress(self, now_s: float) -> bool:
        """Say how far it is; whether anything is under way. From any thread."""
        tally, stretch = self.tally, self.switcher.stretch
        if tally is not None:
            progress = tally.progress(now_s)
            rests: Event = replace(progress, rate_per_s=0.0, left_s=None)
            self.tell(rests if self.is_paused else progress)
        elif stretch is not None:
            switching = stretch.event(now_s)
            rests = replace(switching, rate_per_s=0.0, left_s=None)
            self.tell(rests if self.is_paused else switching)
        return tally is not None or stretch is not None

    def _read_waiting(self, tally: Tally) -> None:
        """The run, to its end: photos that wait, then files that are to be asked again."""
        self.teller.rewind()
        tally.to_tell = tally.told + self.teller.left()
        while not self.stopping.is_set():
            self._begin_anew()
            if self._has_waiting():
                if self._must_rest():
                    return
                self._read_batches(tally)
            elif self.teller.waits():
                if self._must_rest():
                    return
                self._tell_some(tally)
            elif self.store.db.was_full:
                self._make_up()
            else:
                self.tell(tally.progress(time.monotonic()))
                self.tally = None
                self.tell(tally.done(time.monotonic(), self.switcher.goes_on()))
                self.waiting.folders.clear()
                return

    def _must_rest(self) -> bool:
        """Whether a person has paused what is to be done now."""
        self._rests = self.is_paused
        return self._rests

    def _tell_some(self, tally: Tally) -> None:
        """Ask some old files again."""
        if not tally.is_telling:
            tally.tells(self.teller.left(), time.monotonic())
        self.teller.tell_some(self.pool, lambda: tally.was_told(time.monotonic()))
        self.tell(Committed(0, 0))
        self.hear()

    def _read_batches(self, tally: Tally) -> None:
        """All that waits, batch after batch."""
        tally.begin(time.monotonic())
        serving = self.encoders.serving
        serving.batches.is_slow = self.is_slow
        walk = self.waiting
        for batch in index(self.store, serving.known.id, serving.batches, self.pool, walk):
            walk.taken.difference_update(batch.photos)
            folder = os.path.dirname(batch.last)  # noqa: PTH120 - one string a batch, not a Path
            tally.did(batch.indexed, batch.failed, folder, time.monotonic())
            self.tell(Committed(batch.indexed, batch.change))
            serving.snapshots.added(batch.embedded)
            self.hear()

    def _tidy_up(self) -> None:
        """Clear away what no photo shows any more, until there is other work."""
        tally = self.tally
        while not self.is_tidy and not self.stopping.is_set() and self.tally is tally:
            until_s = time.monotonic() + HEARD_S
            self.is_tidy = self.store.collect(lambda: time.monotonic() > until_s)  # noqa: B023
            self.hear()

    def _make_up(self) -> None:
        """Make the thumbnails for which the disk had no room, before we say that all is done.

        Those that can't be made now are made behind the run, when they can.
        """
        self.store.db.was_full = self.is_tidy = False
        self.store.leftovers.look_again()
        self._tidy_up()
        self._mend()

    def _mend(self) -> None:
        """Make thumbnails again that are gone, until there is other work or no room for them."""
        tally = self.tally
        while self.tally is tally and not self.stopping.is_set():
            self._begin_anew()
            if self.is_paused or not self.mender.is_due:
                return
            self.mender.mend_some(self.pool)
            self.tell(Committed(0, 0))
            self.hear()

    def _has_waiting(self) -> bool:
        """Whether a photo waits; the walk over them begins again at the newest."""
        self.waiting.rewind()
        self.waiting.taken.clear()
        return bool(self.store.pending(self.waiting.folders, limit=1))

    def _see_anew(self) -> None:
        """One walk over what an encoder has not seen; given up where there are new photos."""
        self._begin_anew()
        stretch = self.switcher.begin()
        if stretch is None:
            self.switcher.finish()
            return
        known, batches = stretch.running.known, stretch.running.batches
        batches.is_slow = self.is_slow
        walk = unseen(self.store, known.id, stretch.folder_ids)
        try:
            for batch in index(self.store, known.id, batches, self.pool, walk):
                self.switcher.did(stretch, batch)
                if known == self.encoders.serving.known:
                    self.tell(Committed(batch.indexed, batch.change))
                self.hear()
                if self.tally is not None or not self.switcher.is_on(stretch):
                    return
        except BadEncoder as error:
            if known == self.encoders.serving.known:
                raise
            self.switcher.fail(error)

    @property
    def pool(self) -> DecoderPool:
        """The decoders, which live as long as there is work."""
        with self._guard:
            if self._pool is None:
                self._pool = DecoderPool(1 if self.is_slow else self.cores)
                if self._is_cut or self.stopping.is_set():
                    self._pool.stop()
            return self._pool

    def _cut(self) -> None:
        """Let the walk under way end early. What was decoded and not encoded is read again."""
        with self._guard:
            self._is_cut = True
            if self._pool is not None:
                self._pool.stop()

    def _begin_anew(self) -> None:
        """After a cut: have fresh decoders, as many as may work now."""
        with self._guard:
            was_cut, self._is_cut = self._is_cut, False
        if was_cut:
            self._end_pool()

    def _end_pool(self) -> None:
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
