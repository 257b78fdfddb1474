"""The grid with its mouse and keys, and the answers that Qt asks of any item view."""

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    Qt,
)
from PySide6.QtGui import (
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QRegion,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QToolTip

from app import words
from app.grid import Grid
from app.selection import Flag

Index = QModelIndex | QPersistentModelIndex
Key = Qt.Key
Modifier = Qt.KeyboardModifier

NOTCH = 120  # of a wheel's angleDelta
PINCH = 0.25  # of scale: one zoom step


class PhotoGrid(Grid):
    """Click, Shift- and Ctrl-click, arrows, pages, ends; Return, Space or double click opens."""

    _from = 0  # where a Shift selection began
    _wheel = 0
    _pinch = 0.0

    # Keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move, open, refuse to delete, or hand a letter to the search field."""
        key, modifiers = event.key(), event.modifiers() & ~Modifier.KeypadModifier
        goal = self._goal(Key(key), modifiers) if len(self.photos) else None
        if goal is not None:
            self.shows_keyboard = True
            self._go(goal, bool(modifiers & Modifier.ShiftModifier))
        elif key in (Key.Key_Return, Key.Key_Enter, Key.Key_Space) and not modifiers:
            if self.currentIndex().isValid():
                self.opened.emit(self.currentIndex().row())
        elif key == Key.Key_Escape:
            self.escaped.emit()
        elif key in (Key.Key_Delete, Key.Key_Backspace):
            self.refused.emit(words.NEVER_DELETES)
        elif (
            event.text().strip().isprintable()
            and event.text().strip()
            and not (modifiers & ~Modifier.ShiftModifier)
        ):
            self.typed.emit(event.text())
        else:
            event.ignore()

    def enter(self) -> None:
        """The keyboard comes in: be at the first photo that is visible."""
        goal = self._goal(Key.Key_Down, Modifier.NoModifier)
        if goal is not None:
            self.shows_keyboard = True
            self._go(goal, extends=False)

    def _goal(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> int | None:
        """The photo that a key leads to; None for keys that do not move."""
        last = len(self.photos) - 1
        page = max(1, int(self.viewport().height() // self.tiles.pitch) - 1)
        lines = {Key.Key_Up: -1, Key.Key_Down: 1, Key.Key_PageUp: -page, Key.Key_PageDown: page}
        if key in (Key.Key_Home, Key.Key_End):
            return 0 if key == Key.Key_Home else last
        if key not in lines and key not in (Key.Key_Left, Key.Key_Right):
            return None
        if modifiers & (Modifier.ControlModifier | Modifier.MetaModifier):
            return None
        current = self.currentIndex()
        if not current.isValid():
            visible = self.tiles.visible(self.offset, self.viewport().height())
            return min(visible.start, last)
        row = current.row()
        if modifiers & Modifier.AltModifier:
            return self._section(row, lines.get(key, 0))
        if key in lines:
            return self.tiles.below(row, lines[key])
        return min(max(0, row + (1 if key == Key.Key_Right else -1)), last)

    def _section(self, row: int, direction: int) -> int | None:
        """The first photo of the next section, of this one, or of the one before."""
        if not direction:
            return None
        k = self.tiles.section_of(row)
        if direction < 0 and row > self.tiles.first[k]:
            return int(self.tiles.first[k])
        k = min(max(0, k + (1 if direction > 0 else -1)), self.tiles.sections - 1)
        return int(self.tiles.first[k])

    def _go(self, row: int, extends: bool) -> None:
        if extends:
            self.make_current(row, Flag.NoUpdate)
            self._select_to(row)
        else:
            self._from = row
            self.make_current(row)

    def _select_to(self, row: int) -> None:
        first, last = sorted((min(self._from, len(self.photos) - 1), row))
        chosen = QItemSelection(self.photo_model.index(first), self.photo_model.index(last))
        self.selectionModel().select(chosen, Flag.ClearAndSelect)

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Select."""
        if event.button() != Qt.MouseButton.LeftButton:
            event.ignore()
            return
        self.shows_keyboard = False
        row = self.row_at(event.position())
        modifiers = event.modifiers()
        if row is None:
            if not modifiers & (Modifier.ControlModifier | Modifier.ShiftModifier):
                self.clearSelection()
        elif modifiers & Modifier.ShiftModifier:
            self._go(row, extends=True)
        else:
            toggles = bool(modifiers & Modifier.ControlModifier)
            self._from = row
            self.make_current(row, Flag.Toggle if toggles else Flag.ClearAndSelect)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Nothing yet: a drag carries nothing."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Nothing: the press did it."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Open."""
        row = self.row_at(event.position())
        if row is not None and event.button() == Qt.MouseButton.LeftButton:
            self.opened.emit(row)

    def row_at(self, position: QPointF) -> int | None:
        """The photo at a point of the view."""
        return self.tiles.at(position.x(), position.y() + self.offset)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll; with Ctrl, zoom about the pointer."""
        if event.modifiers() & Modifier.ControlModifier:
            self._wheel += event.angleDelta().y()
            steps = int(self._wheel / NOTCH)
            self._wheel -= steps * NOTCH
            self.zoom_to(self.step + steps, event.position())
            event.accept()
        elif event.pixelDelta().y() and QGuiApplication.platformName() != "xcb":
            self.scroll_to_offset(self.offset - event.pixelDelta().y())
            event.accept()
        else:
            super().wheelEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Tooltips, and pinches where the system has them."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.row_at(QPointF(event.pos()))
            text = "" if row is None else words.long_day(float(self.photos.taken_s[row]))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        if isinstance(event, QNativeGestureEvent) and (
            event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
        ):
            self._pinch += event.value()
            if abs(self._pinch) >= PINCH:
                self.zoom_to(self.step + (1 if self._pinch > 0 else -1), event.position())
                self._pinch = 0.0
            return True
        return super().viewportEvent(event)

    # What Qt asks of any item view

    def indexAt(self, point: QPoint) -> QModelIndex:
        """The photo at a point of the view."""
        row = self.row_at(QPointF(point))
        return QModelIndex() if row is None else self.photo_model.index(row)

    def visualRect(self, index: Index) -> QRect:
        """Where a photo lies in the view."""
        if not index.isValid() or index.row() >= self.tiles.photos:
            return QRect()
        rect = self.tiles.rect(index.row())
        side = round(rect.side)
        return QRect(round(rect.x), round(rect.y - self.offset), side, side)

    def scrollTo(
        self,
        index: Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Bring a photo into view, clear of the heading that stays on top."""
        if not index.isValid() or index.row() >= self.tiles.photos:
            return
        rect, height = self.tiles.rect(index.row()), self.viewport().height()
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            self.scroll_to_offset(rect.y + rect.side / 2 - height / 2)
        elif rect.y - self.tiles.heading < self.offset:
            self.scroll_to_offset(rect.y - self.tiles.heading)
        elif rect.y + rect.side + self.tiles.step.gap > self.offset + height:
            self.scroll_to_offset(rect.y + rect.side + self.tiles.step.gap - height)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        """Where a key leads, as Qt itself asks it (screen readers do)."""
        keys = {
            QAbstractItemView.CursorAction.MoveUp: Key.Key_Up,
            QAbstractItemView.CursorAction.MoveDown: Key.Key_Down,
            QAbstractItemView.CursorAction.MoveLeft: Key.Key_Left,
            QAbstractItemView.CursorAction.MovePrevious: Key.Key_Left,
            QAbstractItemView.CursorAction.MoveRight: Key.Key_Right,
            QAbstractItemView.CursorAction.MoveNext: Key.Key_Right,
            QAbstractItemView.CursorAction.MoveHome: Key.Key_Home,
            QAbstractItemView.CursorAction.MoveEnd: Key.Key_End,
            QAbstractItemView.CursorAction.MovePageUp: Key.Key_PageUp,
            QAbstractItemView.CursorAction.MovePageDown: Key.Key_PageDown,
        }
        goal = self._goal(keys[action], modifiers) if len(self.photos) else None
        return QModelIndex() if goal is None else self.photo_model.index(goal)

    def horizontalOffset(self) -> int:
        """Nothing scrolls sideways."""
        return 0

    def verticalOffset(self) -> int:
        """What lies above the view."""
        return round(self.offset)

    def isIndexHidden(self, index: Index) -> bool:
        """No photo is hidden."""
        return False

    def setSelection(self, rect: QRect, command: Flag) -> None:
        """Select the photos that touch `rect` of the view."""
        rows = self.tiles.visible(rect.top() + self.offset, max(1, rect.height()))
        chosen = QItemSelection()
        for row in rows:
            index = self.photo_model.index(row)
            if self.visualRect(index).intersects(rect):
                chosen.select(index, index)
        self.selectionModel().select(chosen, command)

    def visualRegionForSelection(self, selection: object) -> QRegion:
        """What to repaint for a selection: the view and no more, however much is selected."""
        return QRegion(self.viewport().rect())
