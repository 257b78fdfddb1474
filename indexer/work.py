"""The run: read all photos that wait, ask old files again, and let encoders see photos anew.

What there is to do comes from outside, before and between batches; `hear` is called after each
commit, so that it may come.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

from indexer.decoder_pool import DecoderPool
from indexer.encoders import Encoders
from indexer.events import Committed, Event
from indexer.pipeline import Waiting, index, unseen
from indexer.store import Store
from indexer.switching import Switcher
from indexer.tally import Tally
from indexer.telling import Teller
from models.errors import BadEncoder


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
        self.tally: Tally | None = None  # while there is a run
        self.stopping = threading.Event()
        self._pool: DecoderPool | None = None

    @property
    def is_due(self) -> bool:
        """Whether there is something to do."""
        return self.tally is not None or self.switcher.is_due

    def begin(self) -> Tally:
        """The run under way, or a new one."""
        if self.tally is None:
            self.tally = Tally(time.monotonic())
        return self.tally

    def look_again(self) -> None:
        """Folders were looked at: there may be new photos, and what was passed over may be back."""
        self.waiting.rewind()
        self.switcher.look_again()

    def stop(self) -> None:
        """End after the batch under way. From any thread or signal handler."""
        self.stopping.set()
        if self._pool is not None:
            self._pool.stop()

    def do(self) -> None:
        """Read all that waits and say that it is done; behind that, see what is to be seen anew."""
        with ExitStack() as stack:
            stack.callback(self._end_pool)
            while not self.stopping.is_set():
                if self.tally is not None:
                    self._read_waiting(self.tally)
                elif self.switcher.is_due:
                    self._see_anew()
                else:
                    self.store.collect(self.stopping.is_set)
                    return

    def tell_progress(self, now_s: float) -> bool:
        """Say how far it is; whether anything is under way. From any thread."""
        tally, stretch = self.tally, self.switcher.stretch
        if tally is not None:
            self.tell(tally.progress(now_s))
        elif stretch is not None:
            self.tell(stretch.event(now_s))
        return tally is not None or stretch is not None

    def _read_waiting(self, tally: Tally) -> None:
        """The run, to its end: photos that wait, then files that are to be asked again."""
        self.teller.rewind()
        while not self.stopping.is_set():
            if self._has_waiting():
                self._read_batches(tally)
            elif self.teller.tell_some(self.pool):
                self.tell(Committed(0, 0))
                self.hear()
            else:
                self.tell(tally.progress(time.monotonic()))
                self.tally = None
                self.tell(tally.done(time.monotonic(), self.switcher.goes_on()))
                self.waiting.folders.clear()
                return

    def _read_batches(self, tally: Tally) -> None:
        """All that waits, batch after batch."""
        serving = self.encoders.serving
        walk = self.waiting
        for batch in index(self.store, serving.known.id, serving.batches, self.pool, walk):
            walk.taken.difference_update(batch.photos)
            folder = os.path.dirname(batch.last)  # noqa: PTH120 - one string a batch, not a Path
            tally.did(batch.indexed, batch.failed, folder, time.monotonic())
            self.tell(Committed(batch.indexed, batch.change))
            serving.snapshots.added(batch.embedded)
            self.hear()

    def _has_waiting(self) -> bool:
        """Whether a photo waits; the walk over them begins again at the newest."""
        self.waiting.rewind()
        self.waiting.taken.clear()
        return bool(self.store.pending(self.waiting.folders, limit=1))

    def _see_anew(self) -> None:
        """One walk over what an encoder has not seen; given up where there are new photos."""
        stretch = self.switcher.begin()
        if stretch is None:
            self.switcher.finish()
            return
        known, batches = stretch.running.known, stretch.running.batches
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
        if self._pool is None:
            self._pool = DecoderPool(self.cores)
            if self.stopping.is_set():
                self._pool.stop()
        return self._pool

    def _end_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()
