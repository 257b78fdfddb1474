"""Keep what the window knows of the library up to date, without reading it all the time."""

from PySide6.QtCore import QObject, QTimer, Signal

from app.answers import LibraryAnswers, Reading
from app.sources import Sources
from app.worker import Worker

LEAST_PAUSE_S = 0.2
SHARE = 4  # pauses are this many times as long as the last reading took


class Reader(QObject):
    """Read the library on a thread whenever there is news, and rest in between."""

    read = Signal(object)  # Reading
    troubled = Signal(str)

    def __init__(self, sources: Sources, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = Worker(
            "library reader", lambda: LibraryAnswers(sources), self, keeps_late=True
        )
        self._worker.answered.connect(self._came)
        self._worker.troubled.connect(self._failed)
        self._rest = QTimer(self, singleShot=True)
        self._rest.timeout.connect(self._rested)
        self._busy = False
        self._again = False

    def look(self) -> None:
        """There may be news: read now, or as soon as the rest is over."""
        if self._busy or self._rest.isActive():
            self._again = True
            return
        self._busy = True
        self._worker.ask(None)

    def end(self) -> None:
        """Stop reading, without waiting."""
        self._rest.stop()
        self._worker.end()

    def close(self) -> None:
        """Stop reading."""
        self._rest.stop()
        self._worker.close()

    def _came(self, _: object, reading: Reading) -> None:
        self._busy = False
        self._rest.start(round(1000 * max(LEAST_PAUSE_S, SHARE * reading.seconds)))
        self.read.emit(reading)

    def _failed(self, _: object, sentence: str) -> None:
        self._busy = False
        self._rest.start(round(1000 * LEAST_PAUSE_S))
        self.troubled.emit(sentence)

    def _rested(self) -> None:
        if self._again:
            self._again = False
            self.look()
