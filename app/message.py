"""What stands in the middle where there are no photos: a title, a sentence, and what to do."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpacerItem, QVBoxLayout, QWidget

from app import icons
from app.buttons import Button
from app.states import Notice
from app.style import BODY, MONTH, font, inks

WIDTH = 440
ICON = 64


class Message(QWidget):
    """One message. Its words and colours are set anew for each state."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._has_icon = False
        self.title, self.text, self.note = QLabel(self), QLabel(self), QLabel(self)
        self.button = Button("", None, self, leads=True)
        self.button.clicked.connect(self.pressed)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.addStretch(4)
        self._above = QSpacerItem(0, ICON + 20)  # the room of the sign
        column.addItem(self._above)
        for label in (self.title, self.text):
            self._add(column, label)
            column.addSpacing(8)
        column.addSpacing(12)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(self.button)
        row.addStretch()
        column.addLayout(row)
        column.addSpacing(12)
        self._add(column, self.note)
        column.addStretch(5)
        self.colour()

    def say(self, notice: Notice) -> None:
        """Show these words. No button where it has no words."""
        self._has_icon = notice.has_icon
        self._above.changeSize(0, ICON + 20 if notice.has_icon else 0)
        self.title.setText(notice.title)
        self.text.setText(notice.text)
        self.note.setText(notice.note)
        self.button.setText(notice.button)
        self.button.setVisible(bool(notice.button))
        self.button.updateGeometry()
        self._column.invalidate()
        self.setAccessibleName(f"{notice.title} {notice.text}")
        self.update()

    def colour(self) -> None:
        """Take the colours and fonts of the system as they are now."""
        colours = inks()
        sizes = (MONTH, QFont.Weight.Bold), (BODY, QFont.Weight.Normal), (BODY, QFont.Weight.Normal)
        for label, (size, weight) in zip((self.title, self.text, self.note), sizes, strict=True):
            palette = QPalette(self.palette())
            ink = colours.text if label is self.title else colours.secondary_on_base
            palette.setColor(QPalette.ColorRole.WindowText, ink)
            label.setPalette(palette)
            label.setFont(font(size, weight))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The ground of the photos, and the sign above the title."""
        colours = inks()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.base)
        if self._has_icon:
            top = self.title.y() - ICON - 20
            place = QRectF((self.width() - ICON) / 2, top, ICON, ICON)
            icons.photos(painter, place, colours.outline_on_base)

    def _add(self, column: QVBoxLayout, label: QLabel) -> None:
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        label.setWordWrap(True)
        label.setMaximumWidth(WIDTH)
        label.setMinimumWidth(min(WIDTH, 320))
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(label, 1)
        row.addStretch()
        column.addLayout(row)
