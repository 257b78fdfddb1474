"""Buttons that take their colours from `style`: a quiet one, and the one thing to do."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from app.style import BODY, font, growth, inks

HEIGHT = 28
RADIUS = 6.0
ICON = 16.0
FAINT = 0.45  # what can not be pressed now

Icon = Callable[[QPainter, QRectF, QColor], None]


class Button(QAbstractButton):
    """Words, an icon, or both. `leads` fills it with the accent: the one thing to do."""

    def __init__(
        self,
        text: str = "",
        icon: Icon | None = None,
        parent: QWidget | None = None,
        *,
        leads: bool = False,
        flat: bool = False,
    ) -> None:
        super().__init__(parent)
        self._icon_of = icon
        self._leads = leads
        self._flat = flat
        self.setText(text)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def sizeHint(self) -> QSize:
        """As wide as its words, never under 28 to hit."""
        metrics = QFontMetricsF(self._font())
        height = round(HEIGHT * growth(metrics.height()))
        width = metrics.horizontalAdvance(self.text()) + 28 if self.text() else 0.0
        if self._icon_of is not None:
            width += ICON + (0 if self.text() else 12)
        return QSize(max(height, round(width)), height)

    def minimumSizeHint(self) -> QSize:
        """Never less than its words."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill, icon, words, and the ring of the focus."""
        colours = inks()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setOpacity(1.0 if self.isEnabled() else FAINT)
        body = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        fill = colours.accent_fill if self._leads else colours.chip
        if self.isDown():
            fill = fill.darker(112) if not colours.is_dark else fill.lighter(118)
        elif self.underMouse() and self.isEnabled():
            fill = fill.darker(104) if not colours.is_dark else fill.lighter(108)
        painter.setPen(Qt.PenStyle.NoPen)
        if not self._flat or self.underMouse() or self.isDown():
            painter.setBrush(fill)
            painter.drawRoundedRect(body, RADIUS, RADIUS)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colours.text if self._leads else colours.accent_line, 2))
            painter.drawRoundedRect(body, RADIUS, RADIUS)
        self._label(painter, body, colours.accent_label if self._leads else colours.text)

    def _label(self, painter: QPainter, body: QRectF, colour: QColor) -> None:
        painter.setFont(self._font())
        painter.setPen(colour)
        if self._icon_of is not None:
            middle = body.height() / 2
            left = body.left() + 10 if self.text() else body.center().x() - ICON / 2
            corner = QPointF(left, body.top() + middle - ICON / 2)
            self._icon_of(painter, QRectF(corner.x(), corner.y(), ICON, ICON), colour)
            body = body.adjusted(ICON + 6, 0, 0, 0) if self.text() else body
        painter.drawText(body, Qt.AlignmentFlag.AlignCenter, self.text())

    def _font(self) -> QFont:
        weight = QFont.Weight.DemiBold if self._leads else QFont.Weight.Normal
        return font(BODY, weight)
