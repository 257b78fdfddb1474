"""Draw the next batches in threads while this one trains.

Reading, decoding and cropping release Python's lock, so threads do it beside the step, and no
process needs a copy of anything. A batch still follows from its step alone, whoever draws it.

    >>> with Ahead(lambda step: step * step, steps=4) as draw:
    ...     [draw(step) for step in (1, 2, 3)]
    [1, 4, 9]
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Generic, Self, TypeVar

Batch = TypeVar("Batch")


class Ahead(Generic[Batch]):
    """Takes the place of `draw`: asked for a step, it has that batch ready and begins the next.

    `depth` batches wait at most, and nothing beyond the last of `steps` is drawn. What `draw`
    raises is raised where its batch is asked for.
    """

    def __init__(
        self, draw: Callable[[int], Batch], steps: int, depth: int = 2, threads: int = 1
    ) -> None:
        self._draw, self._steps, self._depth = draw, steps, depth
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="draw-ahead")
        self._waiting: dict[int, Future[Batch]] = {}

    def __call__(self, step: int) -> Batch:
        """The batch of a step."""
        last = min(step + self._depth, self._steps - 1)
        for number in range(step, max(last, step) + 1):
            if number not in self._waiting:
                self._waiting[number] = self._pool.submit(self._draw, number)
        return self._waiting.pop(step).result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """What was begun is finished, what was not is dropped."""
        self._pool.shutdown(cancel_futures=True)
