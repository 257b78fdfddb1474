"""Join the batches of threads that call at once, for an encoder that wants full ones."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.encoder import Images, Vectors


@dataclass(slots=True)
class Part:
    """What one thread brought, and what came of it."""

    batch: Images
    rows: Vectors | None = None
    error: BaseException | None = None


class Gathered:
    """`run` for many threads: whoever finds it free takes along all that wait.

    The others find their rows made when it is their turn. Nobody waits for more to come.
    """

    def __init__(self, run: Callable[[Images], Vectors]) -> None:
        self._run = run
        self._busy = threading.Lock()
        self._adding = threading.Lock()
        self._waiting: list[Part] = []

    def run(self, batch: Images) -> Vectors:
        """As `run` itself: a row a picture. Raises what it raises."""
        part = Part(batch)
        with self._adding:
            self._waiting.append(part)
        with self._busy:
            if part.rows is None and part.error is None:
                self._run_all()
        if part.error is not None:
            raise part.error
        assert part.rows is not None
        return part.rows

    def _run_all(self) -> None:
        with self._adding:
            parts, self._waiting = self._waiting, []
        try:
            rows = self._run(np.concatenate([part.batch for part in parts]))
        except BaseException as error:
            for part in parts:
                part.error = error
            return
        ends = np.cumsum([len(part.batch) for part in parts])
        for part, mine in zip(parts, np.split(rows, ends[:-1]), strict=True):
            part.rows = mine
