"""Thumbnails, decoded on threads to exactly the size that is painted, and kept by bytes.

The grid says at each paint what it lacks, best first. That list replaces the one before: whatever
left the view is dropped unread. A thread crops and scales to the very pixels of the tile, with the
corners baked in, so that painting is a plain copy. QPixmap belongs to the paint thread, QImage to
the others.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QObject, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QImage, QImageReader, QPainter, QPixmap

THREADS = 2
SIDES = (256, 512)  # px of the short side on disk
LEAST_SHARP = 0.85  # of the pixels needed: the smaller file serves down to this
CACHE_BYTES = 48 << 20, 160 << 20  # at least, at most

Where = Callable[[bytes, int], Path]  # content hash, side -> file


class Wanted(NamedTuple):
    """A thumbnail as it will be painted. A tuple, since paint makes and looks up hundreds."""

    hash: bytes
    px: int  # side of the square tile in the screen's own pixels; 0: whole and uncropped
    corner: int = 0  # px


class Thumbnails(QObject):
    """Give pixmaps at once where they are kept, and announce the others as they come."""

    arrived = Signal(object)  # list[Wanted]
    _drawn = Signal()

    def __init__(self, where: Where, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._where = where
        self._kept: OrderedDict[Wanted, QPixmap] = OrderedDict()
        self._latest: dict[bytes, Wanted] = {}  # the size kept last, for while a new one is made
        self._bytes = 0
        self._limit = CACHE_BYTES[0]
        self._missing: set[bytes] = set()
        self._waiting: list[Wanted] = []  # the most wanted last
        self._working: set[Wanted] = set()
        self._done: list[tuple[Wanted, QImage | None]] = []
        self._ending = False
        self._turn = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._drawn.connect(self._take, Qt.ConnectionType.QueuedConnection)

    def pixmap(self, wanted: Wanted) -> QPixmap | None:
        """The thumbnail at exactly this size, if it is kept."""
        pixmap = self._kept.get(wanted)
        if pixmap is not None:
            self._kept.move_to_end(wanted)
        return pixmap

    def other(self, content: bytes) -> QPixmap | None:
        """A square thumbnail of another size, to be scaled while the right one is made."""
        latest = self._latest.get(content)
        return None if latest is None else self._kept.get(latest)

    def want(self, wanted: Sequence[Wanted], viewport_bytes: int = 0) -> None:
        """Make these, the first ones first, and nothing else that was asked before."""
        least, most = CACHE_BYTES
        self._limit = min(max(2 * viewport_bytes, least), most)
        fresh = [w for w in wanted if w.hash not in self._missing]
        with self._turn:
            done = {w for w, _ in self._done}
            self._waiting = [w for w in reversed(fresh) if w not in self._working | done]
            if self._waiting:
                self._turn.notify_all()
        if fresh and not self._threads and not self._ending:
            self._threads = [
                threading.Thread(target=self._run, name=f"thumbnails {n}", daemon=True)
                for n in range(THREADS)
            ]
            for thread in self._threads:
                thread.start()

    def look_again(self) -> None:
        """The indexer has made more: what was missing may be there now."""
        self._missing.clear()

    def forget(self) -> None:
        """Drop all that is kept."""
        self._kept.clear()
        self._latest.clear()
        self._bytes = 0

    def end(self) -> None:
        """Let the threads finish, without waiting."""
        with self._turn:
            self._ending = True
            self._waiting = []
            self._turn.notify_all()

    def close(self) -> None:
        """End, and wait for the threads."""
        self.end()
        for thread in self._threads:
            thread.join()
        self.forget()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._waiting or self._ending)
                if self._ending:
                    return
                wanted = self._waiting.pop()
                self._working.add(wanted)
            image = draw(self._where, wanted)
            with self._turn:
                self._working.discard(wanted)
                first = not self._done
                self._done.append((wanted, image))
            if first:
                self._drawn.emit()

    @Slot()
    def _take(self) -> None:
        with self._turn:
            done, self._done = self._done, []
        for wanted, image in done:
            if image is None:
                self._missing.add(wanted.hash)
            elif not self._ending:
                self._keep(wanted, QPixmap.fromImage(image))
        if not self._ending:
            self.arrived.emit([wanted for wanted, _ in done])

    def _keep(self, wanted: Wanted, pixmap: QPixmap) -> None:
        if wanted in self._kept:
            return
        self._kept[wanted] = pixmap
        self._bytes += _size(pixmap)
        if wanted.px:
            self._latest[wanted.hash] = wanted
        while self._bytes > self._limit and len(self._kept) > 1:
            oldest, dropped = self._kept.popitem(last=False)
            self._bytes -= _size(dropped)
            if self._latest.get(oldest.hash) == oldest:
                del self._latest[oldest.hash]


def draw(where: Where, wanted: Wanted) -> QImage | None:
    """Read, crop and scale one thumbnail; None where there is no readable file."""
    needed = wanted.px * LEAST_SHARP if wanted.px else SIDES[-1]
    side = next((side for side in SIDES if side >= needed), SIDES[-1])
    for choice in (side, *(other for other in SIDES if other != side)):
        image = _read(where(wanted.hash, choice))
        if image is not None:
            return _square(image, wanted.px, wanted.corner) if wanted.px else image
    return None


def _read(path: Path) -> QImage | None:
    reader = QImageReader(str(path), b"jpeg")
    image = reader.read()
    return None if image.isNull() else image


def _square(image: QImage, px: int, corner: int) -> QImage:
    """The middle of `image` as a square of `px`, with round corners of `corner` px."""
    side = min(image.width(), image.height())
    middle = image.copy((image.width() - side) // 2, (image.height() - side) // 2, side, side)
    ready = middle.scaled(
        px, px, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation
    )
    if not corner:
        return ready.convertToFormat(QImage.Format.Format_RGB32)
    round_one = QImage(px, px, QImage.Format.Format_ARGB32_Premultiplied)
    round_one.fill(Qt.GlobalColor.transparent)
    painter = QPainter(round_one)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(ready))
    painter.drawRoundedRect(QRectF(0, 0, px, px), corner, corner)
    painter.end()
    return round_one


def _size(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
