"""A strip under the toolbar for news that must be seen: one sentence, maybe one thing to do."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app import icons
from app.buttons import Button
from app.style import inks

HEIGHT = 36


class Strip(QWidget):
    """Hidden until something is said; stays until dismissed or `hush`ed."""

    pressed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.label.setWordWrap(True)
        self.button = Button("", None, self)
        self.button.clicked.connect(self.pressed)
        dismiss = Button("", icons.cross, self, flat=True)
        dismiss.setAccessibleName("Dismiss")
        dismiss.setToolTip("Dismiss")
        dismiss.clicked.connect(self.hush)
        self.answers: list[Button] = []  # of a question
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(16, 3, 8, 4)
        row.addWidget(self.label, 1)
        row.addWidget(self.button)
        row.addWidget(dismiss)
        self.setMinimumHeight(HEIGHT)
        self.hide()

    @property
    def sentence(self) -> str:
        """What is to be read, if anything."""
        return self.label.text() if not self.isHidden() else ""

    def say(self, sentence: str, button: str = "") -> None:
        """Show a sentence, and what can be done about it."""
        self._ask_no_more()
        self.label.setText(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.button.updateGeometry()
        self.setAccessibleName(sentence)
        self.colour()
        self.show()

    def ask(self, question: str, answers: Sequence[tuple[str, Callable[[], None]]]) -> None:
        """Show a question and a button for each answer. Whoever dismisses it answers nothing."""
        self.say(question)
        for words, answer in answers:
            button = Button(words, None, self)
            button.clicked.connect(self.hush)
            button.clicked.connect(lambda _=False, answer=answer: answer())
            self._row.insertWidget(self._row.count() - 1, button)
            self.answers.append(button)

    def say_or_hush(self, sentence: str) -> None:
        """Show a sentence, or nothing where it is empty."""
        if sentence:
            self.say(sentence)
        else:
            self.hush()

    def hush(self) -> None:
        """Say nothing."""
        self._ask_no_more()
        self.hide()
        self.label.clear()

    def _ask_no_more(self) -> None:
        for button in self.answers:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.answers.clear()

    def colour(self) -> None:
        """Take the colours of the system as they are now."""
        palette = QPalette(self.palette())
        palette.setColor(QPalette.ColorRole.WindowText, inks().text)
        self.label.setPalette(palette)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A quiet ground with a mark of caution at its left."""
        colours = inks()
        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.fillRect(self.rect(), colours.chip)
        painter.fillRect(QRectF(0, 0, 4, self.height()), colours.caution)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), colours.hairline)
