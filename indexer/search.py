"""Answer questions: a query becomes a vector, the nearest photos are ranked, the tail is cut.

The cut: a text always lies nearer to some photos than to others, even where none shows what it
says. How near chance alone comes is measured for each query anew, on a bank of photos that has
nothing to do with this library: a hit must stand `cut_z` robust standard deviations above the
bank's median (both figures travel with the encoder).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UnreadablePhoto
from indexer.library import Library
from indexer.query import Query, unread_scripts
from indexer.vectors import Nearest, VectorIndex
from indexer.view import View
from models.encoder import Encoder, Vectors
from models.errors import KnownError
from models.installed import load

BANK_ROWS = 2000  # of the library itself, where an encoder brings no bank
DEFAULT_CUT_Z = 2.3  # the top 1% of a normal distribution, where nothing was measured
SIGMA_OF_MAD = 1.4826  # the median absolute deviation of a normal distribution, inverted
AT_LEAST = 1000  # contents to fetch at first: as quick as one, and says how many match
SCRIPT_NAMES = {"CJK": "Chinese or Japanese", "HIRAGANA": "Japanese", "KATAKANA": "Japanese"}


@dataclass(frozen=True, slots=True)
class Hit:
    """One photo that answers a query."""

    photo_id: int
    path: Path
    score: float  # cosine similarity
    confidence: float | None  # None while no encoder is calibrated for it
    why: tuple[str, ...]  # "content" for what the picture shows
    taken: datetime | None
    place: str | None


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to a query, best first."""

    hits: tuple[Hit, ...]
    matches: int  # contents above the cut; may exceed the hits
    searched: int  # contents that have a vector
    note: str | None  # a sentence for the person


class Searcher:
    """Search `library` with an encoder. For one thread; nothing heavy happens before a search."""

    def __init__(
        self,
        library: Library,
        encoder_folder: Path,
        load: Callable[[Path], Encoder] = load,
    ) -> None:
        self.library = library
        self._load = load
        self._folder = encoder_folder
        self._view = View(library)
        self._encoder: Encoder | None = None
        self._index: VectorIndex | None = None
        self._bank: Vectors | None = None
        self._texts: dict[str, NDArray[np.float32]] = {}

    def close(self) -> None:
        """Let go of the library's files."""
        self._view.close()
        self._index = None

    def warm_up(self) -> None:
        """Load the text tower and map the vectors, so that the first search is quick."""
        self.encoder.texts(["warm up"])
        self._up_to_date()

    @property
    def encoder(self) -> Encoder:
        """The encoder, loaded at the first use. Raises KnownError."""
        if self._encoder is None:
            self._encoder = self._load(self._folder)
        return self._encoder

    def search(self, query: Query) -> Results:
        """The photos that answer `query`. Raises BadQuestion, BadLibrary, UnreadablePhoto."""
        query.check()
        spec = self.encoder.spec
        index = self._up_to_date()
        note, unread = self._script_note(query, spec.text.scripts)
        if unread and not query.everything:
            return Results((), 0, len(index), note)
        vector = self._vector(query)
        cut = -np.inf if query.everything else self._cut(vector, index)
        hits, matches = self._hits(query, vector, cut, index)
        return Results(hits, matches, len(index), note)

    def _up_to_date(self) -> VectorIndex:
        spec = self.encoder.spec
        if self._index is None:
            self._index = VectorIndex(self._view, spec.digest, spec.dimension)
        if self._index.refresh(self._view) and self._index.tail_is_long:
            self._index = VectorIndex(self._view, spec.digest, spec.dimension)
            self._index.refresh(self._view)
        return self._index

    def _vector(self, query: Query) -> NDArray[np.float32]:
        """The unit vector (d,) of the words, the photo, or both."""
        total = np.zeros(self.encoder.spec.dimension, np.float32)
        if query.words.strip():
            total += self._text(query.words.strip())
        if query.like is not None:
            total += self._photo(query.like)
        return np.asarray(total / max(float(np.linalg.norm(total)), 1e-12), np.float32)

    def _text(self, words: str) -> NDArray[np.float32]:
        if words not in self._texts:
            if len(self._texts) > 500:
                self._texts.clear()
            self._texts[words] = self.encoder.texts([words])[0]
        return self._texts[words]

    def _photo(self, path: Path) -> NDArray[np.float32]:
        """The vector of a photo: the library's, or made now for one that is not in it."""
        spec = self.encoder.spec
        stored = self._view.vector_of(path, spec.digest)
        if stored is not None:
            return np.frombuffer(stored, np.float16).astype(np.float32)
        from indexer.decode import Decoder

        decoder = Decoder()
        try:
            square = decoder.index(path, spec.image, None).square
            return np.asarray(self.encoder.images(square[None])[0])
        except UnreadablePhoto as error:
            raise KnownError(f"{path} can't be compared: {error}") from error
        finally:
            decoder.close()

    def _cut(self, vector: NDArray[np.float32], index: VectorIndex) -> float:
        """The least score that counts as a match for this query."""
        calibration = self.encoder.spec.calibration
        if calibration is None:
            bank, cut_z = index.sample(BANK_ROWS), DEFAULT_CUT_Z
            if not len(bank):
                return -1.0
        else:
            if self._bank is None:
                self._bank = np.load(self._folder / calibration.bank).astype(np.float32)
            bank, cut_z = self._bank, calibration.cut_z
        background = bank @ vector  # (b,)
        median = float(np.median(background))
        sigma = SIGMA_OF_MAD * float(np.median(np.abs(background - median)))
        return median + cut_z * sigma

    def _hits(
        self, query: Query, vector: NDArray[np.float32], cut: float, index: VectorIndex
    ) -> tuple[tuple[Hit, ...], int]:
        """Photos above `cut`, best first, at most `query.limit`; and how many contents match."""
        among = self._view.contents_below(query.folder) if query.folder else None
        k = max(AT_LEAST, 2 * query.limit)
        while True:
            nearest = index.nearest(vector, k, among)
            above = int((nearest.scores > cut).sum())
            hits = self._photos(query, nearest, above)
            if len(hits) >= query.limit or above < k:  # the rest lies below the cut
                return tuple(hits[: query.limit]), above
            k *= 4  # many of these contents have no photo any more: look further down

    def _photos(self, query: Query, nearest: Nearest, above: int) -> list[Hit]:
        """The photos of the first `above` contents; copies follow one another."""
        hits: list[Hit] = []
        for start in range(0, above, 500):
            contents = nearest.contents[start : min(start + 500, above)]
            photos = self._view.photos_of([int(content) for content in contents])
            for score, content in zip(nearest.scores[start:], contents, strict=False):
                for photo in photos.get(int(content), []):
                    if query.folder is None or query.folder in photo.path.parents:
                        hits.append(
                            Hit(
                                photo_id=photo.id,
                                path=photo.path,
                                score=float(score),
                                confidence=None,
                                why=("content",),
                                taken=photo.taken,
                                place=None,
                            )
                        )
            if len(hits) >= query.limit:
                break
        return hits

    def _script_note(self, query: Query, scripts: tuple[str, ...]) -> tuple[str | None, bool]:
        """A sentence where the encoder can't read the words, and whether it can read none."""
        unread, all_of_it = unread_scripts(query.words, scripts)
        if not unread:
            return None, False
        names = sorted({SCRIPT_NAMES.get(name, name.capitalize()) for name in unread})
        return (
            f"This encoder learned English. Words in {' and '.join(names)} may find little.",
            all_of_it and query.like is None,
        )
