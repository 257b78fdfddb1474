"""The grid: a view of photos whose places are arithmetic, with scrolling, zoom and selection.

Per photo there is no widget, no delegate and no call of the model: `grid_paint` paints what is
visible from arrays. The offset is a float of our own; the scroll bar holds whole numbers.
"""

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QStyle, QWidget

from app import selection, words
from app.geometry import DEFAULT_STEP, STEPS, Layout, anchored
from app.grid_paint import Scene, paint
from app.model import PhotoModel
from app.photos import Photos
from app.selection import Flag
from app.style import font, growth, inks
from app.thumbnails import Thumbnails, Wanted


@dataclass(frozen=True, slots=True)
class Place:
    """Where the grid stands: a photo and how far under the view's top it is. None: at the top."""

    photo_id: int | None = None
    row: int = 0
    y: float = 0.0


TOP = Place()


class Grid(QAbstractItemView):
    """Photos as square tiles. See `grid_input.PhotoGrid` for mouse and keys."""

    opened = Signal(int)  # row
    typed = Signal(str)  # a letter, meant for the search field
    escaped = Signal()
    refused = Signal(str)  # a sentence: why a key did nothing
    zoomed = Signal(int)  # step
    selected = Signal(int)  # how many photos are
    moved = Signal()  # the offset is another one

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.photo_model = PhotoModel(self)
        self.step = DEFAULT_STEP
        self.offset = 0.0
        self.shows_keyboard = False
        self._thumbnails = thumbnails
        self._layout = Layout.of([], STEPS[self.step], 1.0)
        self._following = False  # the scroll bar follows us, not we it
        self.setFrameShape(QAbstractItemView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setModel(self.photo_model)
        self.selectionModel().selectionChanged.connect(self._count_selected)
        self.verticalScrollBar().setSingleStep(40)
        thumbnails.arrived.connect(self._repaint_tiles)
        self._name()

    # What is shown

    @property
    def photos(self) -> Photos:
        """What is shown."""
        return self.photo_model.photos

    @property
    def tiles(self) -> Layout:
        """Where the tiles lie."""
        return self._layout

    def show_photos(
        self, photos: Photos, place: Place | None = None, current: int | None = None
    ) -> None:
        """Show `photos`, keeping what is seen and selected; or go to `place`, at `current`."""
        selected = np.array([] if current is None else [current], np.int64)
        if place is None:
            place, current = self.place(), self.current_id()
            selected = selection.ids(self.selectionModel(), self.photo_model)
        self.photo_model.show(photos)
        self.lay_out()
        selection.select(self.selectionModel(), self.photo_model, selected, current)
        self.go_to(place)
        self._thumbnails.look_again()
        self._name()
        self.viewport().update()

    def place(self) -> Place:
        """Where the grid stands now, by its first wholly visible photo."""
        if self.offset <= 0 or not len(self.photos):
            return TOP
        rows = self._layout.visible(self.offset, self.viewport().height())
        for row in rows:
            y = self._layout.rect(row).y - self.offset
            if y >= 0:
                return Place(int(self.photos.ids[row]), row, y)
        return Place(int(self.photos.ids[rows.start]), rows.start, 0.0) if rows else TOP

    def go_to(self, place: Place) -> None:
        """Stand at `place` again, or near it where its photo is gone."""
        if place.photo_id is None or not len(self.photos):
            self.scroll_to_offset(0.0)
            return
        row = self.photos.row(place.photo_id)
        row = min(place.row, len(self.photos) - 1) if row is None else row
        self.scroll_to_offset(self._layout.rect(row).y - place.y)

    def lay_out(self) -> None:
        """Work out all places again."""
        step = STEPS[self.step]
        sections = self.photos.sections(step.sections)
        line = QFontMetricsF(font()).height()
        has_headings = sections.kind != "none"
        heading = step.heading * growth(line) if has_headings else float(step.margin)
        width = max(1, self.width() - self._bar_width())
        ratio = self.devicePixelRatioF()
        self._layout = Layout.of(sections.counts, step, width, ratio, heading)
        self.updateGeometries()

    # Scrolling and zoom

    def _bar_width(self) -> int:
        """The room of the scroll bar, kept free where there is none: tiles never change for it."""
        bar = self.verticalScrollBar()
        overlays = self.style().styleHint(QStyle.StyleHint.SH_ScrollBar_Transient, None, bar)
        return 0 if overlays else bar.sizeHint().width()

    def scroll_to_offset(self, offset: float) -> None:
        """Put `offset` at the top of the view, as far as there is something to show."""
        most = max(0.0, self._layout.total - self.viewport().height())
        offset = min(max(0.0, offset), most)
        self._following = True
        self.verticalScrollBar().setValue(round(offset))
        self._following = False
        if offset != self.offset:
            self.offset = offset
            self.viewport().update()
            self.moved.emit()

    def zoom_to(self, step: int, under: QPointF | None = None) -> None:
        """Show tiles of another size, holding the photo under the pointer, or the current one."""
        step = min(max(0, step), len(STEPS) - 1)
        if step == self.step:
            return
        row = self._anchor_row(under)
        is_chosen = under is not None or row == self.currentIndex().row()
        stays_on_top = self.offset <= 0 and not is_chosen
        before, offset = self._layout, self.offset
        self.step = step
        self.lay_out()
        if row is not None and not stays_on_top:
            self.scroll_to_offset(anchored(before, self._layout, row, offset, row))
        self.viewport().update()
        self.zoomed.emit(step)

    def _anchor_row(self, under: QPointF | None) -> int | None:
        rows = self._layout.visible(self.offset, self.viewport().height())
        if not rows:
            return None
        if under is not None:
            row = self._layout.at(under.x(), under.y() + self.offset)
            if row is not None:
                return row
        current = self.currentIndex()
        if current.isValid() and current.row() in rows:
            return current.row()
        return rows[len(rows) // 2]

    def updateGeometries(self) -> None:
        """Tell the scroll bar how much there is."""
        height = self.viewport().height()
        self._following = True
        self.verticalScrollBar().setPageStep(height)
        self.verticalScrollBar().setRange(0, max(0, round(self._layout.total - height)))
        self._following = False

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        """The person moved the scroll bar."""
        if not self._following:
            self.offset = float(self.verticalScrollBar().value())
            self.viewport().update()
            self.moved.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew for the new width, at every pixel of it: it costs nothing."""
        place = self.place()
        super().resizeEvent(event)
        self.lay_out()
        self.go_to(place)

    # Painting

    def scene(self) -> Scene:
        """All that decides what is painted now."""
        current = self.currentIndex().row() if self.currentIndex().isValid() else None
        return Scene(
            photos=self.photos,
            sections=self.photos.sections(STEPS[self.step].sections),
            layout=self._layout,
            offset=self.offset,
            width=self.viewport().width(),
            height=self.viewport().height(),
            ratio=self.devicePixelRatioF(),
            selected=selection.ranges(self.selectionModel()),
            keyboard_row=current if self.hasFocus() and self.shows_keyboard else None,
            is_active=self.isActiveWindow(),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint from arrays, then ask for the thumbnails that were not there."""
        scene = self.scene()
        painter = QPainter(self.viewport())
        painter.setClipRegion(event.region())
        lacking = paint(painter, scene, self._thumbnails, inks())
        painter.end()
        pixels = scene.width * scene.height * scene.ratio * scene.ratio
        self._thumbnails.want(lacking + self._ahead(scene), int(pixels * 4))

    def _ahead(self, scene: Scene) -> list[Wanted]:
        """What is not kept of one screen below and half a screen above."""
        layout, height = scene.layout, scene.height
        below = layout.visible(scene.offset + height, height)
        above = layout.visible(scene.offset - height / 2, height / 2)
        wanted = scene.wanted(below) + scene.wanted(above)[::-1]
        return [w for w in wanted if self._thumbnails.pixmap(w) is None]

    def _repaint_tiles(self, arrived: list[Wanted]) -> None:
        if arrived:
            self.viewport().update()

    def _name(self) -> None:
        self.setAccessibleName(f"Photos, {words.number(len(self.photos))}")

    # Selection

    def current_id(self) -> int | None:
        """The photo that the keyboard is at."""
        index = self.currentIndex()
        return int(self.photos.ids[index.row()]) if index.isValid() else None

    def make_current(self, row: int, flags: Flag = Flag.ClearAndSelect) -> None:
        """Put the keyboard's place on photo `row`, selecting as `flags` say, and show it."""
        index = self.photo_model.index(row)
        self.selectionModel().setCurrentIndex(index, flags)
        self.scrollTo(index)
        self.viewport().update()

    def _count_selected(self) -> None:
        self.selected.emit(selection.count(self.selectionModel()))
        self.viewport().update()
