"""The strip at the top: where we are, the search field in the middle, zoom and folders."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QWidget

from app import icons
from app.buttons import Button
from app.geometry import STEPS
from app.ring import Ring
from app.search_bar import SearchBar
from app.style import DAY, SMALL, font, growth, inks

HEIGHT = 52
SLIDER = 120
NARROW = 900  # under this the slider makes room


class Title(QWidget):
    """A title over a count, both shortened where there is no room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ""
        self.count = ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        self.setMinimumWidth(60)

    def say(self, title: str, count: str) -> None:
        """Show these words."""
        self.title, self.count = title, count
        self.setAccessibleName(f"{title}, {count}")
        self.setToolTip(f"{title}\n{count}" if count else title)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Two lines about the middle."""
        colours = inks()
        painter = QPainter(self)
        room = QRectF(self.rect())
        lines = [(self.title, font(DAY, QFont.Weight.DemiBold), colours.text)]
        if self.count:
            lines.append((self.count, font(SMALL), colours.secondary))
        heights = []
        for _, face, _ in lines:
            painter.setFont(face)
            heights.append(painter.fontMetrics().height())
        y = room.center().y() - sum(heights) / 2
        for (text, face, ink), height in zip(lines, heights, strict=True):
            painter.setFont(face)
            painter.setPen(ink)
            metrics = painter.fontMetrics()
            short = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(QRectF(room.left(), y, room.width(), height), short)
            y += height


class Header(QWidget):
    """All of the strip."""

    back_pressed = Signal()
    add_pressed = Signal()
    zoomed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.back = Button("", icons.back, self, flat=True)
        self.back.setToolTip("Back to the photos")
        self.back.setAccessibleName("Back")
        self.back.hide()
        self.title = Title(self)
        self.search = SearchBar(self)
        self.ring = Ring(self)
        self.ring.hide()
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setRange(0, len(STEPS) - 1)
        self.slider.setPageStep(1)
        self.slider.setFixedWidth(SLIDER)
        self.slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.slider.setAccessibleName("Size of the photos")
        self.slider.setToolTip("Size of the photos")
        self.add = Button("", icons.plus, self, flat=True)
        self.add.setToolTip("Add a folder of photos…")
        self.add.setAccessibleName("Add a folder of photos")
        self._arrange()
        self.back.clicked.connect(self.back_pressed)
        self.add.clicked.connect(self.add_pressed)
        self.slider.valueChanged.connect(self.zoomed)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _arrange(self) -> None:
        left, right = QWidget(self), QWidget(self)
        for side, parts in (
            (left, [self.back, self.title]),
            (right, [self.ring, self.slider, self.add]),
        ):
            row = QHBoxLayout(side)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(10)
            if side is right:
                row.addStretch()
            for part in parts:
                row.addWidget(part, 1 if part is self.title else 0)
            side.setMinimumWidth(80)
            side.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 0, 12, 0)
        row.setSpacing(16)
        row.addWidget(left, 3)
        row.addWidget(self.search, 5)
        row.addWidget(right, 3)

    def sizeHint(self) -> QSize:
        """One strip."""
        return QSize(640, round(HEIGHT * growth(self.fontMetrics().height())))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The window's own ground, and a hairline under it."""
        colours = inks()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.window)
        painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), colours.hairline)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Search never hides; the slider does."""
        super().resizeEvent(event)
        self.slider.setVisible(self.width() >= NARROW)
