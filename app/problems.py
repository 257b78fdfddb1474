"""The sheet of photos that could not be read: why, where they lie, and to try them again."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QObject, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QVBoxLayout,
    QWidget,
)

from app import words
from app.buttons import Button
from app.problem_list import ProblemModel, ProblemRows
from app.sources import Reads, Sources
from app.style import BODY, MONTH, font, inks
from app.worker import Worker

if TYPE_CHECKING:
    from indexer.photo import Problem

PADDING = 20
SIZE = (620, 480)
Reveal = Callable[[Sequence[Path], QObject], None]


class ProblemAnswers:
    """Read which photos could not be read, on a thread: there may be very many."""

    def __init__(self, sources: Sources) -> None:
        self._view: Reads = sources.view()

    def answer(self, question: object) -> "list[Problem]":
        """All of them now."""
        return self._view.problems()

    def stop(self) -> None:
        """A reading is short: let it end."""

    def close(self) -> None:
        """Let go of the library."""
        self._view.close()


class Problems(QDialog):
    """The sheet. It reads anew each time that it is asked to `look`, while it is open."""

    tried_again = Signal(object)  # the ids of the photos, or None for all

    def __init__(self, sources: Sources, reveal: Reveal, window: QWidget) -> None:
        super().__init__(window, Qt.WindowType.Sheet)
        self._reveal = reveal
        self._worker = Worker("problem reader", lambda: ProblemAnswers(sources), self)
        self._worker.answered.connect(lambda _, problems: self._came(problems))
        self.model = ProblemModel()
        self.title, self.text = QLabel(self), QLabel(words.PROBLEMS_TEXT, self)
        self.list = QListView(self)
        self.show_files = Button(words.SHOW_IN_FILES, None, self)
        self.again = Button(words.TRY_AGAIN, None, self)
        self.all_again = Button(words.TRY_ALL_AGAIN, None, self)
        self.leave = Button(words.CLOSE, None, self, leads=True)
        self._arrange()
        self.list.selectionModel().selectionChanged.connect(self._offer)
        self.list.doubleClicked.connect(lambda _: self._show_chosen())
        self.show_files.clicked.connect(self._show_chosen)
        self.again.clicked.connect(lambda: self.tried_again.emit([p.id for p in self.chosen()]))
        self.all_again.clicked.connect(lambda: self.tried_again.emit(None))
        self.leave.clicked.connect(self.close)

    def look(self) -> None:
        """There may be news: read it, if anybody sees it."""
        if self.isVisible():
            self._worker.ask(None)

    def chosen(self) -> "list[Problem]":
        """The photos that are selected."""
        return self.model.problems(index.row() for index in self.list.selectedIndexes())

    def end(self) -> None:
        """Stop reading, without waiting."""
        self._worker.end()

    def close_worker(self) -> None:
        """Stop reading."""
        self._worker.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Read what there is now."""
        super().showEvent(event)
        self.colour()
        self.look()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The window's own ground."""
        QPainter(self).fillRect(self.rect(), inks().window)

    def colour(self) -> None:
        """Take colours and fonts of the system as they are now."""
        colours = inks()
        self.title.setFont(font(MONTH, QFont.Weight.Bold))
        self.text.setFont(font(BODY))
        for label, ink in ((self.title, colours.text), (self.text, colours.secondary)):
            palette = QPalette(label.palette())
            palette.setColor(QPalette.ColorRole.WindowText, ink)
            label.setPalette(palette)
        palette = QPalette(self.list.palette())
        palette.setColor(QPalette.ColorRole.Base, colours.base)
        self.list.setPalette(palette)

    def _came(self, problems: "list[Problem]") -> None:
        chosen = {one.id for one in self.chosen()}
        self.model.show_problems(problems)
        selection = QItemSelection()
        for row in self.model.rows_of(chosen):
            index = self.model.index(row)
            selection.select(index, index)
        self.list.selectionModel().select(
            selection, QItemSelectionModel.SelectionFlag.ClearAndSelect
        )
        n = self.model.count
        self.title.setText(words.unreadable(n) if n else words.NO_PROBLEMS)
        self.setWindowTitle(self.title.text())
        for part in (self.text, self.list, self.show_files, self.again, self.all_again):
            part.setVisible(n > 0)
        self._offer()

    def _offer(self) -> None:
        """What can be done with what is selected."""
        is_some = self.list.selectionModel().hasSelection()
        self.show_files.setEnabled(is_some)
        self.again.setEnabled(is_some)
        self.all_again.setEnabled(self.model.count > 0)

    def _show_chosen(self) -> None:
        self._reveal([one.path for one in self.chosen()], self)

    def _arrange(self) -> None:
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.resize(*SIZE)
        self.setMinimumSize(420, 240)
        self.text.setWordWrap(True)
        self.list.setModel(self.model)
        self.list.setItemDelegate(ProblemRows(self.list))
        self.list.setUniformItemSizes(True)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName(words.PROBLEMS_TITLE)
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING, PADDING, PADDING, PADDING)
        column.setSpacing(8)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addSpacing(4)
        column.addWidget(self.list, 1)
        column.addSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        for part in (self.show_files, self.again, self.all_again):
            row.addWidget(part)
        row.addStretch()
        row.addWidget(self.leave)
        column.addLayout(row)
