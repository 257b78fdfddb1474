"""Several decoder processes behind one bounded stream of photos."""

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TypeVar

from indexer.decode import TIME_LIMIT_S, Decoded, Decoder, Killed
from indexer.errors import Reason, UnreadablePhoto
from indexer.library import Library
from indexer.metadata import Metadata
from models.spec import ImageSpec

Job = TypeVar("Job")
Answer = TypeVar("Answer")
STOP_CHECK_S = 0.1  # how soon `DecoderPool.index` notices that it was stopped
KILLS = 5  # so often a photo is tried again whose decoder was killed
IN_FLIGHT = 8  # photos a decoder that are asked for and not yet taken: bounds the memory


class DecoderPool:
    """Several decoders, each in its own process, behind one bounded stream.

    >>> pool = DecoderPool(count=2)  # starts nothing yet
    >>> pool.close()
    """

    def __init__(self, count: int, time_limit_s: float = TIME_LIMIT_S) -> None:
        self.count = count
        self._decoders = [Decoder(time_limit_s) for _ in range(count)]
        self._idle: SimpleQueue[Decoder] = SimpleQueue()
        for decoder in self._decoders:
            self._idle.put(decoder)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="decode")
        self._stopping = threading.Event()

    def index(
        self, jobs: Iterable[tuple[Job, str]], spec: ImageSpec, library: Library | None
    ) -> Iterator[tuple[Job, Decoded | Reason]]:
        """Decode (job, path) pairs as they come; each job with its photo or the reason it has none.

        At most `IN_FLIGHT` photos a decoder are asked for ahead of the reader. Nearly in order:
        a slow photo is overtaken. Ends early, and at once, after `stop`.
        """
        return (one for one in self.stream(jobs, spec, library) if one is not None)

    def stream(
        self, jobs: Iterable[tuple[Job, str]], spec: ImageSpec, library: Library | None
    ) -> Iterator[tuple[Job, Decoded | Reason] | None]:
        """As `index`, with None whenever nothing came for `STOP_CHECK_S`."""
        return self._each(jobs, lambda decoder, path: decoder.index(path, spec, library))

    def tell(self, jobs: Iterable[tuple[Job, str]]) -> Iterator[tuple[Job, Metadata | Reason]]:
        """As `index`, but only what the files tell: a few hundredths of the work."""
        return (one for one in self._each(jobs, Decoder.tell) if one is not None)

    def _each(
        self, jobs: Iterable[tuple[Job, str]], ask: Callable[[Decoder, str], Answer]
    ) -> Iterator[tuple[Job, Answer | Reason] | None]:
        waiting = iter(jobs)
        done: SimpleQueue[Future[Answer | Reason]] = SimpleQueue()
        under_way: dict[Future[Answer | Reason], Job] = {}
        more = True
        while not self._stopping.is_set():
            while more and len(under_way) < self.count * IN_FLIGHT:
                pair = next(waiting, None)
                if pair is None:
                    more = False
                    break
                future = self._threads.submit(self._one, pair[1], ask)
                under_way[future] = pair[0]
                future.add_done_callback(done.put)
            if not under_way:
                return
            try:
                future = done.get(timeout=STOP_CHECK_S)
            except Empty:
                yield None
                continue
            if not self._stopping.is_set():
                yield under_way.pop(future), future.result()

    def stop(self) -> None:
        """Let `index` end without waiting for what is under way. From any thread."""
        self._stopping.set()

    def close(self) -> None:
        """End all decoders and threads."""
        self.stop()
        for decoder in self._decoders:
            decoder.close()
        self._threads.shutdown(cancel_futures=True)

    def _one(self, path: str, ask: Callable[[Decoder, str], Answer]) -> Answer | Reason:
        decoder = self._idle.get()
        try:
            kills = crashes = 0
            while True:
                try:
                    return ask(decoder, path)
                except Killed as error:  # by a person, or for memory that others needed
                    kills += 1
                    if kills > KILLS:
                        return error.reason
                except UnreadablePhoto as error:
                    crashes += 1  # the end of the process may have had another reason, once
                    if error.reason is not Reason.CRASHED or crashes > 1:
                        return error.reason
        finally:
            self._idle.put(decoder)
