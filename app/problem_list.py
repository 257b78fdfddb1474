"""The photos that could not be read, as an item model under headings, and how a row is painted."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app import words
from app.style import BODY, SMALL, font, inks

if TYPE_CHECKING:
    from indexer.photo import Problem

Index = QModelIndex | QPersistentModelIndex
Row = "tuple[str, int] | Problem"  # a heading with its count, or a photo

PADDING = 14
ROOT = QModelIndex()


class ProblemModel(QAbstractListModel):
    """One flat list, so that it costs the same for ten photos and for a hundred thousand."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0  # photos
        self._rows: list[tuple[str, int] | Problem] = []

    def show_problems(self, problems: Sequence["Problem"]) -> None:
        """Show these, under the reasons why, the commonest first."""
        by_reason: dict[str, list[Problem]] = defaultdict(list)
        for problem in problems:
            by_reason[problem.reason].append(problem)
        rows: list[tuple[str, int] | Problem] = []
        for reason, group in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
            rows += [(reason, len(group)), *group]
        if rows == self._rows:
            return
        self.beginResetModel()
        self._rows, self.count = rows, len(problems)
        self.endResetModel()

    def heading(self, row: int) -> tuple[str, int] | None:
        """The reason in this row, and how many photos stand under it."""
        what = self._rows[row]
        return what if isinstance(what, tuple) else None

    def problem(self, row: int) -> "Problem | None":
        """The photo in this row."""
        what = self._rows[row]
        return None if isinstance(what, tuple) else what

    def problems(self, rows: Iterable[int]) -> "list[Problem]":
        """The photos in these rows."""
        return [one for row in sorted(rows) if (one := self.problem(row)) is not None]

    def rows_of(self, photo_ids: set[int]) -> list[int]:
        """Where photos stand now."""
        return [
            row
            for row, one in enumerate(self._rows)
            if not isinstance(one, tuple) and one.id in photo_ids
        ]

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> str | None:
        """For screen readers and tooltips; painting bypasses it."""
        if not index.isValid():
            return None
        what = self._rows[index.row()]
        if isinstance(what, tuple):
            return f"{what[0]} {words.photos(what[1])}" if role in SAID else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(what.path)
        return f"{what.path.name}, {what.path.parent}" if role in SAID else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Headings can't be chosen."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        if self.heading(index.row()) is not None:
            return Qt.ItemFlag.ItemIsEnabled
        return (
            Qt.ItemFlag.ItemIsEnabled
            | Qt.ItemFlag.ItemIsSelectable
            | Qt.ItemFlag.ItemNeverHasChildren
        )


SAID = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)


class ProblemRows(QStyledItemDelegate):
    """A name over its folder; a reason, with its count, in the row of a heading."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All rows are as high, so that the view need not ask each of them."""
        lines = QFontMetrics(font(BODY)).height() + QFontMetrics(font(SMALL)).height()
        return QSize(100, lines + 12)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        assert isinstance(model, ProblemModel)
        rect: QRectF = QRectF(option.rect)
        state: QStyle.StateFlag = option.state
        painter.save()
        heading, problem = model.heading(index.row()), model.problem(index.row())
        if heading is not None:
            _paint_heading(painter, rect, *heading)
        elif problem is not None:
            is_chosen = bool(state & QStyle.StateFlag.State_Selected)
            has_focus = bool(state & QStyle.StateFlag.State_HasFocus)
            _paint_photo(painter, rect, problem.path, is_chosen, has_focus)
        painter.restore()


def _paint_heading(painter: QPainter, rect: QRectF, reason: str, count: int) -> None:
    colours = inks()
    room = rect.adjusted(PADDING, 0, -PADDING, -7)
    bottom = Qt.AlignmentFlag.AlignBottom
    painter.setFont(font(SMALL))
    painter.setPen(colours.secondary_on_base)
    painter.drawText(room, bottom | Qt.AlignmentFlag.AlignRight, words.photos(count))
    used = painter.fontMetrics().horizontalAdvance(words.photos(count)) + PADDING
    painter.setFont(font(BODY, QFont.Weight.DemiBold))
    painter.setPen(colours.text)
    short = painter.fontMetrics().elidedText(
        reason, Qt.TextElideMode.ElideRight, int(room.width()) - used
    )
    painter.drawText(room, bottom | Qt.AlignmentFlag.AlignLeft, short)
    painter.fillRect(QRectF(room.left(), rect.bottom() - 1, room.width(), 1), colours.hairline)


def _paint_photo(
    painter: QPainter, rect: QRectF, path: Path, is_chosen: bool, has_focus: bool
) -> None:
    colours = inks()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    body = rect.adjusted(6, 1, -6, -1)
    if is_chosen:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colours.selection)
        painter.drawRoundedRect(body, 6, 6)
    if has_focus:
        painter.setPen(colours.accent_line)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(body.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    room = rect.adjusted(PADDING, 5, -PADDING, -5)
    for text, face, ink, align in (
        (path.name, font(BODY), colours.text, Qt.AlignmentFlag.AlignTop),
        (_folder(path), font(SMALL), colours.secondary_on_base, Qt.AlignmentFlag.AlignBottom),
    ):
        painter.setFont(face)
        painter.setPen(ink)
        short = painter.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideMiddle, int(room.width())
        )
        painter.drawText(room, align | Qt.AlignmentFlag.AlignLeft, short)


def _folder(path: Path) -> str:
    """The folder of `path` as people say it: "~/Pictures/2024".

    >>> _folder(Path.home() / "Pictures" / "a.jpg")
    '~/Pictures'
    """
    folder, home = path.parent, Path.home()
    return f"~/{folder.relative_to(home)}" if folder.is_relative_to(home) else str(folder)
