"""The window over the real indexer: a folder joins, tiles appear before it is done, words find.

Everything is real but the encoder: the socket, the decoder processes, the store, the thumbnails,
the vectors. The indexer's service runs on a thread of the test.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.sources import Sources
from app.window import Window
from indexer.channel import call
from indexer.client import Client
from indexer.decode import Decoder
from indexer.encoders import Encoders
from indexer.events import Committed, Done, Event
from indexer.library import Library
from indexer.lock import lock
from indexer.search import Searcher
from indexer.service import Service
from indexer.store import Store
from indexer.view import View
from models.drawn import draw_folder
from tests.app_fakes import until
from tests.fakes import load_fake, write_encoder

PHOTOS = 200


class Watcher(QObject):
    """Counts the tiles that are painted from thumbnails, until the indexer is done."""

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window
        self.painted_before_done = 0
        self.events: list[Event] = []
        window.grid.viewport().installEventFilter(self)
        window.bridge.happened.connect(self.events.append)

    @property
    def done(self) -> Done | None:
        return next((event for event in self.events if isinstance(event, Done)), None)

    def painted(self) -> int:
        grid = self.window.grid
        scene = grid.scene()
        rows = scene.layout.visible(scene.offset, scene.height)
        kept = [self.window.thumbnails.pixmap(one) for one in scene.wanted(rows)]
        return sum(pixmap is not None for pixmap in kept)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002
        if event.type() == QEvent.Type.Paint and self.done is None:
            self.painted_before_done = max(self.painted_before_done, self.painted())
        return False


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path) -> Iterator[Window]:
    """A window over a new library, and the indexer that its first folder starts."""
    library = Library.at(tmp_path / "library")
    services: list[threading.Thread] = []
    first = tmp_path / "fake"
    write_encoder(first)

    def serve(ready: threading.Event) -> None:
        with lock(library):
            store = Store(library)
            service = Service(store, Encoders(store, first, 2, load_fake), cores=2)
            ready.set()
            service.run()
            service.close()

    def connect(_: Callable[[], bool]) -> Client:
        ready = threading.Event()
        services.append(threading.Thread(target=serve, args=[ready], name="indexer"))
        services[-1].start()
        assert ready.wait(10)
        return Client(call(library.socket), None)

    made = Window(
        Sources(
            library=library,
            view=lambda: View(library),
            searcher=lambda: Searcher(library, load=load_fake),
            client=connect,
            decoder=Decoder,
        )
    )
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.show()
    yield made
    made.close()
    for thread in services:
        thread.join(10)
        assert not thread.is_alive()


def test_tiles_are_painted_before_indexing_is_done(
    qtbot: QtBot, window: Window, tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    draw_folder(folder, PHOTOS, formats=("jpg",))
    watcher = Watcher(window)
    window.add([folder])
    until(qtbot, lambda: watcher.done is not None)
    assert watcher.painted_before_done > 0
    assert sum(isinstance(event, Committed) for event in watcher.events) > 1
    assert watcher.done is not None
    assert (watcher.done.indexed, watcher.done.failed) == (PHOTOS, 0)
    until(qtbot, lambda: len(window.grid.photos) == PHOTOS)
    until(qtbot, lambda: watcher.painted() >= 15)
    assert window.status.sentence == "All 200 photos are searchable."


def test_typed_words_find_photos_that_open(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in (("one", "red"), ("two", "blue"), ("three", "red"), ("four", "green")):
        Image.new("RGB", (300, 200), colour).save(folder / f"{name}.png")
    Image.new("RGB", (301, 200), "red").save(folder / "five.png")
    window.add([folder])
    until(qtbot, lambda: len(window.grid.photos) == 5)
    field = window.header.search.line
    QTest.keyClicks(field, "red")
    until(qtbot, lambda: window.showing.query is not None)
    window.show_nearest()
    watcher = Watcher(window)
    until(qtbot, lambda: watcher.painted() == len(window.grid.photos) == 5)
    first = window.grid.tiles.rect(0)
    pixel = window.grid.viewport().grab().toImage().pixel(int(first.x + 40), int(first.y + 40))
    assert QColor(pixel).red() > 200
    assert QColor(pixel).green() < 60
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(window.grid, Qt.Key.Key_Return)
    until(qtbot, lambda: window.viewer.picture is not None)
    assert window.header.title.count in {"one.png", "three.png", "five.png"}
    QTest.keyClick(window.viewer, Qt.Key.Key_Escape)
    QTest.keyClick(window.grid, Qt.Key.Key_Escape)
    assert len(window.grid.photos) == 5
    assert field.text() == ""
