"""One thread, the newest question."""

import threading
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.worker import Worker
from models.errors import KnownError


class Echo:
    """Answers with the question, once it is let through."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(0)
        self.asked: list[Any] = []
        self.started = threading.Event()
        self.closed_on = ""

    def answer(self, question: Any) -> Any:
        self.asked.append(question)
        self.started.set()
        assert self.gate.acquire(timeout=10)
        if question == "trouble":
            raise KnownError("It is not there.")
        if question == "bug":
            raise ZeroDivisionError
        return question

    def stop(self) -> None:
        self.gate.release()

    def close(self) -> None:
        self.closed_on = threading.current_thread().name


@pytest.fixture
def echo() -> Echo:
    return Echo()


def test_a_late_answer_is_dropped_and_waiting_questions_but_the_newest_too(
    qtbot: QtBot, echo: Echo
) -> None:
    worker = Worker("echo", lambda: echo)
    heard: list[Any] = []
    worker.answered.connect(lambda _, answer: heard.append(answer))
    worker.ask("d")
    assert echo.started.wait(10)
    for word in ("do", "dog", "dog on"):
        worker.ask(word)
    with qtbot.waitSignal(worker.answered, timeout=10_000):
        echo.gate.release(2)
    assert heard == ["dog on"]
    assert echo.asked == ["d", "dog on"]
    worker.close()


def test_each_true_answer_is_kept_where_that_is_wanted(qtbot: QtBot, echo: Echo) -> None:
    worker = Worker("echo", lambda: echo, keeps_late=True)
    heard: list[Any] = []
    worker.answered.connect(lambda _, answer: heard.append(answer))
    worker.ask(1)
    assert echo.started.wait(10)
    worker.ask(2)
    echo.gate.release(2)
    qtbot.waitUntil(lambda: heard == [1, 2], timeout=10_000)
    worker.close()


def test_what_was_forgotten_is_not_answered(qtbot: QtBot, echo: Echo) -> None:
    worker = Worker("echo", lambda: echo)
    heard: list[Any] = []
    worker.answered.connect(lambda _, answer: heard.append(answer))
    worker.ask("old")
    assert echo.started.wait(10)
    worker.forget()
    worker.ask("new")
    echo.gate.release(2)
    qtbot.waitUntil(lambda: heard == ["new"], timeout=10_000)
    worker.close()


def test_known_trouble_comes_as_its_sentence_and_a_bug_is_logged(
    qtbot: QtBot, echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    worker = Worker("echo", lambda: echo)
    echo.gate.release(2)
    with qtbot.waitSignal(worker.troubled, timeout=10_000) as troubled:
        worker.ask("trouble")
    assert troubled.args == ["trouble", "It is not there."]
    with qtbot.waitSignal(worker.troubled, timeout=10_000):
        worker.ask("bug")
    assert "ZeroDivisionError" in caplog.text
    worker.close()


def test_closing_ends_the_thread_and_closes_there(qtbot: QtBot, echo: Echo) -> None:
    worker = Worker("echo", lambda: echo)
    worker.ask("x")
    assert echo.started.wait(10)
    worker.close()
    assert echo.closed_on == "echo"
    assert "echo" not in {thread.name for thread in threading.enumerate()}


def test_a_worker_that_was_never_asked_starts_no_thread(echo: Echo) -> None:
    Worker("idle", lambda: echo).close()
    assert echo.closed_on == ""
