"""What the window's worker threads do: read the library, search, open a photo."""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from app import words
from app.photos import Photos
from app.sources import Decodes, Reads, Searches, Sources
from models.errors import KnownError

if TYPE_CHECKING:
    from indexer.photo import Counts, Folder, Photo
    from indexer.query import Query
    from indexer.search import Results

WARM_UP = None  # the question that only loads what a search needs


@dataclass(frozen=True)
class Reading:
    """What is in the library."""

    photos: Photos
    folders: "list[Folder]"
    counts: "Counts"
    seconds: float  # that it took to read


class LibraryAnswers:
    """Read all photos, ready to be shown."""

    def __init__(self, sources: Sources) -> None:
        self._view: Reads = sources.view()

    def answer(self, question: object) -> Reading:
        """All of the library now."""
        start = time.monotonic()
        photos = Photos.of(self._view.table()).prepared()
        folders, counts = self._view.folders(), self._view.counts()
        return Reading(photos, folders, counts, time.monotonic() - start)

    def stop(self) -> None:
        """A reading is short: let it end."""

    def close(self) -> None:
        """Let go of the library."""
        self._view.close()


class SearchAnswers:
    """Search for words."""

    def __init__(self, sources: Sources) -> None:
        self._searcher: Searches = sources.searcher()

    def answer(self, question: "Query | None") -> "Results | None":
        """The photos that match; nothing for WARM_UP."""
        if question is WARM_UP:
            self._searcher.warm_up()
            return None
        return self._searcher.search(question)

    def stop(self) -> None:
        """A search is short: let it end."""

    def close(self) -> None:
        """Let go of the model and the vectors."""
        self._searcher.close()


@dataclass(frozen=True, slots=True)
class Opening:
    """A photo to be opened, to fit a screen of `fit` pixels."""

    photo_id: int
    fit: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Opened:
    """A photo on the screen, or the sentence that says why not."""

    photo_id: int
    name: str
    image: QImage | None
    sentence: str


class PictureAnswers:
    """Decode full pictures, in a process that strangers' files may crash."""

    def __init__(self, sources: Sources) -> None:
        self._view: Reads = sources.view()
        self._decoder: Decodes = sources.decoder()

    def answer(self, question: Opening) -> Opened:
        """The picture of one photo."""
        photo = self._view.photo(question.photo_id)
        if photo is None:
            return Opened(question.photo_id, "", None, words.GONE)
        try:
            pixels = self._decoder.picture(photo.path, question.fit)
        except KnownError as known:
            return Opened(question.photo_id, photo.path.name, None, self._why(photo, str(known)))
        return Opened(question.photo_id, photo.path.name, image_of(pixels), "")

    def stop(self) -> None:
        """End the decoder, even in the middle of a photo."""
        self._decoder.close()

    def close(self) -> None:
        """End the decoder."""
        self._decoder.close()
        self._view.close()

    def _why(self, photo: "Photo", known: str) -> str:
        """The sentence for a photo that gave no picture."""
        if photo.path.exists():
            return known
        for folder in self._view.folders():
            if photo.path.is_relative_to(folder.path) and not folder.path.exists():
                return words.away(folder.path.name)
        return words.GONE


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """A QImage with its own copy of `pixels`, (h, w, 3) RGB."""
    height, width, _ = pixels.shape
    whole = np.ascontiguousarray(pixels)
    image = QImage(whole.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy, and quick to paint
