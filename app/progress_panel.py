"""The pop-over of the ring: how far it is, how long it takes, where, and a button to pause."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from app import words
from app.buttons import Button
from app.pop_over import PopOver
from app.progress import Run
from app.style import BODY, DAY, font, inks

BAR = 6


class Bar(QWidget):
    """How much is done, as a line."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.share = 0.0
        self.is_paused = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A thin line, as wide as there is room."""
        return QSize(100, BAR)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The whole quietly, and what is done in the accent."""
        colours = inks()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        body = QRectF(self.rect())
        painter.setBrush(colours.selection)
        painter.drawRoundedRect(body, BAR / 2, BAR / 2)
        painter.setBrush(colours.outline_on_base if self.is_paused else colours.accent_line)
        body.setWidth(max(BAR, body.width() * self.share))
        painter.drawRoundedRect(body, BAR / 2, BAR / 2)


class ProgressPanel(PopOver):
    """What the ring knows, in whole sentences."""

    pause_pressed = Signal(bool)  # whether to pause, or to go on
    problems_pressed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._run = Run()
        self.title, self.account, self.details, self.problems = (QLabel(self) for _ in range(4))
        self.bar = Bar(self)
        self.show_problems = Button(words.SHOW_PROBLEMS, None, self)
        self.button = Button(words.PAUSE, None, self)
        for label in (self.title, self.account, self.details, self.problems):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        for part in (self.title, self.bar, self.account, self.details):
            self.column.addWidget(part)
        self._problem_row = QWidget(self)
        row = QHBoxLayout(self._problem_row)
        row.setContentsMargins(0, 4, 0, 0)
        row.addWidget(self.problems, 1)
        row.addWidget(self.show_problems)
        self.column.addWidget(self._problem_row)
        self.column.addSpacing(4)
        self.column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignRight)
        self.button.clicked.connect(
            lambda: self.pause_pressed.emit(not self._run.manners.is_paused)
        )
        self.show_problems.clicked.connect(self.problems_pressed)

    def say(self, run: Run, in_library: int, failed: int) -> None:
        """Show how it stands; `failed` photos of the library could not be read."""
        self._run = run
        is_paused = run.manners.is_paused
        self.title.setText(run.headline(in_library))
        self.account.setText(run.account(in_library))
        self.details.setText("\n".join(run.details()))
        self.details.setVisible(bool(run.details()))
        self.problems.setText(words.unreadable(failed))
        self._problem_row.setVisible(failed > 0)
        self.bar.share, self.bar.is_paused = run.share, is_paused
        self.bar.setVisible(run.is_on or bool(run.to_see))
        self.bar.update()
        self.button.setText(words.CONTINUE if is_paused else words.PAUSE)
        self.button.updateGeometry()
        self.colour()
        self.place()

    def colour(self) -> None:
        """Take colours and fonts of the system as they are now."""
        colours = inks()
        strong = font(DAY, QFont.Weight.DemiBold)
        for label, face, ink in (
            (self.title, strong, colours.text),
            (self.account, font(BODY), colours.text),
            (self.details, font(BODY), colours.secondary_on_base),
            (self.problems, font(BODY), colours.text),
        ):
            label.setFont(face)
            _paint_with(label, ink)
        self.update()


def _paint_with(label: QLabel, ink: QColor) -> None:
    palette = QPalette(label.palette())
    palette.setColor(QPalette.ColorRole.WindowText, ink)
    label.setPalette(palette)
