"""One thread that answers the newest question.

Questions go out with a number and their answers come back as signals on the thread of the person
who asked. Only the newest waiting question is kept, and an answer that is no longer the newest is
dropped: typing on is enough to cancel. What the thread needs (a database connection, a model) is
opened on it at the first question and closed on it at the end.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

from models.errors import KnownError

log = logging.getLogger(__name__)


class Answers(Protocol):
    """What a worker runs: built, asked and closed on its own thread."""

    def answer(self, question: Any) -> Any:
        """The answer; may take long. Raises KnownError with a sentence for the person."""

    def stop(self) -> None:
        """Cut short what runs, if that can be done. Called from another thread."""

    def close(self) -> None:
        """Let go of everything."""


class Worker(QObject):
    """Ask questions of `opens()` on a thread of its own, one at a time.

    `keeps_late` delivers each answer, also when a newer question is waiting: for a question that
    is asked again and again, as "what is in the library now", and whose every answer is true.
    """

    answered = Signal(object, object)  # question, answer
    troubled = Signal(object, str)  # question, a sentence for the person
    _came = Signal(int, object, object, bool)

    def __init__(
        self,
        name: str,
        opens: Callable[[], Answers],
        parent: QObject | None = None,
        *,
        keeps_late: bool = False,
    ) -> None:
        super().__init__(parent)
        self._opens = opens
        self._keeps_late = keeps_late
        self._number = 0
        self._waiting: tuple[int, Any] | None = None
        self._ending = False
        self._answers: Answers | None = None
        self._turn = threading.Condition()
        # A daemon: `close` awaits it, but a window that crashes must not hang on it.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._came.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def ask(self, question: Any) -> None:
        """Put `question` in the place of whatever waits; the thread starts with the first one."""
        with self._turn:
            if self._ending:
                return
            self._number += 1
            self._waiting = (self._number, question)
            self._turn.notify()
        if self._thread.ident is None:
            self._thread.start()

    def forget(self) -> None:
        """Drop the question that waits, and the answer of the one that runs."""
        with self._turn:
            self._number += 1
            self._waiting = None

    def end(self) -> None:
        """Let the thread finish. Does not wait: so that many threads can end together."""
        with self._turn:
            self._ending = True
            self._waiting = None
            self._number += 1
            answers = self._answers
            self._turn.notify()
        if answers is not None:
            answers.stop()

    def close(self) -> None:
        """End, and wait for the thread."""
        self.end()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while (task := self._next()) is not None:
            number, question = task
            try:
                answer = self._opened().answer(question)
                self._came.emit(number, question, answer, True)
            except KnownError as known:
                self._came.emit(number, question, str(known), False)
            except Exception:  # the edge of a thread: a bug is logged, the window lives on
                log.exception("A bug in %s", self._thread.name)
                sentence = "Something went wrong inside Sightword. Trying again may help."
                self._came.emit(number, question, sentence, False)
        if self._answers is not None:
            self._answers.close()

    def _opened(self) -> Answers:
        if self._answers is not None:
            return self._answers
        answers = self._opens()
        with self._turn:
            self._answers = answers
        return answers

    def _next(self) -> tuple[int, Any] | None:
        with self._turn:
            self._turn.wait_for(lambda: self._waiting is not None or self._ending)
            task, self._waiting = self._waiting, None
            return task

    @Slot(int, object, object, bool)
    def _deliver(self, number: int, question: Any, answer: Any, well: bool) -> None:
        if self._ending or (number != self._number and not self._keeps_late):
            return
        if well:
            self.answered.emit(question, answer)
        else:
            self.troubled.emit(question, str(answer))
