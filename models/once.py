"""Make a heavy value at its first use, once, whoever asks first."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """A value made at its first use, by one thread, and kept.

    >>> one = Once(lambda: print("made") or 7)
    >>> one.get() + one.get()
    made
    14
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    @property
    def made(self) -> T | None:
        """The value, if it was made by now."""
        return self._made[0] if self._made else None

    def get(self) -> T:
        """The value. A failed attempt is tried again at the next use."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]
