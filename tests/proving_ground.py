"""A scratch folder in which the real program is run, hurt and looked at: for proofs and tests.

    with ProvingGround(scratch, photos=100, seed=7) as ground:
        run = ground.start()             # `sightword index`, as a person starts it
        run.wait_until_seen(20)          # pictures that the encoder was given
        ground.kill(ground.indexers())
        ground.finish()                  # start again until all is done
        assert ground.wrong() == []      # nothing lost, nothing left over, nothing different

Randomness comes from the seed, which every failure names.
"""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import psutil

from indexer.library import Library
from indexer.lock import Busy, lock
from indexer.thumbnails import SIDES
from indexer.view import View
from tests.audit import wrong
from tests.counted_app import NOTES, ROLE
from tests.small_photos import write_photos

HOME = Path(__file__).resolve().parent.parent
LOOK_S = 0.02  # how often something is looked at that is waited for
PATIENCE_S = 300.0  # what hangs longer has failed


class Failed(Exception):
    """A proof failed; the message says how."""


class Run:
    """One `sightword index` and what it says."""

    def __init__(self, ground: "ProvingGround", process: "subprocess.Popen[str]") -> None:
        self.ground = ground
        self.process = process
        self.events: list[dict[str, object]] = []  # of stdout
        self.words = ""  # of stderr
        self._threads = [threading.Thread(target=one) for one in (self._listen, self._read)]
        for thread in self._threads:
            thread.start()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.process.poll() is not None

    def wait(self) -> int:
        """Its exit status. Raises Failed where it hangs."""
        try:
            self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failed(f"`sightword index` hangs. It says: {self.words}") from None
        finally:
            for thread in self._threads:
                thread.join()
        return self.process.returncode

    def wait_until_seen(self, count: int) -> None:
        """Wait until the encoder was given `count` pictures in all, or the run is over."""
        wait_for(lambda: self.ground.seen() >= count or self.is_over, "photos to be seen")

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with suppress(ValueError):
                    self.events.append(json.loads(line))

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.words += line


class ProvingGround:
    """Photos of a seed, a library of them, and the programs that run there."""

    def __init__(self, scratch: Path, photos: int, seed: int, place: Path | None = None) -> None:
        """`place` is where the library is to be, if not beside the photos."""
        self.scratch = scratch
        self.root = scratch / "photos"
        self.library = Library.at(place or scratch / "library")
        self.notes = scratch / "notes"
        self.notes.touch()
        self.count = photos
        self.random = random.Random(seed)
        self._runs: list[Run] = []
        write_photos(self.root, photos, seed)

    def __enter__(self) -> "ProvingGround":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill([*self.clients(), *self.programs()])
        for run in self._runs:
            with suppress(Failed):
                run.wait()

    def start(
        self,
        *more: str,
        library: Library | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Run:
        """`sightword index` of all photos."""
        place = str((library or self.library).root)
        command = [sys.executable, "-m", ROLE, "index", str(self.root), "--library", place]
        process = subprocess.Popen(
            [*command, "--json", *more],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HOME,
            env={**os.environ, NOTES: str(self.notes), **(environment or {})},
            start_new_session=True,
        )
        self._runs.append(Run(self, process))
        return self._runs[-1]

    def finish(self, library: Library | None = None) -> dict[str, object]:
        """Index until it says that it is done; what it says then."""
        run = self.start(library=library)
        if run.wait() != 0:
            raise Failed(f"`sightword index` ends with {run.process.returncode}: {run.words}")
        self.wait_until_free(library)
        return run.events[-1]

    def wrong(self) -> list[str]:
        """What is wrong in the library at rest, or unlike an undisturbed index of the photos."""
        self.tidy_up()
        seen, self.notes = self.notes, self.scratch / "notes of the undisturbed"
        fresh = Library.at(self.scratch / "undisturbed")
        self.finish(fresh)
        self.notes = seen
        self.wait_until_gone(self.programs())  # the lock goes before its process does
        return wrong(self.library.root, fresh.root)

    def tidy_up(self) -> None:
        """Let what is done behind a run be done, as where a window is open."""
        run = self.start("--watch")
        wait_for(lambda: self._is_tidy() or run.is_over, "thumbnails", 60.0)
        self.kill(self.clients())
        run.wait()
        self.wait_until_free()

    def _is_tidy(self) -> bool:
        with View(self.library) as view:
            contents = int(view.rows("SELECT count(*) FROM content")[0][0])
        return contents <= len(list(self.library.thumbnails.rglob(f"*-{SIDES[0]}.jpg")))

    def ask(self) -> list[str]:
        """Ask the library, as a person would while something is wrong; what fails."""
        place = ["--library", str(self.library.root)]
        failed = []
        for command in (["status"], ["search", "something red", "--all"]):
            program = [sys.executable, "-m", "app", *command, *place]
            done = subprocess.run(program, capture_output=True, text=True, cwd=HOME)
            if done.returncode:
                failed.append(f"`sightword {command[0]}` fails: {done.stderr.strip()[-300:]}")
        return failed

    # What the encoder saw

    def pictures(self) -> list[str]:
        """Each picture that the encoder was given, in order, by a digest of its pixels."""
        lines = self.notes.read_text("utf-8").splitlines()
        return [line.rpartition(" ")[2] for line in lines]

    def seen(self) -> int:
        """How many pictures the encoder was given."""
        with self.notes.open("rb") as notes:
            line_bytes = len(notes.readline())  # as all others
        return self.notes.stat().st_size // line_bytes if line_bytes else 0

    def seen_again(self) -> int:
        """How many of them it had been given before."""
        return sum(count - 1 for count in Counter(self.pictures()).values())

    # Processes

    def clients(self) -> list[psutil.Process]:
        """The runs of `sightword index`."""
        running = [run.process.pid for run in self._runs if not run.is_over]
        return [one for pid in running for one in _process(pid)]

    def programs(self) -> list[psutil.Process]:
        """The indexers of our libraries, and all that they have started."""
        found = self.indexers()
        return found + [child for one in found for child in _children(one)]

    def indexers(self) -> list[psutil.Process]:
        """The indexers of our libraries."""
        found = []
        for one in psutil.process_iter(["cmdline"]):
            words = one.info["cmdline"] or []
            places = (str(self.library.root), str(self.scratch / "undisturbed"))
            if "--as-indexer" in words and any(place in words for place in places):
                found.append(one)
        return found

    def decoders(self) -> list[psutil.Process]:
        """The decoders of our indexers."""
        return [child for one in self.indexers() for child in _children(one)]

    def kill(self, processes: Iterable[psutil.Process]) -> None:
        """SIGKILL, at once for all of them."""
        for one in processes:
            with suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGKILL)

    def wait_until_gone(self, processes: Sequence[psutil.Process]) -> None:
        """Wait until processes have ended. Raises Failed where one stays."""
        wait_for(lambda: not any(_is_alive(one) for one in processes), f"{processes} to end")

    def wait_until_free(self, library: Library | None = None) -> None:
        """Wait until no indexer holds the library."""
        wait_for(lambda: _is_free(library or self.library), "the indexer to end")


def wait_for(is_so: Callable[[], bool], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until something is so. Raises Failed where it never is."""
    end_s, pause = time.monotonic() + patience_s, threading.Event()
    while not is_so():
        if time.monotonic() > end_s:
            raise Failed(f"waited {patience_s:.0f} s for {what}")
        pause.wait(LOOK_S)


def _process(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return [psutil.Process(pid)]
    return []


def _children(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        found: list[psutil.Process] = process.children(recursive=True)
        return found
    return []


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _is_free(library: Library) -> bool:
    try:
        lock(library).close()
    except Busy:
        return False
    return True
