"""An indexer on a thread of the test, over the real socket, with real decoders."""

import threading
from collections.abc import Callable
from pathlib import Path

from indexer.channel import call
from indexer.client import Client
from indexer.encoders import Encoders
from indexer.events import Done, Event, Forgotten, Switched, Trouble
from indexer.library import Library
from indexer.lock import lock
from indexer.service import Service
from indexer.store import Store
from indexer.watch import Watcher
from models.encoder import Encoder
from models.installed import SHIPPED
from tests.fakes import load_fake


class Serving:
    """Serves `library`; `first` is the folder of the encoder that a new one begins with."""

    def __init__(
        self,
        library: Library,
        first: Path,
        load: Callable[[Path], Encoder] = load_fake,
        shipped: Path = SHIPPED,
        is_on_battery: Callable[[], bool] = lambda: False,
        watch_with: Callable[[], Watcher] = Watcher,
    ) -> None:
        self.library = library
        self.first = first
        self.load = load
        self.shipped = shipped
        self.watch_with = watch_with
        self.is_on_battery = is_on_battery
        self.service: Service | None = None  # the last one
        self._threads: list[threading.Thread] = []
        self._clients: list[Client] = []

    def client(self) -> Client:
        """A new client; starts the indexer where none runs."""
        if not self._threads or not self._threads[-1].is_alive():
            ready = threading.Event()
            self._threads.append(threading.Thread(target=self._serve, args=[ready]))
            self._threads[-1].start()
            assert ready.wait(30)
        self._clients.append(Client(call(self.library.socket), None))
        return self._clients[-1]

    def end(self) -> None:
        """Hang up, and wait for the indexer to end."""
        for one in self._clients:
            one.close()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _serve(self, ready: threading.Event) -> None:
        with lock(self.library):
            store = Store(self.library)
            encoders = Encoders(store, self.first, 2, self.load, self.shipped)
            self.service = service = Service(store, encoders, 2, self.is_on_battery)
            service.looking.watch_with = self.watch_with
            ready.set()
            service.run()
            service.close()


def until(client: Client, request: str) -> list[Event]:
    """All events up to the one that ends our request."""
    events: list[Event] = []
    for event in client.events():
        events.append(event)
        if isinstance(event, Done | Switched | Forgotten | Trouble) and request in event.requests:
            return events
    raise AssertionError(f"the indexer went away after {events}")
