"""The window's parts and how they are arranged, remembered, coloured and stopped.

What they do together is in `window`.
"""

from PySide6.QtCore import QByteArray, QEvent, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QToolBar, QVBoxLayout, QWidget

from app import remembered
from app.bridge import Bridge
from app.grid import Place
from app.grid_input import PhotoGrid
from app.header import Header
from app.message import Message
from app.problems import Problems
from app.progress_panel import ProgressPanel
from app.reading import Reader
from app.reveal import reveal
from app.searching import Search
from app.sources import Sources
from app.status import StatusLine
from app.strip import Strip
from app.thumbnails import Thumbnails
from app.viewer import Viewer
from indexer.thumbnails import thumbnail_path

FIRST_SIZE, LEAST_SIZE = (1280, 820), (640, 480)
NEW_LOOKS = {
    QEvent.Type.PaletteChange,
    QEvent.Type.ApplicationPaletteChange,
    QEvent.Type.FontChange,
    QEvent.Type.ApplicationFontChange,
    QEvent.Type.StyleChange,
    QEvent.Type.ThemeChange,
}


class Frame(QMainWindow):
    """All parts, none of which knows another one."""

    def __init__(self, sources: Sources) -> None:
        super().__init__()
        self._library = sources.library
        self._is_ready = self._has_ended = False
        self.reader = Reader(sources, self)
        self.thumbnails = Thumbnails(
            lambda content, side: thumbnail_path(sources.library, content, side), self
        )
        self.search = Search(sources, self)
        self.bridge = Bridge(sources.client, self)
        self.header = Header(self)
        self.grid = PhotoGrid(self.thumbnails, self)
        self.message = Message(self)
        self.viewer = Viewer(sources, self.thumbnails, self)
        self.strip = Strip(self)
        self.status = StatusLine(self)
        self.pages = QStackedWidget(self)
        self.progress = ProgressPanel(self)
        self.problems = Problems(sources, reveal, self)
        self._arrange()
        self._is_ready = True

    def library_place(self) -> Place:
        """Where the library stands, to come back to at the next start."""
        return self.grid.place()

    def changeEvent(self, event: QEvent) -> None:
        """Follow the system's colours and fonts, and which window is in front."""
        super().changeEvent(event)
        if not self._is_ready:
            return
        if event.type() in NEW_LOOKS:
            self.colour()
        elif event.type() == QEvent.Type.ActivationChange:
            self.grid.viewport().update()

    def colour(self) -> None:
        """Take the colours of the system as they are now."""
        self.header.search.colour()
        self.message.arrange()
        self.strip.colour()
        self.progress.colour()
        self.problems.colour()
        self.grid.lay_out()
        self.update()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember, vanish, and stop all that was started."""
        if not self._has_ended:
            self._remember()
        event.accept()
        self.hide()
        self.stop()

    def stop(self) -> None:
        """Stop everything, in the reverse of how it starts. All are told first, then awaited."""
        if self._has_ended:
            return
        self._has_ended = True
        for part in (self.bridge, self.search, self.viewer, self.problems):
            part.end()
        self.thumbnails.end()
        self.reader.end()
        self.bridge.close()
        self.search.close()
        self.viewer.close_worker()
        self.problems.close_worker()
        self.thumbnails.close()
        self.reader.close()

    def recall(self) -> remembered.Remembered:
        """Be as large, and where, one was."""
        was = remembered.read(self._library)
        self.resize(*FIRST_SIZE)
        if was.geometry:
            self.restoreGeometry(QByteArray.fromBase64(was.geometry.encode()))
        self.grid.zoom_to(was.step)
        self.header.slider.setValue(self.grid.step)
        return was

    def _remember(self) -> None:
        if not self._library.root.exists():
            return  # nothing ever happened here
        place = self.library_place()
        geometry = self.saveGeometry().toBase64().toStdString()
        remembered.write(
            self._library,
            remembered.Remembered(geometry, self.grid.step, place.photo_id, place.y),
        )

    def _arrange(self) -> None:
        self.setWindowTitle("Sightword")
        self.setMinimumSize(*LEAST_SIZE)
        self.setAcceptDrops(True)
        self.setUnifiedTitleAndToolBarOnMac(True)
        bar = QToolBar("Toolbar", self)
        bar.setMovable(False)
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        bar.toggleViewAction().setEnabled(False)
        layout = bar.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)
        bar.addWidget(self.header)
        self.addToolBar(bar)
        for page in (self.grid, self.message, self.viewer):
            self.pages.addWidget(page)
        middle = QWidget(self)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.strip, self.pages, self.status):
            column.addWidget(part, 1 if part is self.pages else 0)
        self.setCentralWidget(middle)
        QWidget.setTabOrder(self.header.search.line, self.grid)
        QWidget.setTabOrder(self.grid, self.header.slider)
        QWidget.setTabOrder(self.header.slider, self.header.add)
