"""The indexer as its clients meet it: over the socket, with real decoders and a fake encoder."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from PIL import Image

from indexer.channel import Exchange, Line, Said, call
from indexer.client import Client
from indexer.errors import BadFolder, KnownError
from indexer.events import Committed, Done, FoldersChanged, Progress, Trouble, to_json
from indexer.library import Library
from indexer.lock import Busy, lock
from indexer.photo import FolderState
from indexer.scan import check_folder
from indexer.view import View
from models.installed import find
from tests.fakes import write_encoder
from tests.serving import Serving, until
from tests.waiting import wait_until_free

Start = Callable[[], Client]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.at(tmp_path / "library")


@pytest.fixture
def start(library: Library, tmp_path: Path) -> Iterator[Start]:
    """Call it for a client; the first call starts the indexer, the end of the test waits for it."""
    write_encoder(tmp_path / "fake")
    serving = Serving(library, tmp_path / "fake")
    yield serving.client
    serving.end()


def test_a_request_is_followed_to_its_end(start: Start, photo_folder: Path) -> None:
    client = start()
    events = until(client, client.add([photo_folder]))
    assert any(isinstance(event, FoldersChanged) for event in events)
    assert sum(event.photos for event in events if isinstance(event, Committed)) == 16
    assert [event for event in events if isinstance(event, Progress)][-1].indexed == 16
    done = events[-1]
    assert isinstance(done, Done)
    assert (done.found, done.indexed, done.unchanged, done.failed, done.missing) == (
        16,
        16,
        0,
        0,
        0,
    )


def test_the_indexer_ends_when_its_last_client_has_gone(
    start: Start, library: Library, photo_folder: Path
) -> None:
    first, second = start(), start()
    first.close()
    assert isinstance(until(second, second.add([photo_folder]))[-1], Done)
    second.close()
    wait_until_free(library)


def test_two_clients_are_served_by_one_run(
    start: Start, photo_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "more"
    other.mkdir()
    Image.new("RGB", (50, 50), "red").save(other / "red.png")
    first, second = start(), start()
    one, two = first.add([photo_folder]), second.add([other])
    until(first, one)
    until(second, two)
    with View(Library.at(tmp_path / "library")) as view:
        assert view.counts().indexed == 17


def test_a_library_has_one_writer(start: Start, library: Library) -> None:
    start()
    with pytest.raises(Busy):
        lock(library)


def test_a_folder_that_is_away_keeps_its_photos(
    start: Start, library: Library, photo_folder: Path, tmp_path: Path
) -> None:
    client = start()
    until(client, client.add([photo_folder]))
    photo_folder.rename(tmp_path / "unplugged")
    events = until(client, client.refresh())
    assert any(isinstance(event, Trouble) for event in events)
    with View(library) as view:
        assert view.folders()[0].state is FolderState.AWAY
        assert (view.counts().indexed, view.counts().missing) == (16, 0)
        (tmp_path / "unplugged").rename(photo_folder)
        done = until(client, client.refresh())[-1]
        assert isinstance(done, Done)
        assert (done.unchanged, done.indexed) == (16, 0)
        assert view.folders()[0].state is FolderState.AVAILABLE


def test_a_folder_can_leave_the_library(start: Start, library: Library, photo_folder: Path) -> None:
    client = start()
    until(client, client.add([photo_folder]))
    client.remove(photo_folder)
    until(client, client.refresh())
    with View(library) as view:
        assert (view.folders(), view.counts().photos) == ([], 0)
    assert len(list(photo_folder.iterdir())) == 16


def test_what_was_left_half_done_is_ended_by_the_next_indexer(
    start: Start, library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(120):
        Image.new("RGB", (40, 40), (number * 2, 90, 30)).save(folder / f"{number}.png")
    client = start()
    client.add([folder])
    for event in client.events():
        if isinstance(event, Committed) and event.photos:
            break
    client.close()
    wait_until_free(library)
    with View(library) as view:
        kept = view.counts().indexed
        assert 0 < kept < 120
        again = start()
        done = until(again, again.add([folder]))[-1]
        assert isinstance(done, Done)
        assert (done.indexed, done.unchanged) == (120 - kept, kept)
        assert view.counts().vectors == 120


@pytest.mark.parametrize(
    ("what", "words"),
    [("nowhere", "does not exist"), ("file.jpg", "is a file"), ("secret", "permission")],
)
def test_a_folder_that_can_not_be_read_is_refused_with_the_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, words: str
) -> None:
    (tmp_path / "file.jpg").touch()
    (tmp_path / "secret").mkdir(mode=0o000)
    if what == "secret":  # root may read everything, so the refusal is the system's, made by hand

        def refuse(path: Path) -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("indexer.scan.os.scandir", refuse)
    with pytest.raises(BadFolder, match=words):
        check_folder(tmp_path / what)


def test_the_first_word_is_a_greeting_whatever_happens_meanwhile(tmp_path: Path) -> None:
    inbox: SimpleQueue[Said] = SimpleQueue()
    exchange = Exchange(tmp_path / "sock", lambda: {"encoder": "fake"}, inbox)
    ended = threading.Event()

    def chatter() -> None:
        while not ended.is_set():
            exchange.tell('{"event": "folders"}')

    thread = threading.Thread(target=chatter)
    thread.start()
    try:
        for _ in range(200):
            client = Client(call(tmp_path / "sock"), None)
            assert client.hello == {"encoder": "fake"}
            client.close()
    finally:
        ended.set()
        thread.join()
        exchange.close()


def test_a_client_that_reads_late_still_hears_everything(tmp_path: Path) -> None:
    inbox: SimpleQueue[Said] = SimpleQueue()
    exchange = Exchange(tmp_path / "sock", lambda: {"encoder": "fake"}, inbox)
    client = Client(call(tmp_path / "sock"), None)
    client.add([])
    inbox.get(timeout=10)  # we are known to the other side
    for number in range(5000):
        exchange.tell(to_json(Committed(photos=number, change=0)))
    heard = list(islice(client.events(), 5000))
    assert heard[-1] == Committed(photos=4999, change=0)
    client.close()
    exchange.close()


def test_two_threads_that_post_the_first_line_at_once_begin_one_sender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[threading.Thread] = []
    real, both_are_in = threading.Thread, threading.Barrier(2)

    def make(**given: Any) -> threading.Thread:
        with suppress(threading.BrokenBarrierError):
            both_are_in.wait(0.2)  # nobody else comes where one makes it
        made.append(real(**given))
        return made[-1]

    ours, theirs = socket.socketpair()
    line = Line(ours)
    posting = [real(target=line.post, args=['{"event": "folders"}']) for _ in range(2)]
    monkeypatch.setattr("indexer.channel.threading.Thread", make)
    for thread in posting:
        thread.start()
    for thread in posting:
        thread.join()
    assert len(made) == 1
    assert len(list(islice(Line(theirs).messages(), 2))) == 2
    line.close()
    theirs.close()


def test_a_folder_under_a_second_name_joins_once(
    start: Start, library: Library, photo_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(photo_folder)
    client = start()
    until(client, client.add([photo_folder]))
    until(client, client.add([tmp_path / "link"]))
    with View(library) as view:
        assert [(one.path, one.photos) for one in view.folders()] == [(photo_folder, 16)]


def test_waiting_for_a_silent_indexer_can_be_given_up(library: Library, tmp_path: Path) -> None:
    asked: list[bool] = []

    def soon() -> bool:
        asked.append(True)
        return len(asked) > 1

    with lock(library), pytest.raises(KnownError):
        Client.connect(library, find(), soon)
    assert len(asked) == 2
