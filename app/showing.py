"""What the grid shows: the library, or the answer to a question. And the way back."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.answers import Reading
from app.grid import TOP, Grid, Place
from app.photos import Photos
from app.reading import Reader
from app.searching import Search

if TYPE_CHECKING:
    from indexer.query import Query
    from indexer.search import Results


class Showing(QObject):
    """Fill the grid from the reader and the search. The library stays where it was left."""

    changed = Signal()
    began = Signal(object)  # Reading: the first one is on the screen
    noted = Signal(str)  # a sentence about the answer; empty where there is nothing to say

    def __init__(
        self, grid: Grid, reader: Reader, search: Search, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._grid = grid
        self._search = search
        self.reading: Reading | None = None
        self.query: Query | None = None  # whose results are shown
        self.results: Results | None = None
        self.left_at = TOP  # where the library stood before a search
        self._left_current: int | None = None
        self._is_stale = False  # the results are older than the library
        reader.read.connect(self._read)
        search.found.connect(self._found)
        search.cleared.connect(self._cleared)
        grid.moved.connect(self._moved)

    @property
    def library(self) -> Photos:
        """All photos, as last read."""
        return self.reading.photos if self.reading else Photos.none()

    @property
    def photos(self) -> Photos:
        """What the grid shows."""
        return self._grid.photos

    def library_place(self) -> Place:
        """Where the library stands, or stood before the search."""
        return self._grid.place() if self.query is None and self.reading else self.left_at

    def _read(self, reading: Reading) -> None:
        is_first, self.reading = self.reading is None, reading
        if self.query is None:
            self._grid.show_photos(reading.photos, self.left_at if is_first else None)
        elif self._grid.offset <= 0:
            self._search.again()
        else:
            self._is_stale = True  # new matches wait until the person is at the top
        if is_first:
            self.began.emit(reading)
        self.changed.emit()

    def _moved(self) -> None:
        if self._is_stale and self._grid.offset <= 0:
            self._is_stale = False
            self._search.again()

    def _found(self, query: "Query", results: "Results") -> None:
        if self.query is None:
            self.left_at, self._left_current = self._grid.place(), self._grid.current_id()
        is_same = self.query is query
        self.query, self.results, self._is_stale = query, results, False
        photos = self.library.picked([hit.photo_id for hit in results.hits])
        self._grid.show_photos(photos, None if is_same else TOP)
        if not is_same or results.note:
            self.noted.emit(results.note or "")
        self.changed.emit()

    def _cleared(self) -> None:
        if self.query is None:
            return
        self.query = self.results = None
        self._grid.show_photos(self.library, self.left_at, self._left_current)
        self.noted.emit("")
        self.changed.emit()
