"""One encoder as a search needs it: its text tower, its cut and its vectors, never another's.

The cut: a text always lies nearer to some photos than to others, even where none shows what it
says. How near chance alone comes is measured for each query anew, on a bank of photos that has
nothing to do with this library: a hit must stand `cut_z` robust standard deviations above the
bank's median (both figures travel with the encoder).
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.errors import UnreadablePhoto
from indexer.vectors import VectorIndex
from indexer.view import View
from models.encoder import Encoder, Vectors, bank_of
from models.errors import KnownError
from models.spec import EncoderSpec

BANK_ROWS = 2000  # of the library itself, where an encoder brings no bank
DEFAULT_CUT_Z = 2.3  # the top 1% of a normal distribution, where nothing was measured
SIGMA_OF_MAD = 1.4826  # the median absolute deviation of a normal distribution, inverted
MOST_TEXTS = 500  # vectors of words that are kept


class Space:
    """The space of one encoder. For one thread at a time; the views handed in are that thread's."""

    def __init__(self, folder: Path, load: Callable[[Path], Encoder]) -> None:
        """Load the encoder in `folder`; its towers at their first use. Raises KnownError."""
        self._folder = folder
        self._encoder = load(folder)
        self._index: VectorIndex | None = None
        self._bank: Vectors | None = None
        self._texts: dict[str, NDArray[np.float32]] = {}

    @property
    def spec(self) -> EncoderSpec:
        """The encoder's own."""
        return self._encoder.spec

    def warm_up(self, view: View) -> None:
        """Load the text tower and map the vectors, so that the first search is quick."""
        self._encoder.texts(["warm up"])
        self.vectors(view)

    def close(self) -> None:
        """Let go of the encoder."""
        self._encoder.close()

    def vectors(self, view: View) -> VectorIndex:
        """All vectors of this encoder that are committed now."""
        if self._index is None:
            self._index = VectorIndex(view, self.spec.digest, self.spec.dimension)
        if self._index.refresh(view) and self._index.tail_is_long:
            self._index = VectorIndex(view, self.spec.digest, self.spec.dimension)
            self._index.refresh(view)
        return self._index

    def text(self, words: str) -> NDArray[np.float32]:
        """The unit vector (d,) of words."""
        if words not in self._texts:
            if len(self._texts) > MOST_TEXTS:
                self._texts.clear()
            self._texts[words] = self._encoder.texts([words])[0]
        return self._texts[words]

    def photo(self, view: View, path: Path) -> NDArray[np.float32]:
        """The vector (d,) of a photo: the library's, or made now for one that is not in it."""
        stored = view.vector_of(path, self.spec.digest)
        if stored is not None:
            return np.frombuffer(stored, np.float16).astype(np.float32)
        from indexer.decode import Decoder

        decoder = Decoder()
        try:
            square = decoder.index(path, self.spec.image, None).square
            return np.asarray(self._encoder.images(square[None])[0])
        except UnreadablePhoto as error:
            raise KnownError(f"{path} can't be compared: {error}") from error
        finally:
            decoder.close()

    def cut(self, vector: NDArray[np.float32], index: VectorIndex) -> float:
        """The least score that counts as a match for this query. Raises BadEncoder."""
        calibration = self.spec.calibration
        if calibration is None:
            bank, cut_z = index.sample(BANK_ROWS), DEFAULT_CUT_Z
            if not len(bank):
                return -1.0
        else:
            if self._bank is None:
                self._bank = bank_of(self._folder, self.spec)
                assert self._bank is not None
            bank, cut_z = self._bank, calibration.cut_z
        background = bank @ vector  # (b,)
        median = float(np.median(background))
        sigma = SIGMA_OF_MAD * float(np.median(np.abs(background - median)))
        return median + cut_z * sigma
