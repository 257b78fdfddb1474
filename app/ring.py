"""The ring in the toolbar: how far indexing is, whether it rests, and the way to more about it."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app import icons
from app.style import inks

SIDE = 28  # to hit
RING = 18  # to see
LINE = 3.0
LEAST = 0.02  # so that one sees where it begins


class Ring(QAbstractButton):
    """Part of a circle. Two bars lie in it while it is paused. Its tooltip says it in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = 0.0
        self.is_paused = False
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def go(self, share: float, is_paused: bool, account: str) -> None:
        """Show that `share` (0..1) is done, or that it rests; `account` says it in words."""
        self.share, self.is_paused = min(max(0.0, share), 1.0), is_paused
        self.setToolTip(account)
        self.setAccessibleName(account)
        self.update()

    def sizeHint(self) -> QSize:
        """As large as a finger or an unsteady hand needs."""
        return QSize(SIDE, SIDE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The whole circle quietly, and the part that is done in the accent."""
        colours = inks()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        body = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.underMouse() or self.isDown():
            painter.setBrush(colours.chip)
            painter.drawRoundedRect(body, 6, 6)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.hasFocus():
            painter.setPen(QPen(colours.accent_line, 2))
            painter.drawRoundedRect(body, 6, 6)
        middle, radius = body.center(), (RING - LINE) / 2
        circle = QRectF(middle.x() - radius, middle.y() - radius, 2 * radius, 2 * radius)
        painter.setPen(QPen(colours.selection, LINE))
        painter.drawEllipse(circle)
        done = colours.outline if self.is_paused else colours.accent_line
        pen = QPen(done, LINE)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(circle, 90 * 16, -round(max(self.share, LEAST) * 360 * 16))
        if self.is_paused:
            sign = QRectF(middle.x() - 6, middle.y() - 6, 12, 12)
            icons.pause(painter, sign, colours.text)
