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
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue

from indexer.channel import Exchange, Message, Said
from indexer.decoder_pool import DecoderPool
from indexer.encoders import Encoders
from indexer.errors import BadLibrary, KnownError
from indexer.events import Committed, Event, FoldersChanged, Forgotten, Trouble, to_json
from indexer.library import Library
from indexer.lock import Busy, lock
from indexer.lockdown import deny_network
from indexer.photo import Answer
from indexer.pipeline import Waiting, index, unseen
from indexer.rescan import Rescan
from indexer.scan import known_as
from indexer.store import Store
from indexer.switching import Switcher
from indexer.tally import Tally
from indexer.telling import Teller
from indexer.watch import Watcher
from models.errors import BadEncoder

TICK_S = 0.5  # between progress events
FIRST_CALL_S = 10.0  # how long to wait for the client that started us
IDLE_S = 0.2  # how often an idle indexer looks whether it is alone, and what has settled
SHORT = (
    "The system can't watch all of {}: it has no watches left. What changes there is found a "
    "little later, or when you look again. On Linux, raise fs.inotify.max_user_watches."
)

log = logging.getLogger(__name__)


class Service:
    """One library's indexer, from its first client to its last."""

    def __init__(self, store: Store, encoders: Encoders, cores: int) -> None:
        """Serve with a store and encoders that are ours from now on: `close` closes them."""
        self.store = store
        self.encoders = encoders
        self.switcher = Switcher(store, encoders, self.tell)
        self.inbox: SimpleQueue[Said] = SimpleQueue()
        self.exchange = Exchange(store.library.socket, self._hello(), self.inbox)
        self.waiting = Waiting(store)
        self.teller = Teller(store)
        self.tally: Tally | None = None
        self.cores = cores
        self.stopping = threading.Event()
        self.watcher: Watcher | None = None  # from when a client asks for it
        self.rescan = Rescan(store, self.tell, self.stopping.is_set, self._is_busy)
        self._pool: DecoderPool | None = None
        self._began_s = time.monotonic()

    def run(self) -> None:
        """Serve until nobody is left, or `stop`."""
        threading.Thread(target=self._tick, name="ticks", daemon=True).start()
        while not self.stopping.is_set():
            try:
                self._heed(self.inbox.get(timeout=IDLE_S))
            except Empty:
                self._stop_when_alone()
            self._notice()
            if self.tally is not None or self.switcher.is_due:
                self._work()

    def stop(self) -> None:
        """End after the batch under way. From any thread or signal handler."""
        self.stopping.set()
        if self._pool is not None:
            self._pool.stop()

    def close(self) -> None:
        """Let go of everything, in reverse."""
        if self.watcher is not None:
            self.watcher.close()
        self.exchange.close()
        self.encoders.close()
        self.store.close()

    def tell(self, event: Event) -> None:
        """Send an event to all clients."""
        self.exchange.tell(to_json(event))

    def _hello(self) -> Message:
        """What a client hears first: who serves, and that we know how to switch."""
        known = self.encoders.serving.known
        return {"encoder": known.name, "digest": known.digest, "switches": True, "watches": True}

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
                self._begin(folders, request, Answer(answer) if answer else None)
            case "refresh":
                self._begin([path for _, path, _ in self.store.folders()], request)
            case "remove":
                for folder in folders:
                    self.store.leave(folder)
                self._watch_folders()
                self.tell(FoldersChanged())
                self.store.collect(self.stopping.is_set)
            case "watch":
                self.watcher = self.watcher or Watcher()
                self._watch_folders()
            case "use" | "forget":
                self._choose(message, request)
            case _:
                log.warning("a request that we don't know: %s", message)

    def _choose(self, message: Message, request: str | None) -> None:
        """Want another encoder, or forget one."""
        requests = (request,) if request is not None else ()
        try:
            if message["do"] == "use":
                self.switcher.use(Path(message.get("encoder", "")), request)
            else:
                digest = message.get("digest", "")
                self.switcher.forget(digest, self.stopping.is_set)
                self.tell(Forgotten(digest, requests))
        except BadLibrary:
            raise
        except KnownError as error:
            self.tell(Trouble(str(error), requests=requests))

    def _begin(
        self, folders: list[Path], request: str | None, answer: Answer | None = None
    ) -> None:
        """Scan folders and let their photos join the run, or begin one."""
        if self.tally is None:
            self.tally = Tally(time.monotonic())
        if request is not None:
            self.tally.requests.append(request)
        for folder in folders:
            folder = known_as(folder, [path for _, path, _ in self.store.folders()])
            self._watch_folders(folder)  # first, so that no change falls between
            changes = self.rescan.folder(folder, answer)
            if changes is not None:
                self.tally.scanned(folder, changes)
                self.waiting.folders.append(folder)
        self._watch_folders()
        self.waiting.rewind()
        self.switcher.look_again()

    def _watch_folders(self, *more: Path) -> None:
        """Watch the library's folders, where a client asked for it."""
        if self.watcher is not None:
            known = [path for _, path, _ in self.store.folders()]
            new = [one for one in more if not any(one in (at, *at.parents) for at in known)]
            self.watcher.watch([*known, *new])

    def _is_busy(self, path: str) -> bool:
        """Whether a file is being written, so that it is looked at when that has settled."""
        return self.watcher is not None and self.watcher.holds(path)

    def _notice(self) -> None:
        """Let what has settled in the folders that are watched join the run, or begin one."""
        if self.watcher is None or self.stopping.is_set():
            return
        settled = self.watcher.take()
        for root in self.watcher.take_short():
            self.tell(Trouble(SHORT.format(root)))
        for root, changes in self.rescan.settled(settled) if settled else ():
            if self.tally is None:
                self.tally = Tally(time.monotonic())
            self.tally.noticed(changes)
            self.waiting.folders.append(root)
            self.waiting.rewind()
            self.switcher.look_again()

    def _work(self) -> None:
        """Read all that waits and say that it is done; behind that, see what is to be seen anew."""
        with ExitStack() as stack:
            stack.callback(self._end_pool)
            while not self.stopping.is_set():
                if self.tally is not None:
                    self._read_waiting(self.tally)
                elif self.switcher.is_due:
                    self._see_anew()
                else:
                    self.store.collect(self.stopping.is_set)
                    return

    def _read_waiting(self, tally: Tally) -> None:
        """The run, to its end: photos that wait, then files that are to be asked again."""
        self.teller.rewind()
        while not self.stopping.is_set():
            if self._has_waiting():
                self._read_batches(tally)
            elif self.teller.tell_some(self.pool):
                self.tell(Committed(0, 0))
                self._hear()
            else:
                self.tell(tally.progress(time.monotonic()))
                self.tally = None
                self.tell(tally.done(time.monotonic(), self.switcher.goes_on()))
                self.waiting.folders.clear()
                return

    def _read_batches(self, tally: Tally) -> None:
        """All that waits, batch after batch."""
        serving = self.encoders.serving
        walk = self.waiting
        for batch in index(self.store, serving.known.id, serving.batches, self.pool, walk):
            walk.taken.difference_update(batch.photos)
            folder = os.path.dirname(batch.last)  # noqa: PTH120 - one string a batch, not a Path
            tally.did(batch.indexed, batch.failed, folder, time.monotonic())
            self.tell(Committed(batch.indexed, batch.change))
            serving.snapshots.added(batch.embedded)
            self._hear()

    def _has_waiting(self) -> bool:
        """Whether a photo waits; the walk over them begins again at the newest."""
        self.waiting.rewind()
        self.waiting.taken.clear()
        return bool(self.store.pending(self.waiting.folders, limit=1))

    def _see_anew(self) -> None:
        """One walk over what an encoder has not seen; given up where there are new photos."""
        stretch = self.switcher.begin()
        if stretch is None:
            self.switcher.finish()
            self.exchange.hello = self._hello()
            return
        known, batches = stretch.running.known, stretch.running.batches
        walk = unseen(self.store, known.id, stretch.folder_ids)
        try:
            for batch in index(self.store, known.id, batches, self.pool, walk):
                self.switcher.did(stretch, batch)
                if known == self.encoders.serving.known:
                    self.tell(Committed(batch.indexed, batch.change))
                self._hear()
                if self.tally is not None or not self.switcher.is_on(stretch):
                    return
        except BadEncoder as error:
            if known == self.encoders.serving.known:
                raise
            self.switcher.fail(error)

    def _hear(self) -> None:
        """Heed what was said meanwhile."""
        while not self.inbox.empty():
            self._heed(self.inbox.get())
        self._notice()

    @property
    def pool(self) -> DecoderPool:
        """The decoders, which live as long as there is work."""
        if self._pool is None:
            self._pool = DecoderPool(self.cores)
            if self.stopping.is_set():
                self._pool.stop()
        return self._pool

    def _end_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _stop_when_alone(self) -> None:
        waited_s = time.monotonic() - self._began_s
        if self.exchange.callers == 0 and (self.exchange.ever_called or waited_s > FIRST_CALL_S):
            self.stop()

    def _tick(self) -> None:
        """Tell progress while there is work, and notice when everybody left in the middle."""
        while not self.stopping.wait(TICK_S):
            tally, stretch = self.tally, self.switcher.stretch
            if tally is not None:
                self.tell(tally.progress(time.monotonic()))
            elif stretch is not None:
                self.tell(stretch.event(time.monotonic()))
            if tally is not None or stretch is not None:
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
            service = Service(store, Encoders(store, given.encoder, cores), cores)
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
