"""The line at the bottom: one sentence at the left, the selection at the right."""

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.style import font, growth, inks

HEIGHT = 24
SIDE = 16


class StatusLine(QWidget):
    """Say what goes on. Something said for a while goes before what stands."""

    pressed = Signal()  # on a sentence that leads somewhere

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._standing = ""
        self._passing = ""
        self._right = ""
        self._leads = False
        self._end = QTimer(self, singleShot=True)
        self._end.timeout.connect(self._pass)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def sentence(self) -> str:
        """What is to be read now."""
        return self._passing or self._standing

    @property
    def right(self) -> str:
        """What is to be read at the right."""
        return self._right

    def stand(self, sentence: str, *, leads: bool = False) -> None:
        """Say this until something else is said; `leads`: there is more behind it."""
        self._standing, self._leads = sentence, leads
        self._show()

    def say(self, sentence: str, seconds: float) -> None:
        """Say this for a while."""
        self._passing = sentence
        self._end.start(round(seconds * 1000))
        self._show()

    def select(self, text: str) -> None:
        """Say how much is selected."""
        self._right = text
        self._show()

    def sizeHint(self) -> QSize:
        """One line."""
        return QSize(200, round(HEIGHT * growth(QFontMetricsF(font()).height())))

    @property
    def is_link(self) -> bool:
        """Whether what is to be read now can be pressed."""
        return self._leads and not self._passing

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Go where the sentence leads, if it does."""
        if self.is_link and event.position().x() <= SIDE + self._width():
            self.pressed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Both, the left one shortened where there is no room."""
        colours = inks()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.window)
        painter.fillRect(QRectF(0, 0, self.width(), 1), colours.hairline)
        painter.setFont(font())
        metrics = painter.fontMetrics()
        right = metrics.horizontalAdvance(self._right) if self._right else 0
        painter.setPen(colours.secondary)
        room = QRectF(self.rect()).adjusted(SIDE, 1, -SIDE, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, self._right)
        width = int(room.width()) - (right + SIDE if right else 0)
        short = metrics.elidedText(self.sentence, Qt.TextElideMode.ElideRight, width)
        if self.is_link:
            line = QFont(painter.font())
            line.setUnderline(True)
            painter.setFont(line)
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignLeft, short)

    def _pass(self) -> None:
        self._passing = ""
        self._show()

    def _width(self) -> float:
        """How wide the sentence is."""
        return QFontMetricsF(font()).horizontalAdvance(self.sentence)

    def _show(self) -> None:
        hand = Qt.CursorShape.PointingHandCursor
        self.setCursor(hand if self.is_link else Qt.CursorShape.ArrowCursor)
        self.setAccessibleName(f"{self.sentence} {self._right}".strip())
        self.setToolTip(self.sentence)
        self.update()
