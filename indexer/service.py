"""The indexer process: one a library, owner of every write to it. Commands in, events out.

It is started by a client, serves any number of them, and ends when the last has gone. It prints
one JSON line on stdout when it is ready or knows why not; the truth is always on disk, so it may
be killed at any instruction.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import Empty, SimpleQueue

from indexer.channel import Exchange, Message, Said
from indexer.encoders import Encoders
from indexer.errors import BadLibrary, DiskFull, KnownError
from indexer.events import Event, FoldersChanged, Forgotten, Switched, Trouble, to_json
from indexer.library import Library
from indexer.lock import Busy, lock
from indexer.lockdown import deny_network
from indexer.looking import Looking
from indexer.neighbour import Neighbour
from indexer.photo import Answer
from indexer.power import OnBattery, on_battery
from indexer.priority import step_back
from indexer.store import Store
from indexer.work import Work

TICK_S = 0.5  # between progress events
FIRST_CALL_S = 10.0  # how long to wait for the client that started us
IDLE_S = 0.2  # how often an idle indexer looks whether it is alone, and what has settled
log = logging.getLogger(__name__)


class Service:
    """One library's indexer, from its first client to its last."""

    def __init__(
        self,
        store: Store,
        encoders: Encoders,
        cores: int,
        is_on_battery: OnBattery = lambda: False,
        step_back: Callable[[], None] = lambda: None,
    ) -> None:
        """Serve with a store and encoders that are ours from now on: `close` closes them."""
        self.store = store
        self.encoders = encoders
        self.step_back = step_back
        self.inbox: SimpleQueue[Said] = SimpleQueue()
        self.work = Work(store, encoders, cores, self.tell, self._hear)
        self.looking = Looking(store, self.work, self.tell)
        self.stopping = self.work.stopping
        self.neighbour = Neighbour(store.library, self.work, self.tell, is_on_battery)
        store.db.waits_for_room = self.neighbour.wait_for_room
        store.db.has_room = self.neighbour.has_room
        store.db.lacks_room = self.neighbour.lacks_room
        self._serves = self._serving()
        self.exchange = Exchange(store.library.socket, self._hello, self)
        self._began_s = time.monotonic()

    def put(self, said: Said) -> None:
        """Take a message of a client, on a thread of its own. One to pause is heeded at once.

        The loop may be in the middle of a walk over a slow drive.
        """
        what = said.message.get("do") if said.message else None
        if what in ("pause", "resume"):
            self.neighbour.pause(what == "pause")
        else:
            self.inbox.put(said)

    def run(self) -> None:
        """Serve until nobody is left, or `stop`. Raises BadLibrary, BadEncoder."""
        threading.Thread(target=self._tick, name="ticks", daemon=True).start()
        try:
            while not self.stopping.is_set():
                self._serve_one()
        except DiskFull as error:
            if not self.stopping.is_set() or self.exchange.callers:
                raise
            log.warning("Nobody is left to wait for room: %s", error)

    def _serve_one(self) -> None:
        """Heed one client, or notice that there is none; then do what is due."""
        try:
            self._heed(self.inbox.get(timeout=IDLE_S))
        except Empty:
            self._stop_when_alone()
        self.looking.notice()
        if self.work.is_due:
            self.work.do()

    def stop(self) -> None:
        """End after the batch under way. From any thread or signal handler."""
        self.work.stop()

    def close(self) -> None:
        """Let go of everything, in reverse."""
        self.looking.close()
        self.exchange.close()
        self.encoders.close()
        self.store.close()

    def tell(self, event: Event) -> None:
        """Send an event to all clients."""
        if isinstance(event, Switched):
            self._serves = self._serving()
        self.exchange.tell(to_json(event))

    def _hello(self) -> Message:
        """What a client hears first: who serves, what we know how to do, and how we behave."""
        return self._serves | {"switches": True, "watches": True} | self.neighbour.hello()

    def _serving(self) -> Message:
        known = self.encoders.serving.known
        return {"encoder": known.name, "digest": known.digest}

    def _heed(self, said: Said) -> None:
        """Do what a client asks."""
        message = said.message
        if message is None:
            self._stop_when_alone()
            return
        folders = [Path(folder) for folder in message.get("folders", [])]
        request = message.get("request")
        match message.get("do"):
            case "index":
                answer = message.get("answer")
                self.looking.look(folders, request, Answer(answer) if answer else None)
                if message.get("again"):
                    self.looking.try_again()
            case "try again":
                self.looking.look([], request)
                self.looking.try_again(message.get("photos"))
            case "refresh":
                self.looking.look(self.looking.folders, request)
            case "remove":
                self.looking.forget(folders)
                self.tell(FoldersChanged())
                self.work.leave_untidy()
            case "watch":
                self.step_back()  # who waits for an `index` wants it quick; who watches does not
                self.looking.watch()
            case "use" | "forget":
                self._choose(message, request)
            case _:
                log.warning("a request that we don't know: %s", message)

    def _choose(self, message: Message, request: str | None) -> None:
        """Want another encoder, or forget one."""
        requests = (request,) if request is not None else ()
        switcher = self.work.switcher
        self.work.leave_untidy()  # it is heard even in a pause, and what is told is true
        try:
            if message["do"] == "use":
                switcher.use(Path(message.get("encoder", "")), request)
            else:
                digest = message.get("digest", "")
                switcher.forget(digest, self.stopping.is_set)
                self.tell(Forgotten(digest, requests))
        except BadLibrary:
            raise
        except KnownError as error:
            self.tell(Trouble(str(error), requests=requests))

    def _hear(self) -> None:
        """Heed what was said meanwhile."""
        while not self.inbox.empty():
            self._heed(self.inbox.get())
        self.looking.notice()

    def _stop_when_alone(self) -> None:
        waited_s = time.monotonic() - self._began_s
        if self.exchange.callers == 0 and (self.exchange.ever_called or waited_s > FIRST_CALL_S):
            self.stop()

    def _tick(self) -> None:
        """Tell progress while there is work, notice who left in the middle, look at the power."""
        while not self.stopping.wait(TICK_S):
            for step in (self.neighbour.look_at_power, self._tell_progress):
                try:
                    step(time.monotonic())
                except Exception:  # whoever waits for us needs the next tick
                    log.exception("a bug of ours")

    def _tell_progress(self, now_s: float) -> None:
        is_at_work = self.work.tell_progress(now_s)
        if is_at_work or self.neighbour.is_full:  # the loop waits for room and hears nobody
            self._stop_when_alone()


def main(arguments: list[str]) -> int:
    """Start, say so on stdout, serve, end; the exit status (docs/command-line.md)."""
    deny_network()
    parser = argparse.ArgumentParser("indexer")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument(
        "--encoder", type=Path, required=True, help="the one that a new library begins with"
    )
    given = parser.parse_args(arguments)
    library = Library.at(given.library)
    try:
        with lock(library):
            cores, store = os.cpu_count() or 1, Store(library)
            service = Service(
                store, Encoders(store, given.encoder, cores), cores, on_battery, step_back
            )
            signal.signal(signal.SIGTERM, lambda *_: service.stop())
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the client's; we see it go
            _say({"ready": True})
            _log_to(library.log)
            return _serve(service)
    except Busy as error:
        _say({"busy": str(error)})
        return 1
    except KnownError as error:
        _say({"trouble": str(error)})
        return 1
    except OSError as error:
        _say({"trouble": f"The library {library.root} can't be used: {error.strerror or error}."})
        return 1


def _serve(service: Service) -> int:
    try:
        service.run()
        return 0
    except KnownError as error:
        log.warning("%s", error)
        service.tell(Trouble(str(error), is_the_end=True))
        return 1
    except Exception:
        log.exception("a bug of ours")
        return 70
    finally:
        service.close()


def _say(answer: Message) -> None:
    """The one line on stdout that the client reads."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _log_to(path: Path) -> None:
    """Begin this run's log, made anew so that it never grows beyond one run.

    What is printed goes there too: the client reads one line and then closes the pipes.
    """
    file = path.open("w", encoding="utf-8")
    os.dup2(file.fileno(), 1)
    os.dup2(file.fileno(), 2)
    logging.basicConfig(
        stream=file, level=logging.INFO, format="%(asctime)s %(name)s %(message)s", force=True
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
