"""Let Ctrl-C and a polite kill close the window, as its own button does.

Python handles signals between its own instructions, and Qt's loop runs none of them: so a signal
writes a byte into a socket that the loop watches.
"""

import signal
import socket
from collections.abc import Callable
from types import FrameType, TracebackType

from PySide6.QtCore import QSocketNotifier

SIGNALS = signal.SIGINT, signal.SIGTERM


class Interrupts:
    """Call `then` on the paint thread when the process is asked to end. A context manager."""

    def __init__(self, then: Callable[[], object]) -> None:
        self._then = then

    def __enter__(self) -> "Interrupts":
        self._ours, self._theirs = socket.socketpair()
        self._theirs.setblocking(False)
        self._woken_before = signal.set_wakeup_fd(self._theirs.fileno())
        self._handled_before = [signal.signal(one, _nothing) for one in SIGNALS]
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read)
        self._notifier.activated.connect(self._came)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._woken_before)
        for one, handler in zip(SIGNALS, self._handled_before, strict=True):
            signal.signal(one, handler)
        self._ours.close()
        self._theirs.close()

    def _came(self) -> None:
        self._ours.recv(64)
        self._then()


def _nothing(number: int, frame: FrameType | None) -> None:
    """The byte in the socket does the work."""
