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

from indexer.changes import compare
from indexer.channel import Exchange, Message, Said
from indexer.decode import DecoderPool
from indexer.errors import BadFolder, KnownError
from indexer.events import Committed, Event, FoldersChanged, Trouble, to_json
from indexer.library import Library
from indexer.lock import Busy, lock
from indexer.lockdown import deny_network
from indexer.photo import FolderState, PhotoState
from indexer.pipeline import Batch, BatchEncoder, Waiting, index
from indexer.scan import Scan, ScanStopped, known_as
from indexer.snapshots import Snapshots
from indexer.store import Store
from indexer.tally import Tally
from models.encoder import Encoder
from models.installed import load

TICK_S = 0.5  # between progress events
FIRST_CALL_S = 10.0  # how long to wait for the client that started us
IDLE_S = 0.2  # how often an idle indexer looks whether it is alone

log = logging.getLogger(__name__)


class Service:
    """One library's indexer, from its first client to its last."""

    def __init__(self, library: Library, encoder: Encoder, cores: int) -> None:
        self.store = Store(library, encoder.spec)
        self.encoder = BatchEncoder(encoder, cores)
        self.snapshots = Snapshots(library, encoder.spec)
        self.inbox: SimpleQueue[Said] = SimpleQueue()
        hello: Message = {"encoder": encoder.spec.name, "digest": encoder.spec.digest}
        self.exchange = Exchange(library.socket, hello, self.inbox)
        self.waiting = Waiting(self.store)
        self.tally: Tally | None = None
        self.cores = cores
        self.stopping = threading.Event()
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
            if self.tally is not None:
                self._work()

    def stop(self) -> None:
        """End after the batch under way. From any thread or signal handler."""
        self.stopping.set()
        if self._pool is not None:
            self._pool.stop()

    def close(self) -> None:
        """Let go of everything, in reverse."""
        self.exchange.close()
        self.encoder.close()
        self.store.close()

    def tell(self, event: Event) -> None:
        """Send an event to all clients."""
        self.exchange.tell(to_json(event))

    def _heed(self, said: Said) -> None:
        """Do what a client asks."""
        message = said.message
        if message is None:
            self._stop_when_alone()
            return
        folders = [Path(folder) for folder in message.get("folders", [])]
        request = message.get("request")
        if message.get("do") not in ("index", "refresh", "remove"):
            log.warning("a request that we don't know: %s", message)
        elif message["do"] == "remove":
            for folder in folders:
                self.store.leave(folder)
            self.tell(FoldersChanged())
        else:
            if message["do"] == "refresh":
                folders = [path for _, path, _ in self.store.folders()]
            self._begin(folders, request)

    def _begin(self, folders: list[Path], request: str | None) -> None:
        """Scan folders and let their photos join the run, or begin one."""
        if self.tally is None:
            self.tally = Tally(time.monotonic())
        if request is not None:
            self.tally.requests.append(request)
        for folder in folders:
            self._scan(folder)
        self.waiting.rewind()

    def _scan(self, folder: Path) -> None:
        """Note in the database what a walk over `folder` finds."""
        assert self.tally is not None
        folder = known_as(folder, [path for _, path, _ in self.store.folders()])
        scan = Scan(folder, self.stopping.is_set)
        try:
            changes = compare(scan, self.store.rows(folder))
        except ScanStopped:
            return
        except BadFolder as error:
            is_there = os.path.exists(folder)  # noqa: PTH110 - Path.exists raises where forbidden
            state = FolderState.FORBIDDEN if is_there else FolderState.AWAY
            if self.store.set_folder_state(folder, state):
                self.tell(FoldersChanged())
            self.tell(Trouble(str(error), folder=str(folder)))
            return
        news = self.store.join(folder) | self.store.set_folder_state(folder, FolderState.AVAILABLE)
        if news:
            self.tell(FoldersChanged())
        self.store.add(changes.to_read)
        self.store.set_states(changes.missing, PhotoState.MISSING)
        self.store.set_states(changes.returned, PhotoState.INDEXED)
        if changes.missing or changes.returned:
            self.tell(Committed(0, 0))
        if scan.unreadable:
            others = f" and {len(scan.unreadable) - 1} more folders" if scan.unreadable[1:] else ""
            self.tell(
                Trouble(
                    f"You don't have permission to read {scan.unreadable[0]}{others}. "
                    "The rest is searchable."
                )
            )
        self.tally.scanned(folder, changes)
        self.waiting.folders.append(folder)

    def _work(self) -> None:
        """Read all that waits, then say that it is done."""
        assert self.tally is not None
        with ExitStack() as stack:
            while not self.stopping.is_set() and self._has_work():
                if self._pool is None:
                    self._pool = DecoderPool(self.cores)
                    stack.callback(self._end_pool)
                for batch in index(self.store, self.encoder, self._pool, self.waiting):
                    self._did(batch)
            if self.stopping.is_set():
                return
            self.tell(self.tally.progress(time.monotonic()))
            self.tell(self.tally.done(time.monotonic()))
            self.tally = None
            self.waiting.folders.clear()

    def _has_work(self) -> bool:
        """Whether a photo waits; the walk over them begins again at the newest."""
        self.waiting.rewind()
        self.waiting.taken.clear()
        return bool(self.store.to_do(self.waiting.folders, None, 1))

    def _did(self, batch: Batch) -> None:
        """After a commit: tell, and hear what was said meanwhile."""
        assert self.tally is not None
        folder = os.path.dirname(batch.last)  # noqa: PTH120 - one string a batch, not a Path
        self.tally.did(batch.indexed, batch.failed, folder, time.monotonic())
        self.tell(Committed(batch.indexed, batch.change))
        self.snapshots.added(batch.embedded)
        while not self.inbox.empty():
            self._heed(self.inbox.get())

    def _end_pool(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def _stop_when_alone(self) -> None:
        waited_s = time.monotonic() - self._began_s
        if self.exchange.callers == 0 and (self.exchange.ever_called or waited_s > FIRST_CALL_S):
            self.stop()

    def _tick(self) -> None:
        """Tell progress while there is a run, and notice when everybody left in the middle."""
        while not self.stopping.wait(TICK_S):
            tally = self.tally
            if tally is not None:
                self.tell(tally.progress(time.monotonic()))
                self._stop_when_alone()


def main(arguments: list[str]) -> int:
    """Start, say so on stdout, serve, end; the exit status (docs/command-line.md)."""
    deny_network()
    parser = argparse.ArgumentParser("indexer")
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True, help="the encoder's folder")
    given = parser.parse_args(arguments)
    library = Library.at(given.library)
    try:
        with lock(library):
            service = Service(library, load(given.encoder), os.cpu_count() or 1)
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
