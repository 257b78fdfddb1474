"""The indexer rests when a person wants that, and goes on; over the socket, with real decoders."""

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest
from PIL import Image

from indexer.client import Client
from indexer.decode import Decoded
from indexer.decoder_pool import DecoderPool
from indexer.encoders import Encoders
from indexer.errors import Reason
from indexer.events import Committed, Done, Event, Manners, Progress, Switched, Switching
from indexer.library import Library
from indexer.pausing import Pausing, this_start
from indexer.store import Store
from indexer.telling import Teller
from indexer.view import View
from models.spec import ImageSpec
from tests.fakes import write_encoder
from tests.serving import Serving, until
from tests.waiting import wait_until, wait_until_free

MANY = 100


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.at(tmp_path / "library")


@pytest.fixture
def power() -> list[str]:
    """Where the computer has its power from, at the end of the list."""
    return ["mains"]


@pytest.fixture
def serving(library: Library, tmp_path: Path, power: list[str]) -> Iterator[Serving]:
    write_encoder(tmp_path / "fake")
    serving = Serving(library, tmp_path / "fake", is_on_battery=lambda: power[-1] == "battery")
    yield serving
    serving.end()


@pytest.fixture
def many(tmp_path: Path) -> Path:
    folder = tmp_path / "many"
    draw(folder, MANY)
    return folder


def draw(folder: Path, count: int, first: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(first, first + count):
        Image.new("RGB", (40, 40), (number % 256, 90, number // 256)).save(folder / f"{number}.png")


def decoders() -> list[psutil.Process]:
    """The decoder processes of this test's indexer."""
    return [one for one in psutil.Process().children(recursive=True) if one.is_running()]


def after(client: Client, kind: type[Event]) -> Event:
    """The next event of a kind."""
    return next(event for event in client.events() if isinstance(event, kind))


def test_a_pause_ends_the_decoders_keeps_what_is_done_and_what_is_left_is_read_later(
    serving: Serving, library: Library, many: Path
) -> None:
    client = serving.client()
    request = client.add([many])
    after(client, Committed)
    after(client, Committed)
    client.pause()
    assert after(client, Manners) == Manners(is_paused=True)
    wait_until(lambda: not decoders())
    with View(library) as view:
        counts = view.counts()
        assert 0 < counts.indexed < MANY
        assert counts.pending == MANY - counts.indexed
        told = after(client, Progress)
        assert isinstance(told, Progress)
        assert (told.found, told.indexed) == (MANY, counts.indexed)
        assert (told.rate_per_s, told.left_s) == (0.0, None)
        assert view.counts() == counts
        client.resume()
        done = until(client, request)[-1]
        assert isinstance(done, Done)
        assert (done.found, done.indexed) == (MANY, MANY)
        assert view.counts().vectors == MANY


def test_thumbnails_that_a_pause_or_the_plug_left_are_made_later(
    serving: Serving,
    library: Library,
    many: Path,
    power: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = serving.client()
    until(client, client.add([many]))
    serving.end()
    shutil.rmtree(library.thumbnails)
    index, cuts = DecoderPool.index, ["pause", "battery"]

    def is_cut(
        self: DecoderPool, jobs: Sequence[tuple[bytes, str]], spec: ImageSpec, home: Library | None
    ) -> Iterator[tuple[bytes, Decoded | Reason]]:
        for number, one in enumerate(index(self, jobs, spec, home)):
            if number == 5 and cuts:
                assert serving.service is not None
                neighbour = serving.service.neighbour
                power.append(cuts.pop())
                neighbour.look_at_power(now_s=float("inf"))
                neighbour.pause(not cuts)
            yield one

    monkeypatch.setattr(DecoderPool, "index", is_cut)
    client = serving.client()
    until(client, client.refresh())
    while after(client, Manners) != Manners(is_paused=True):
        pass
    wait_until(lambda: not decoders())
    assert 0 < len(list(library.thumbnails.rglob("*.jpg"))) < MANY
    client.resume()
    wait_until(lambda: len(list(library.thumbnails.rglob("*.jpg"))) == MANY)


def test_a_pause_outlives_the_indexer_and_who_comes_later_hears_of_it(
    serving: Serving, library: Library, many: Path
) -> None:
    first = serving.client()
    first.pause()
    after(first, Manners)
    first.close()
    wait_until_free(library)
    client = serving.client()
    request = client.add([many])
    assert next(client.events()) == Manners(is_paused=True)
    told = after(client, Progress)
    assert isinstance(told, Progress)
    assert (told.found, told.indexed) == (MANY, 0)
    with View(library) as view:
        assert view.counts().pending == MANY  # what is there is noted all the same
    client.resume()
    assert isinstance(until(client, request)[-1], Done)


def test_a_pause_ends_when_the_computer_starts_again(library: Library) -> None:
    library.root.mkdir()
    Pausing(library, "monday").pause()
    assert Pausing(library, "monday").is_paused()
    assert not Pausing(library, "tuesday").is_paused()
    Pausing(library, "tuesday").resume()
    assert not Pausing(library, "monday").is_paused()


def test_every_program_sees_the_same_start_of_the_computer() -> None:
    assert this_start() == this_start() != ""


def test_a_run_that_finds_nothing_to_read_ends_though_it_is_paused(
    serving: Serving, photo_folder: Path
) -> None:
    client = serving.client()
    until(client, client.add([photo_folder]))
    client.pause()
    done = until(client, client.refresh())[-1]
    assert isinstance(done, Done)
    assert done.unchanged == 16


def test_a_switch_of_encoders_rests_too(serving: Serving, library: Library, many: Path) -> None:
    other = serving.first.parent / "other"
    write_encoder(other, named="other")
    client = serving.client()
    until(client, client.add([many]))
    client.pause()
    request = client.use(other)
    client.refresh()
    after(client, Done)
    for _ in range(3):  # and who waits for it hears so, each second
        told = after(client, Switching)
        assert isinstance(told, Switching)
        assert (told.encoder, told.seen, told.total) == ("other", 0, MANY)
        assert (told.rate_per_s, told.left_s) == (0.0, None)
    with View(library) as view:
        switch = view.switch()
        assert switch is not None
        assert switch.seen == 0
    client.resume()
    assert isinstance(until(client, request)[-1], Switched)


def test_a_switch_is_told_of_until_the_encoder_is_swapped(
    serving: Serving, many: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = serving.first.parent / "other"
    write_encoder(other, named="other")
    client = serving.client()
    until(client, client.add([many]))
    swap, may_end = Encoders.swap, threading.Event()

    def swap_late(self: Encoders) -> None:
        assert may_end.wait(30)
        swap(self)

    monkeypatch.setattr(Encoders, "swap", swap_late)
    request = client.use(other)
    seen = 0
    while seen < MANY:
        told = after(client, Switching)
        assert isinstance(told, Switching)
        seen = told.seen
    after(client, Switching)  # and more of them, for nothing is left to see
    after(client, Switching)
    may_end.set()
    assert isinstance(until(client, request)[-1], Switched)


def test_on_battery_one_decoder_works_alone(serving: Serving, power: list[str], many: Path) -> None:
    power.append("battery")
    client = serving.client()
    assert serving.service is not None
    neighbour, work = serving.service.neighbour, serving.service.work
    request = client.add([many])
    assert next(client.events()) == Manners(is_slow=True)
    after(client, Committed)
    after(client, Committed)
    assert work.pool.count == 1
    power.append("mains")
    neighbour.look_at_power(now_s=float("inf"))
    assert after(client, Manners) == Manners()
    assert isinstance(until(client, request)[-1], Done)


def test_photos_that_could_not_be_read_are_tried_again(
    serving: Serving, library: Library, tmp_path: Path, photo_folder: Path
) -> None:
    client = serving.client()
    (photo_folder / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0 half a photo")
    away = tmp_path / "away"
    away.mkdir()
    (away / "empty.jpg").touch()
    until(client, client.add([photo_folder, away]))
    away.rename(tmp_path / "elsewhere")
    until(client, client.refresh())
    with View(library) as view:
        half, empty = sorted(view.problems(), key=lambda one: one.path.name, reverse=True)
        Image.new("RGB", (40, 40), "teal").save(half.path)
        assert counts(until(client, client.try_again([empty.id]))) == (0, 0, 0)
        assert counts(until(client, client.try_again([half.id]))) == (1, 1, 0)
        assert counts(until(client, client.try_again())) == (0, 0, 0)
        assert [one.id for one in view.problems()] == [empty.id]  # its drive is away


def test_files_that_a_pause_left_unasked_are_asked_in_the_same_run(
    serving: Serving, library: Library, photo_folder: Path
) -> None:
    client = serving.client()
    until(client, client.add([photo_folder]))
    serving.end()
    store = Store(library)
    store.connection.execute("INSERT INTO untold SELECT id FROM content")
    teller = Teller(store)
    left = teller.left()
    pool = DecoderPool(1)
    teller.tell_some(pool, pool.stop)  # after the first answer
    assert teller.left() == left - 1 > 0
    fresh = DecoderPool(1)
    teller.tell_some(fresh)
    assert teller.left() == 0
    for one in (pool, fresh):
        one.close()
    store.close()


def counts(events: list[Event]) -> tuple[int, int, int]:
    """How many photos a run that has ended found, read, and could not read."""
    done = events[-1]
    assert isinstance(done, Done)
    return done.found, done.indexed, done.failed


SAY = """
import os, psutil, subprocess, sys, threading
from indexer.priority import NICE, step_back
waits = threading.Event()
threading.Thread(target=waits.wait, daemon=True).start()
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
step_back()
later = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
ids = [os.getpid(), child.pid, later.pid]
if os.path.exists("/proc/self/task"):
    ids += map(int, os.listdir("/proc/self/task"))
assert all(os.getpriority(os.PRIO_PROCESS, one) >= NICE for one in ids)
child.kill(), later.kill(), child.wait(), later.wait()
"""


def test_who_steps_back_takes_threads_and_children_along() -> None:
    subprocess.run([sys.executable, "-c", SAY], check=True, start_new_session=True, timeout=60)
