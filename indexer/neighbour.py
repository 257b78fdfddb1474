"""Be a good neighbour: rest when a person wants that or the disk is full, go slowly on battery."""

import threading
from collections.abc import Callable

from indexer.channel import Message
from indexer.events import Event, Manners
from indexer.library import Library
from indexer.pausing import Pausing
from indexer.power import OnBattery
from indexer.work import Work

POWER_S = 10.0  # how often the power is looked at
ROOM_S = 2.0  # how often something is tried that the disk has no room for


class Neighbour:
    """How the work on one library behaves. Safe to be called from any thread."""

    def __init__(
        self,
        library: Library,
        work: Work,
        tell: Callable[[Event], None],
        is_on_battery: OnBattery,
    ) -> None:
        """Begin as it was left: paused, where the person has paused and not gone on since."""
        self._work = work
        self._tell = tell
        self._is_on_battery = is_on_battery
        self._pausing = Pausing(library)
        self._looked_s = float("-inf")
        self.is_full = False  # the disk, at the last try
        self._changing = threading.Lock()
        work.is_paused = self._pausing.is_paused()
        work.is_slow = is_on_battery()

    def hello(self) -> Message:
        """What a client is greeted with: that we know how to pause, and how it is now."""
        manners = {"paused": self._work.is_paused, "slow": self._work.is_slow}
        return {"pauses": True, **manners, "full": self.is_full}

    def pause(self, is_paused: bool) -> None:
        """Rest, or go on, and remember it. All clients hear of it, so that who asked knows."""
        with self._changing:
            if is_paused:
                self._pausing.pause()
            else:
                self._pausing.resume()
            self._work.pause(is_paused)
            self._say()

    def look_at_power(self, now_s: float) -> None:
        """Look now and then whether the computer runs on its battery."""
        if now_s - self._looked_s < POWER_S:
            return
        self._looked_s = now_s
        is_slow = self._is_on_battery()
        with self._changing:
            if is_slow != self._work.is_slow:
                self._work.go_slowly(is_slow)
                self._say()

    def wait_for_room(self) -> bool:
        """The disk is full: say so, and wait a while; whether to try again, and not to end."""
        self.lacks_room()
        return not self._work.stopping.wait(ROOM_S)

    def lacks_room(self) -> None:
        """The disk is full, and what has no room is tried again later."""
        self._note_room(is_full=True)

    def has_room(self) -> None:
        """What was tried again went well."""
        self._note_room(is_full=False)

    def _note_room(self, *, is_full: bool) -> None:
        with self._changing:
            if is_full != self.is_full:
                self.is_full = is_full
                self._say()

    def _say(self) -> None:
        self._tell(Manners(self._work.is_paused, self._work.is_slow, self.is_full))
