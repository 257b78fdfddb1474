"""Turn the indexer's events into Qt signals, and start it again when it goes away.

One thread connects, sends what was asked meanwhile, and then only listens. An indexer that goes
away twice within ten minutes is started again each time; the third time it is left alone until
the person asks.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.sources import Indexes
from indexer.photo import Answer
from models.errors import KnownError

log = logging.getLogger(__name__)

PATIENCE = 3  # times it may go away
WITHIN_S = 600.0
ENDING_S = 5.0  # an indexer that we started commits what it has and ends


class Bridge(QObject):
    """The window's line to the indexer. Silent until `start` or `add`."""

    happened = Signal(object)  # an indexer.events.Event
    restarted = Signal()
    gave_up = Signal()
    troubled = Signal(str)  # a sentence for the person

    def __init__(
        self,
        connect: Callable[[Callable[[], bool]], Indexes],
        parent: QObject | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._connect = connect
        self._clock = clock
        self._lock = threading.Lock()
        self._client: Indexes | None = None
        self._added: list[Path] = []  # in this session: said again to an indexer that came back
        self._refreshes = False
        self._ending = False
        self._thread: threading.Thread | None = None

    def add(self, folders: Sequence[Path]) -> None:
        """Let `folders` join the library and be looked at."""
        with self._lock:
            self._added += [folder for folder in folders if folder not in self._added]
            client = self._client
        if client is not None:
            self._say(lambda: client.add(folders))
        self._run_on_thread()

    def answer(self, folder: Path, answer: Answer) -> None:
        """Say what is to become of the many photos that are gone from `folder`."""
        with self._lock:
            client = self._client
        if client is not None:  # else it is asked again by the next indexer
            self._say(lambda: client.add([folder], answer))

    def refresh(self) -> None:
        """Look at all folders of the library again."""
        with self._lock:
            self._refreshes = True
            client = self._client
        if client is not None:
            self._say(client.refresh)
        self._run_on_thread()

    def pause(self, is_paused: bool) -> None:
        """Let the indexer rest, or go on. It says so by Manners."""
        with self._lock:
            client = self._client
        if client is not None:
            self._say(client.pause if is_paused else client.resume)

    def try_again(self, photo_ids: Sequence[int] | None = None) -> None:
        """Read photos that could not be read once more; without ids, all of them."""
        with self._lock:
            client = self._client
        if client is not None:
            self._say(lambda: client.try_again(photo_ids))

    def end(self) -> None:
        """Leave the indexer, without waiting for the thread. It ends with its last client."""
        with self._lock:
            self._ending = True
            client = self._client
        if client is not None:
            client.close()

    def close(self) -> None:
        """Leave the indexer, and wait for the thread."""
        self.end()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run_on_thread(self) -> None:
        if self._ending or (self._thread is not None and self._thread.is_alive()):
            return
        self._thread = threading.Thread(target=self._run, name="indexer events", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        gone_at: list[float] = []
        try:
            while self._listen():
                gone_at = [at for at in gone_at if self._clock() - at < WITHIN_S]
                gone_at.append(self._clock())
                if len(gone_at) >= PATIENCE:
                    self.gave_up.emit()
                    return
                self.restarted.emit()
                self._refreshes = True
        except KnownError as known:
            if not self._ending:
                self.troubled.emit(str(known))
        except Exception:  # the edge of a thread: a bug is logged, the window lives on
            log.exception("A bug in the thread that follows the indexer")
            self.gave_up.emit()

    def _listen(self) -> bool:
        """Follow one indexer to its end. Whether it went away by itself."""
        client = self._connect(lambda: self._ending)
        with self._lock:
            self._client = client
            added, refreshes = list(self._added), self._refreshes
            ending = self._ending
        try:
            if ending:
                return False
            if refreshes:
                self._say(client.refresh)
            if added:
                self._say(lambda: client.add(added))
            for event in client.events():
                self.happened.emit(event)
        finally:
            with self._lock:
                self._client = None
                ending = self._ending
            client.close()
            client.wait(ENDING_S)
        return not ending

    def _say(self, words: Callable[[], object]) -> None:
        """Send; an indexer that went away is noticed by the thread, and told again."""
        try:
            words()
        except (KnownError, OSError) as reason:
            log.info("The indexer did not hear: %s", reason)
