"""Paint the visible part of a grid from arrays: tiles, rings, headings. Knows no input."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from app import words
from app.geometry import Layout
from app.photos import Photos
from app.sections import Sections
from app.style import DAY, MONTH, YEAR, Inks, font
from app.thumbnails import Thumbnails, Wanted

RING = 3.0  # the selection's ring, inside the tile


@dataclass(frozen=True)
class Scene:
    """All that decides what is painted."""

    photos: Photos
    sections: Sections
    layout: Layout
    offset: float
    width: int
    height: int
    ratio: float  # of the screen
    selected: Sequence[tuple[int, int]]  # first and last row of each range
    keyboard_row: int | None  # where the keyboard is, if that is to be seen
    is_active: bool

    @property
    def tile_px(self) -> int:
        """A tile's side in the screen's own pixels."""
        return round(self.layout.side * self.ratio)

    def wanted(self, rows: range) -> list[Wanted]:
        """The thumbnails of neighbouring photos as they are painted here."""
        px, corner = self.tile_px, round(self.layout.step.corner * self.ratio)
        return [Wanted(content, px, corner) for content in self.photos.hashes_of(rows)]

    def is_selected(self, row: int) -> bool:
        """Whether `row` is in the selection."""
        return any(first <= row <= last for first, last in self.selected)

    def marked(self, rows: range) -> list[int]:
        """Those of `rows` that have a ring."""
        found = {self.keyboard_row} & set(rows)
        for first, last in self.selected:
            found.update(range(max(first, rows.start), min(last + 1, rows.stop)))
        return sorted(row for row in found if row is not None)


def paint(painter: QPainter, scene: Scene, thumbnails: Thumbnails, inks: Inks) -> list[Wanted]:
    """Paint the scene. Gives the thumbnails that it lacked, from the top down."""
    painter.fillRect(0, 0, scene.width, scene.height, inks.base)
    lacking = _tiles(painter, scene, thumbnails, inks)
    if scene.sections.kind != "none":
        _headings(painter, scene, inks)
    return lacking


def _tiles(painter: QPainter, scene: Scene, thumbnails: Thumbnails, inks: Inks) -> list[Wanted]:
    rows = scene.layout.visible(scene.offset, scene.height)
    x, y = scene.layout.places(rows.start, rows.stop)
    ratio, side, corner = scene.ratio, scene.layout.side, scene.layout.step.corner
    lacking: list[Wanted] = []
    left = ((x * ratio).round() / ratio).tolist()  # on the screen's own pixels: crisp
    top = (((y - scene.offset) * ratio).round() / ratio).tolist()
    for i, wanted in enumerate(scene.wanted(rows)):
        pixmap = thumbnails.pixmap(wanted)
        if pixmap is not None:
            pixmap.setDevicePixelRatio(ratio)
            painter.drawPixmap(QPointF(left[i], top[i]), pixmap)
        else:
            lacking.append(wanted)
            _stand_in(painter, scene, thumbnails, rows[i], QRectF(left[i], top[i], side, side))
    for row in scene.marked(rows):
        i = row - rows.start
        _rings(painter, scene, row, QRectF(left[i], top[i], side, side), corner, inks)
    return lacking


def _stand_in(
    painter: QPainter, scene: Scene, thumbnails: Thumbnails, row: int, place: QRectF
) -> None:
    """Another size of the thumbnail scaled, or else the photo's mean colour."""
    other = thumbnails.other(scene.photos.hash(row))
    if other is not None:
        painter.drawPixmap(place, other, QRectF(other.rect()))
        return
    colour = QColor(*scene.photos.colour(row))
    corner = scene.layout.step.corner
    if not corner:
        painter.fillRect(place, colour)
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(place, corner, corner)


def _rings(
    painter: QPainter, scene: Scene, row: int, place: QRectF, corner: int, inks: Inks
) -> None:
    """The selection: a ring, then a line of ground, so that it shows on any photo."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)

    def ring(inset: float, width: float, colour: QColor) -> None:
        middle = inset + width / 2
        pen = QPen(colour, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        around = place.adjusted(middle, middle, -middle, -middle)
        radius = max(0.0, corner - middle)
        painter.drawRoundedRect(around, radius, radius)

    if scene.is_selected(row):
        ring(RING, 1.0, inks.base)
        ring(0.0, RING, inks.accent_line if scene.is_active else inks.outline_on_base)
    if row == scene.keyboard_row:
        ring(-2.0, 2.0, inks.text)


def _headings(painter: QPainter, scene: Scene, inks: Inks) -> None:
    layout = scene.layout
    if not layout.sections:
        return
    painter.setFont(_font_of(scene.sections.kind))
    stuck, stuck_y = layout.sticky(max(0.0, scene.offset))
    last = layout.section_at(scene.offset + scene.height)
    for k in range(stuck + 1, last + 1):
        _heading(painter, scene, k, float(layout.top[k]) - scene.offset, inks)
    if scene.offset < 0:
        stuck_y = -scene.offset
    painter.fillRect(QRectF(0, stuck_y, scene.width, layout.heading), inks.base)
    _heading(painter, scene, stuck, stuck_y, inks)


def _heading(painter: QPainter, scene: Scene, k: int, y: float, inks: Inks) -> None:
    sections = scene.sections
    title = words.heading(sections.kind, sections.newest[k], sections.oldest[k], words.today())
    below = 8 if sections.kind == "days" else 10
    room = QRectF(
        scene.layout.left,
        y,
        scene.width - 2 * scene.layout.left,
        scene.layout.heading - below,
    )
    painter.setPen(inks.text)
    painter.drawText(room, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, title)


def _font_of(kind: str) -> QFont:
    if kind == "years":
        return font(YEAR, QFont.Weight.Bold)
    if kind == "months":
        return font(MONTH, QFont.Weight.Bold)
    return font(DAY, QFont.Weight.DemiBold)
