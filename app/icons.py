"""The few signs of the window, drawn with lines in the colour of the text beside them."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

LINE = 1.5


def magnifier(painter: QPainter, place: QRectF, colour: QColor) -> None:
    """A looking glass."""
    s = place.width() / 16
    path = QPainterPath()
    path.addEllipse(QPointF(6.8 * s, 6.8 * s), 4.6 * s, 4.6 * s)
    path.moveTo(10.2 * s, 10.2 * s)
    path.lineTo(14.0 * s, 14.0 * s)
    _draw(painter, place, path, colour)


def cross(painter: QPainter, place: QRectF, colour: QColor) -> None:
    """An x."""
    s = place.width() / 16
    path = QPainterPath(QPointF(4.5 * s, 4.5 * s))
    path.lineTo(11.5 * s, 11.5 * s)
    path.moveTo(11.5 * s, 4.5 * s)
    path.lineTo(4.5 * s, 11.5 * s)
    _draw(painter, place, path, colour)


def plus(painter: QPainter, place: QRectF, colour: QColor) -> None:
    """A plus."""
    s = place.width() / 16
    path = QPainterPath(QPointF(8 * s, 2.5 * s))
    path.lineTo(8 * s, 13.5 * s)
    path.moveTo(2.5 * s, 8 * s)
    path.lineTo(13.5 * s, 8 * s)
    _draw(painter, place, path, colour)


def back(painter: QPainter, place: QRectF, colour: QColor) -> None:
    """An angle that points back."""
    s = place.width() / 16
    path = QPainterPath(QPointF(10 * s, 3 * s))
    path.lineTo(5 * s, 8 * s)
    path.lineTo(10 * s, 13 * s)
    _draw(painter, place, path, colour)


def pause(painter: QPainter, place: QRectF, colour: QColor) -> None:
    """Two bars."""
    s = place.width() / 16
    path = QPainterPath(QPointF(5.75 * s, 4.5 * s))
    path.lineTo(5.75 * s, 11.5 * s)
    path.moveTo(10.25 * s, 4.5 * s)
    path.lineTo(10.25 * s, 11.5 * s)
    _draw(painter, place, path, colour, 2.0)


def photos(painter: QPainter, place: QRectF, colour: QColor) -> None:
    """Two pictures, one before the other, with hills: for an empty library."""
    s = place.width() / 64
    path = QPainterPath()
    path.addRoundedRect(QRectF(4 * s, 18 * s, 46 * s, 36 * s), 5 * s, 5 * s)
    path.moveTo(12 * s, 12 * s)
    path.lineTo(53 * s, 12 * s)
    path.quadTo(58 * s, 12 * s, 58 * s, 17 * s)
    path.lineTo(58 * s, 46 * s)
    path.moveTo(4 * s, 46 * s)
    path.lineTo(18 * s, 33 * s)
    path.lineTo(29 * s, 43 * s)
    path.lineTo(36 * s, 37 * s)
    path.lineTo(50 * s, 49 * s)
    path.addEllipse(QPointF(38 * s, 27.5 * s), 3.5 * s, 3.5 * s)
    _draw(painter, place, path, colour, 2.0)


def _draw(
    painter: QPainter, place: QRectF, path: QPainterPath, colour: QColor, line: float = LINE
) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    pen = QPen(colour, line)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.translate(place.topLeft())
    painter.drawPath(path)
    painter.restore()
