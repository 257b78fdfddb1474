"""What every encoder can do, whoever runs its towers.

ONNX Runtime, Core ML, torch and the fakes of the tests all satisfy this protocol; nothing else
in the project knows which of them it talks to.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.spec import EncoderSpec

Images = NDArray[np.uint8]  # (n, 3, s, s) RGB 0..255, resized and cropped by `preprocess`
Vectors = NDArray[np.float32]  # (n, d), unit rows: cosine similarity is the dot product

EXACT = 1e-5  # what float32 leaves of a length of 1 after a tower has made it so


class Encoder(Protocol):
    """Pictures and sentences to vectors of one space."""

    @property
    def spec(self) -> EncoderSpec:
        """The recipe: what to feed, and what comes out."""
        ...

    def images(self, batch: Images) -> Vectors:
        """A row a picture. Any batch size, zero included; the batch is not changed."""
        ...

    def texts(self, sentences: Sequence[str]) -> Vectors:
        """A row a sentence, in order. Any sentence: empty and very long ones too."""
        ...


def unit_rows(rows: NDArray[np.floating]) -> Vectors:
    """(n, d) -> (n, d) float32, each row of length 1; rows of zeros stay as they are.

    Rows that have that length already keep every bit.
    """
    rows = rows.astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)  # (n, 1)
    off = (np.abs(lengths - 1) > EXACT) & (lengths > 0)
    return np.asarray(np.divide(rows, lengths, out=rows, where=off), np.float32)
