"""Ask the library what was typed: after a moment of quiet, on one thread, the newest wins."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.answers import WARM_UP, SearchAnswers
from app.sources import Sources
from app.worker import Worker
from indexer.query import Query

if TYPE_CHECKING:
    from indexer.search import Results

QUIET_MS = 25
MOST = 2000  # photos shown of one answer


class Search(QObject):
    """From a typed line to an answer."""

    found = Signal(object, object)  # Query, Results
    cleared = Signal()
    troubled = Signal(str)

    def __init__(self, sources: Sources, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = ""
        self._asked: Query | None = None
        self._worker = Worker("search", lambda: SearchAnswers(sources), self)
        self._worker.answered.connect(self._answered)
        self._worker.troubled.connect(lambda _, sentence: self.troubled.emit(sentence))
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self.now)

    @property
    def query(self) -> Query | None:
        """What was asked last; None in the library."""
        return self._asked

    def warm_up(self) -> None:
        """Load the model before the first word is typed."""
        if self._asked is None:
            self._worker.ask(WARM_UP)

    def type(self, line: str) -> None:
        """The line in the field is now `line`."""
        same = line.strip() == self._line.strip()
        self._line = line
        if line.strip():
            if not same:
                self._quiet.start()
        else:
            self._quiet.stop()
            self._worker.forget()
            self._asked = None
            self.cleared.emit()

    def now(self, everything: bool = False) -> None:
        """Ask at once; `everything`: the nearest, whatever matches."""
        self._quiet.stop()
        line = self._line.strip()
        if line:
            self._asked = Query(words=line, limit=MOST, everything=everything)
            self._worker.ask(self._asked)

    def again(self) -> None:
        """The library has changed: ask the same question, unless another one is on its way."""
        if self._asked is not None and not self._quiet.isActive():
            self._worker.ask(self._asked)

    def end(self) -> None:
        """Stop, without waiting."""
        self._quiet.stop()
        self._worker.end()

    def close(self) -> None:
        """Stop."""
        self._quiet.stop()
        self._worker.close()

    def _answered(self, query: Query | None, results: "Results | None") -> None:
        if query is not None and results is not None:
            self.found.emit(query, results)
