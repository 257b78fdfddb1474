"""The search field: one line of text, its own colours, and the keys that belong to it."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget

from app import icons, words
from app.buttons import Button
from app.style import font, growth, inks

HEIGHT, LEAST, MOST = 30, 240, 640
RADIUS = 8.0


class Line(QLineEdit):
    """The text itself."""

    escaped = Signal()
    left = Signal()  # Down: into the photos
    focused = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc and Down leave; everything else writes."""
        if event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.key() == Qt.Key.Key_Down:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        """The field around it shows the ring."""
        super().focusInEvent(event)  # type: ignore[arg-type]  # Qt's own event, passed on
        self.focused.emit()

    def focusOutEvent(self, event: object) -> None:
        """The field around it drops the ring."""
        super().focusOutEvent(event)  # type: ignore[arg-type]  # Qt's own event, passed on
        self.focused.emit()


class SearchBar(QWidget):
    """The field in the toolbar."""

    typed = Signal(str)  # the whole line, at each change
    entered = Signal()  # Return: now
    escaped = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.line = Line(self)
        self.line.setFrame(False)
        self.line.setPlaceholderText(words.PLACEHOLDER)
        self.line.setAccessibleName("Search your photos")
        self.line.setAcceptDrops(False)  # a folder dropped here joins the library, as anywhere
        self._clear = Button("", icons.cross, self, flat=True)
        self._clear.setAccessibleName("Clear the search")
        self._clear.setToolTip("Clear the search")
        self._clear.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(30, 1, 2, 1)
        row.setSpacing(2)
        row.addWidget(self.line)
        row.addWidget(self._clear)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(LEAST)
        self.setMaximumWidth(MOST)
        self.setFocusProxy(self.line)
        self.line.textChanged.connect(self._changed)
        self.line.returnPressed.connect(self.entered)
        self.line.escaped.connect(self.escaped)
        self.line.left.connect(self.left)
        self.line.focused.connect(self.update)
        self._clear.clicked.connect(self.clear)
        self.colour()

    def sizeHint(self) -> QSize:
        """As wide as it may be."""
        self.ensurePolished()
        return QSize(MOST, round(HEIGHT * growth(self.line.fontMetrics().height())))

    def text(self) -> str:
        """The line."""
        return self.line.text()

    def clear(self) -> None:
        """Empty the line and stay in it."""
        self.line.clear()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def enter(self) -> None:
        """Go into the field with all of it selected."""
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()

    def begin(self, letter: str) -> None:
        """A letter was typed elsewhere, and was meant for here."""
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self.line.setText(letter)

    def colour(self) -> None:
        """Take the colours and the font of the system as they are now."""
        colours = inks()
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.Base, colours.field)
        palette.setColor(QPalette.ColorRole.Text, colours.text)
        palette.setColor(QPalette.ColorRole.PlaceholderText, colours.placeholder)
        palette.setColor(QPalette.ColorRole.Highlight, colours.accent_fill)
        palette.setColor(QPalette.ColorRole.HighlightedText, colours.accent_label)
        self.line.setPalette(palette)
        self.line.setFont(font())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The fill, the looking glass, and the ring of the focus."""
        colours = inks()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setBrush(colours.field)
        has_focus = self.line.hasFocus()
        painter.setPen(QPen(colours.accent_line, 2) if has_focus else QPen(colours.hairline, 1))
        painter.drawRoundedRect(body, RADIUS, RADIUS)
        middle = body.center().y()
        icons.magnifier(painter, QRectF(9, middle - 8, 16, 16), colours.placeholder)

    def _changed(self, text: str) -> None:
        self._clear.setVisible(bool(text))
        self.typed.emit(text)
