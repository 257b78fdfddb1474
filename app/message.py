"""What stands in the middle where there are no photos: a title, a sentence, and what to do."""

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from app import icons
from app.buttons import Button
from app.states import Notice
from app.style import BODY, MONTH, font, inks

WIDTH, MARGIN = 440, 24
ICON = 64
FLAGS = Qt.AlignmentFlag.AlignHCenter.value | Qt.TextFlag.TextWordWrap.value


class Message(QWidget):
    """One notice, painted about the middle. Where there is little room the sign goes first."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = Notice("", "")
        self.button = Button("", None, self, leads=True)
        self.button.clicked.connect(self.pressed)
        self._icon = QRectF()
        self._places: list[tuple[str, QFont, QRect]] = []

    def say(self, notice: Notice) -> None:
        """Show these words. No button where it has no words."""
        if notice == self.notice:
            return
        self.notice = notice
        self.button.setText(notice.button)
        self.button.setVisible(bool(notice.button))
        self.setAccessibleName(f"{notice.title} {notice.text} {notice.note}".strip())
        self.arrange()

    def arrange(self) -> None:
        """Put everything in its place, for the fonts of the system as they are now."""
        notice = self.notice
        width = max(1, min(WIDTH, self.width() - 2 * MARGIN))
        title = font(MONTH, QFont.Weight.Bold)
        texts = [(notice.title, title, 10), (notice.text, font(BODY), 20)]
        heights = [_height(text, face, width) for text, face, _ in texts]
        button = self.button.sizeHint()
        note = _height(notice.note, font(BODY), width)
        total = sum(heights) + sum(gap for *_, gap in texts)
        total += (button.height() + 16 if notice.button else 0) + note
        sign = ICON + 20 if notice.has_icon and total + ICON + 20 < self.height() else 0
        y = max(8, int((self.height() - total - sign) * 0.45))
        left = (self.width() - width) // 2
        self._icon = QRectF((self.width() - ICON) / 2, y, ICON, ICON if sign else 0)
        y += sign
        self._places = []
        for (text, face, gap), height in zip(texts, heights, strict=True):
            self._places.append((text, face, QRect(left, y, width, height)))
            y += height + gap
        if notice.button:
            self.button.setGeometry(
                (self.width() - button.width()) // 2, y, button.width(), button.height()
            )
            y += button.height() + 16
        self._places.append((notice.note, font(BODY), QRect(left, y, width, note)))
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """About the new middle."""
        super().resizeEvent(event)
        self.arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground of the photos, the sign and the words."""
        colours = inks()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.base)
        if self._icon.height():
            icons.photos(painter, self._icon, colours.outline_on_base)
        for n, (text, face, place) in enumerate(self._places):
            painter.setFont(face)
            painter.setPen(colours.secondary_on_base if n else colours.text)
            painter.drawText(place, FLAGS, text)


def _height(text: str, face: QFont, width: int) -> int:
    """How high `text` is when it is broken into lines of `width`."""
    if not text:
        return 0
    return QFontMetrics(face).boundingRect(QRect(0, 0, width, 10_000), FLAGS, text).height()
