"""What the indexer says last is heard, and whoever doesn't listen keeps it for a moment only."""

import time
from pathlib import Path
from queue import SimpleQueue

import pytest

from indexer.channel import Exchange, Said, call
from tests.waiting import wait_until

LAST = '{"event": "trouble", "message": "The index is read-only."}'


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    inbox: SimpleQueue[Said] = SimpleQueue()
    return Exchange(tmp_path / "socket", lambda: {"hello": True}, inbox)


def test_the_last_words_are_heard_before_the_line_is_cut(exchange: Exchange) -> None:
    lines = [call(exchange.path) for _ in range(3)]
    wait_until(lambda: exchange.callers == 3)
    for _ in range(200):
        exchange.tell('{"event": "folders"}')
    exchange.tell(LAST)
    exchange.close()
    for line in lines:
        *_, last = line.messages()
        assert last["event"] == "trouble"
        line.close()


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
