"""Which encoder answers the next search: the library's own, without a search waiting for a new one.

When another encoder begins to serve, it is loaded on a thread of its own while searches go on in
the space of the one before: old words to old vectors, which stay in the library. The first search
after it is ready takes place in its space, whole.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from indexer.kept_encoders import folder_of
from indexer.library import Library
from indexer.photo import KnownEncoder
from indexer.space import Space
from indexer.view import View
from models.encoder import Encoder
from models.errors import KnownError

RETRY_S = 30.0  # a disk or memory that is full now may not be then

log = logging.getLogger(__name__)


class Succession:
    """Gives a `Space` for each search. For one thread."""

    def __init__(
        self,
        library: Library,
        asked: Path | None,
        load: Callable[[Path], Encoder],
        aside: Executor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Follow the library, or stay with the encoder in the folder `asked`."""
        self._library = library
        self._asked = asked
        self._load = load
        self._aside = aside or ThreadPoolExecutor(1, thread_name_prefix="next encoder")
        self._space: Space | None = None
        self._next: Future[Space] | None = None
        self._next_digest = ""
        self._clock = clock
        self._retry_s = 0.0  # not before

    def space(self, view: View) -> Space | None:
        """The space of the next search; None in a library that no encoder serves yet.

        Raises KnownError where the first one can't be loaded.
        """
        if self._asked is not None:
            self._space = self._space or Space(self._asked, self._load)
            return self._space
        serving = view.serving()
        if self._space is None:
            if serving is not None:
                self._space = self._open(serving)
        elif serving is not None and serving.digest != self._space.spec.digest:
            self._follow(serving)
        return self._space

    def close(self) -> None:
        """Wait for a loading that has begun, and let go of everything."""
        self._aside.shutdown(cancel_futures=True)
        with suppress(KnownError):
            self._step_over()
        if self._space is not None:
            self._space.close()
        self._space = self._next = None

    def _follow(self, serving: KnownEncoder) -> None:
        """Begin to load the one that serves now, or step over to it where that is done.

        One that can't be loaded is said in the log, and tried again: the old one goes on answering.
        """
        if self._next_digest != serving.digest and self._clock() >= self._retry_s:
            self._next_digest = serving.digest
            self._next = self._aside.submit(self._prepare, serving)
        try:
            self._step_over()
        except KnownError as error:
            log.warning("the encoder that serves now can't be used: %s", error)
            self._next_digest, self._retry_s = "", self._clock() + RETRY_S

    def _step_over(self) -> None:
        """Let the next space be this one, where it is ready. Raises KnownError where it failed."""
        if self._next is None or not self._next.done():
            return
        done, self._next = self._next, None
        if not done.cancelled():
            space = done.result()
            if self._space is not None:
                self._space.close()
            self._space = space

    def _prepare(self, serving: KnownEncoder) -> Space:
        """A space that is ready to search in. On the thread aside, with a view of its own."""
        space = self._open(serving)
        with View(self._library) as view:
            space.warm_up(view)
        return space

    def _open(self, serving: KnownEncoder) -> Space:
        return Space(folder_of(self._library, serving), self._load)
