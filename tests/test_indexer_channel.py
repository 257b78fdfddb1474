"""What the indexer says last is heard, and whoever doesn't listen keeps it for a moment only."""

import json
import socket
import threading
import time
from pathlib import Path
from queue import SimpleQueue

import pytest

from indexer.channel import Exchange, Line, Message, Said, call
from tests.waiting import wait_until

LAST = '{"event": "trouble", "message": "The index is read-only."}'


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    inbox: SimpleQueue[Said] = SimpleQueue()
    return Exchange(tmp_path / "socket", lambda: {"hello": True}, inbox)


def test_the_last_words_are_heard_before_the_line_is_cut(exchange: Exchange) -> None:
    line = call(exchange.path)
    heard: list[Message] = []
    listening = threading.Thread(target=lambda: heard.extend(line.messages()))
    listening.start()
    wait_until(lambda: exchange.callers == 1)
    for _ in range(3000):
        exchange.tell(json.dumps({"event": "folders", "words": "x" * 1000}))
    exchange.tell(LAST)
    exchange.close()
    listening.join()
    assert heard[-1]["event"] == "trouble"
    line.close()


def test_a_line_that_is_hung_up_is_gone_though_not_all_was_heard() -> None:
    ours, theirs = socket.socketpair()
    line = Line(ours)
    theirs.sendall(b'{"a": 1}\n{"b":' + b" " * 100_000 + b'2}\n{"c": 3}\n')
    messages = line.messages()
    assert [next(messages), next(messages)] == [{"a": 1}, {"b": 2}]
    line.close()
    assert ours.fileno() == -1
    assert list(messages) in ([], [{"c": 3}])  # what had come already may be heard
    theirs.close()


def test_who_does_not_listen_is_not_waited_for_long(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.channel.LAST_WORDS_S", 0.1)
    line = call(exchange.path)
    wait_until(lambda: exchange.callers == 1)
    for _ in range(3000):
        exchange.tell("x" * 2000)
    began_s = time.monotonic()
    exchange.close()
    assert time.monotonic() - began_s < 30
    line.close()
