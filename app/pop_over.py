"""A small panel beside what was pressed: it floats over the window and goes at the next press."""

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.style import inks

WIDTH = 320
PADDING = 20
RADIUS = 10
EDGE = 8  # to the window's own
SHADOW = 6


class PopOver(QWidget):
    """A child of the window, so that it looks the same on every desktop. Esc closes it."""

    closed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._beside: QWidget | None = None
        self.column = QVBoxLayout(self)
        margin = PADDING + SHADOW
        self.column.setContentsMargins(margin, margin, margin, margin)
        self.column.setSpacing(8)
        self.setFixedWidth(WIDTH + 2 * SHADOW)
        self.hide()

    def open(self, beside: QWidget) -> None:
        """Appear under `beside`, inside the window."""
        self._beside = beside
        self.place()
        self.show()
        self.raise_()
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def place(self) -> None:
        """Be where it belongs, after what it says or the window has changed."""
        window, beside = self.parentWidget(), self._beside
        if window is None or beside is None:
            return
        self.resize(self.width(), self.column.totalHeightForWidth(self.width()))
        corner = beside.mapTo(window, QPoint(beside.width() // 2, beside.height()))
        rightmost = window.width() - self.width() - EDGE + SHADOW
        left = max(EDGE - SHADOW, min(corner.x() - self.width() // 2, rightmost))
        self.move(left, corner.y() + 4 - SHADOW)

    def close_it(self) -> None:
        """Go, and give the keys back to where they were."""
        if self.isHidden():
            return
        application = QApplication.instance()
        assert application is not None
        application.removeEventFilter(self)
        had_keys = self.isAncestorOf(QApplication.focusWidget() or self)
        self.hide()
        if had_keys and self._beside is not None:
            self._beside.setFocus()
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press anywhere else closes it, and so does Esc."""
        window = self.parentWidget()
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and isinstance(watched, QWidget):
                self.close_it()
                return True
        elif isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonPress:
            at = event.globalPosition().toPoint()
            on_it = self.rect().contains(self.mapFromGlobal(at))
            beside = self._beside
            on_what_opened_it = beside is not None and beside.rect().contains(
                beside.mapFromGlobal(at)
            )
            if not on_it and not on_what_opened_it:
                self.close_it()
        elif watched is window and event.type() == QEvent.Type.Resize:
            self.place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """A soft edge all around, the ground, a hairline."""
        colours = inks()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        body = QRectF(self.rect()).adjusted(SHADOW, SHADOW, -SHADOW, -SHADOW)
        shade = QColor(0, 0, 0)
        shade.setAlphaF(0.07 if colours.is_dark else 0.022)
        painter.setBrush(shade)
        for width in range(SHADOW, 0, -1):
            reach = body.adjusted(-width, -width + 2, width, width)
            painter.drawRoundedRect(reach, RADIUS + width, RADIUS + width)
        painter.setBrush(colours.base)
        painter.setPen(QPen(colours.outline if colours.is_dark else colours.hairline, 1))
        painter.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
