"""The window: what its parts do together, and which of them shows.

It paints first and begins its work after: nothing heavy is imported, read or started before the
first paint.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from app import folders as folder_dialog
from app import menus, states, words
from app.answers import Reading
from app.frame import Frame
from app.grid import Place
from app.indexing import Indexing
from app.interrupts import Interrupts
from app.progress import SAID_S
from app.showing import Showing
from app.sources import Sources, real
from indexer.library import Library

Choose = Callable[[QWidget], Path | None]


class Window(Frame):
    """Sightword's window over one library. `folders` join it."""

    def __init__(
        self,
        sources: Sources,
        folders: Sequence[Path] = (),
        choose: Choose = folder_dialog.choose,
    ) -> None:
        super().__init__(sources)
        self._folders = list(folders)
        self._choose = choose
        self._has_begun = False
        self.showing = Showing(self.grid, self.reader, self.search, self)
        self.indexing = Indexing(
            self.bridge, self.reader, self.search, self.showing, self.strip, self.status
        )
        self.indexing.serve(self.header.ring, self.progress, self.problems)
        was = self.recall()
        if was.photo_id is not None:
            self.showing.left_at = Place(was.photo_id, 0, was.y)
        self._connect()
        menus.build(self)
        self._show()
        self.header.search.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        """After the first paint, begin."""
        super().paintEvent(event)
        if not self._has_begun:
            self._has_begun = True
            QTimer.singleShot(0, self.reader.look)

    def _begin(self, reading: Reading) -> None:
        """The library is on the screen: now the rest may start."""
        if reading.folders:
            self.bridge.refresh()
            self.search.warm_up()
        if self._folders:
            self.add(self._folders)

    def _connect(self) -> None:
        header, grid = self.header, self.grid
        self.showing.began.connect(self._begin)
        self.showing.changed.connect(self._show)
        self.showing.noted.connect(self.strip.say_or_hush)
        for troubled in (self.reader.troubled, self.search.troubled):
            troubled.connect(self.strip.say)
        self.indexing.changed.connect(self._show)
        header.search.typed.connect(self._typed)
        header.search.entered.connect(lambda: self.search.now())
        header.search.escaped.connect(self.escape)
        header.search.left.connect(self._enter_grid)
        header.back_pressed.connect(self.close_photo)
        header.add_pressed.connect(self.choose_folder)
        header.zoomed.connect(grid.zoom_to)
        grid.zoomed.connect(header.slider.setValue)
        grid.opened.connect(self.open_photo)
        grid.typed.connect(header.search.begin)
        grid.escaped.connect(self.clear_search)
        grid.refused.connect(lambda sentence: self.status.say(sentence, SAID_S))
        grid.selected.connect(lambda n: self.status.select(words.selected(n)))
        self.viewer.closed.connect(self.close_photo)
        self.viewer.shown.connect(self._viewer_shows)
        self.message.pressed.connect(self._message_pressed)

    def library_place(self) -> Place:
        """Where the library stands, to come back to at the next start."""
        return self.showing.library_place()

    def choose_folder(self) -> None:
        """Ask for a folder, and let it join the library."""
        chosen = self._choose(self)
        if chosen is not None:
            self.add([chosen])

    def add(self, paths: Sequence[Path]) -> None:
        """Let folders join the library; say so where something is not a folder."""
        folders = [path for path in paths if path.is_dir()]
        if len(folders) < len(paths):
            self.strip.say(words.NOT_A_FOLDER)
        if folders:
            self.indexing.begin()
            self.bridge.add(folders)
            self._show()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A folder may be dropped anywhere."""
        if folder_dialog.dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Let it join the library."""
        event.acceptProposedAction()
        self.add(folder_dialog.dropped(event.mimeData()))

    def start_search(self) -> None:
        """Go into the search field."""
        self.close_photo()
        self.header.search.enter()

    def clear_search(self) -> None:
        """Empty the line, and be back in the library."""
        if self.header.search.text():
            self.header.search.clear()

    def escape(self) -> None:
        """In the field, one thing a press: clear the line, or go to the photos."""
        if self.header.search.text():
            self.header.search.clear()
        else:
            self._enter_grid()

    def show_nearest(self) -> None:
        """Show what lies nearest to the line, whether it matches or not."""
        self.search.now(everything=True)

    def _typed(self, line: str) -> None:
        self.close_photo()
        self.search.type(line)

    def _enter_grid(self) -> None:
        if self.pages.currentWidget() is self.grid:
            self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
            if not self.grid.currentIndex().isValid() and len(self.grid.photos):
                self.grid.enter()

    def open_photo(self, row: int) -> None:
        """Show photo `row` of the grid large."""
        self.pages.setCurrentWidget(self.viewer)
        self.header.back.show()
        self.viewer.setFocus()
        self.viewer.open(self.grid.photos, row)

    def open_current(self) -> None:
        """Show the current photo large."""
        index = self.grid.currentIndex()
        if index.isValid() and self.pages.currentWidget() is self.grid:
            self.open_photo(index.row())

    def close_photo(self) -> None:
        """Back to the tiles, at the photo that was shown last."""
        if self.pages.currentWidget() is not self.viewer:
            return
        photo_id = self.viewer.photo_id
        self.header.back.hide()
        self.pages.setCurrentWidget(self.grid)
        row = None if photo_id is None else self.grid.photos.row(photo_id)
        if row is not None:
            self.grid.make_current(row)
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        self._show()

    def _viewer_shows(self, row: int, name: str) -> None:
        date = words.long_day(float(self.viewer.photos.taken_s[row]))
        self.header.title.say(date, name)

    def toggle_full_screen(self) -> None:
        """Fill the screen, or be a window again."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _message_pressed(self) -> None:
        if self.showing.query is not None:
            self.show_nearest()
        else:
            self.choose_folder()

    def _show(self) -> None:
        """Bring page, title, ring and status line up to date."""
        showing, run = self.showing, self.indexing.run
        self.indexing.show_on(self.header.ring, self.progress)
        sentence = states.sentence(showing, run)
        self.status.stand(sentence, leads=sentence == words.unreadable(self.indexing.failed))
        if self.pages.currentWidget() is self.viewer:
            return
        n = len(showing.photos)
        title = "Library" if showing.query is None else "Results"
        self.header.title.say(title, words.photos(n) if n else "")
        is_new = not self._library.database.exists() and not self._folders
        notice = None if n else states.notice(showing, run, is_new)
        if notice is not None:
            self.message.say(notice)
        self.pages.setCurrentWidget(self.grid if notice is None else self.message)


def open_window(library: Library, encoder: str | None, folders: Sequence[Path]) -> int:
    """Show the window until it is closed; the exit status. `folders` join the library."""
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Sightword")
    application.setDesktopFileName("sightword")
    window = Window(real(library, encoder), folders)
    window.show()
    try:
        with Interrupts(window.close):
            return application.exec()
    finally:
        window.stop()
