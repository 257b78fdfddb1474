"""One photo as large as the window allows. Its thumbnail is there at once, then the picture.

The next photo in the direction of travel is decoded ahead; held arrow keys never queue, since a
worker keeps the newest question only.
"""

from collections import OrderedDict

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from app import words
from app.answers import Opened, Opening, PictureAnswers
from app.photos import Photos
from app.sources import Sources
from app.style import font, inks
from app.thumbnails import Thumbnails, Wanted
from app.worker import Worker

KEPT = 4  # pictures: this one, its neighbours, and one to spare
QUIET_MS = 200  # after a resize, before a larger picture is asked for
LARGEST = 2.0  # points a pixel: a tiny photo should not be smaller than its tile
PILL = 10.0  # the room around a sentence on the photo


class Viewer(QWidget):
    """Show photo after photo of what the grid shows."""

    closed = Signal()
    shown = Signal(int, str)  # row, file name (empty until it is known)

    def __init__(
        self, sources: Sources, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.photos = Photos.none()
        self.row = 0
        self._direction = 1
        self._thumbnails = thumbnails
        self._kept: OrderedDict[int, tuple[QPixmap | None, str, str]] = OrderedDict()
        self._asked: int | None = None
        self._worker = Worker("viewer", lambda: PictureAnswers(sources), self)
        self._worker.answered.connect(self._came)
        self._worker.troubled.connect(self._failed)
        self._quiet = QTimer(self, singleShot=True, interval=QUIET_MS)
        self._quiet.timeout.connect(self._resized)
        thumbnails.arrived.connect(lambda _: self.update())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def photo_id(self) -> int | None:
        """The photo that is shown."""
        return int(self.photos.ids[self.row]) if self.row < len(self.photos) else None

    @property
    def picture(self) -> QPixmap | None:
        """The picture of it, once it has come."""
        return self._kept.get(self.photo_id or 0, (None, "", ""))[0]

    @property
    def sentence(self) -> str:
        """Why there is no picture."""
        return self._kept.get(self.photo_id or 0, (None, "", ""))[2]

    def open(self, photos: Photos, row: int) -> None:
        """Show photo `row` of `photos`."""
        self.photos = photos
        self._kept.clear()
        self._asked = None
        self._go(row)

    def end(self) -> None:
        """Stop, without waiting."""
        self._quiet.stop()
        self._worker.end()

    def close_worker(self) -> None:
        """Stop, and end the decoder."""
        self._worker.close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows walk; Esc, Space and Return go back."""
        key = event.key()
        last = len(self.photos) - 1
        goals = {
            Qt.Key.Key_Left: self.row - 1,
            Qt.Key.Key_Up: self.row - 1,
            Qt.Key.Key_Right: self.row + 1,
            Qt.Key.Key_Down: self.row + 1,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if key in goals:
            goal = min(max(0, goals[Qt.Key(key)]), last)
            if goal != self.row:
                self._direction = 1 if goal > self.row else -1
                self._go(goal)
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.closed.emit()
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Go back."""
        self.closed.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A larger window may want a larger picture, once it rests."""
        super().resizeEvent(event)
        self._quiet.start()

    def sizeHint(self) -> QSize:
        """Anything will do."""
        return QSize(640, 480)

    def place(self) -> QRectF:
        """Where the photo lies: as large as fits, but a small one no more than twice its size."""
        width, height = int(self.photos.width[self.row]), int(self.photos.height[self.row])
        ratio = self.devicePixelRatioF()
        scale = min(self.width() / width, self.height() / height, LARGEST)
        w, h = width * scale, height * scale
        left, top = (self.width() - w) / 2, (self.height() - h) / 2
        return QRectF(round(left * ratio) / ratio, round(top * ratio) / ratio, w, h)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The picture, or its thumbnail, or its mean colour; and the sentence, if there is one."""
        colours = inks()
        painter = QPainter(self)
        painter.fillRect(self.rect(), colours.base)
        if self.photo_id is None:
            return
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        picture = self.picture or self._thumbnails.pixmap(self._whole(self.row))
        place = self.place()
        if picture is None:
            painter.fillRect(place, QColor(*self.photos.colour(self.row)))
        else:
            painter.drawPixmap(place, picture, QRectF(picture.rect()))
        if self.sentence:
            self._say(painter)

    def _say(self, painter: QPainter) -> None:
        """A sentence in white on dark, readable on any photo."""
        painter.setFont(font())
        metrics = painter.fontMetrics()
        width = min(metrics.horizontalAdvance(self.sentence) + 3 * PILL, self.width() - 2 * PILL)
        height = metrics.height() + 2 * PILL
        body = QRectF((self.width() - width) / 2, self.height() - height - 24, width, height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 200))
        painter.drawRoundedRect(body, PILL, PILL)
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(body, Qt.AlignmentFlag.AlignCenter, self.sentence)

    def _go(self, row: int) -> None:
        self.row = row
        around = [row, row + self._direction, row - self._direction]
        wanted = [self._whole(one) for one in around if 0 <= one < len(self.photos)]
        self._thumbnails.want([w for w in wanted if self._thumbnails.pixmap(w) is None])
        kept = self._kept.get(self.photo_id or 0)
        if kept is None:
            self._ask(row)
        else:
            self._ahead()
        self.setAccessibleName(words.long_day(float(self.photos.taken_s[row])))
        self.shown.emit(row, kept[1] if kept else "")
        self.update()

    def _ask(self, row: int) -> None:
        photo_id = int(self.photos.ids[row])
        if photo_id == self._asked:
            return  # it is on its way
        self._asked = photo_id
        self._worker.ask(Opening(photo_id, self._fit()))

    def _fit(self) -> tuple[int, int]:
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def _came(self, opening: Opening, opened: Opened) -> None:
        self._asked = None
        pixmap = None if opened.image is None else QPixmap.fromImage(opened.image)
        self._keep(opening.photo_id, pixmap, opened.name, opened.sentence)

    def _failed(self, opening: Opening, sentence: str) -> None:
        self._asked = None
        self._keep(opening.photo_id, None, "", sentence)

    def _keep(self, photo_id: int, pixmap: QPixmap | None, name: str, sentence: str) -> None:
        self._kept[photo_id] = (pixmap, name, sentence)
        while len(self._kept) > KEPT:
            oldest = next(key for key in self._kept if key != self.photo_id)
            del self._kept[oldest]
        if photo_id == self.photo_id:
            self.shown.emit(self.row, name)
            self.update()
            self._ahead()

    def _ahead(self) -> None:
        """Decode the next photo before it is asked for."""
        row = self.row + self._direction
        if 0 <= row < len(self.photos) and int(self.photos.ids[row]) not in self._kept:
            self._ask(row)

    def _resized(self) -> None:
        """Ask again where the picture is smaller than it could be now."""
        if not self.isVisible() or self.picture is None:
            return
        place, ratio = self.place(), self.devicePixelRatioF()
        if place.width() * ratio > self.picture.width() + 1:
            self._asked = None
            self._ask(self.row)

    def _whole(self, row: int) -> Wanted:
        return Wanted(self.photos.hash(row), 0)
