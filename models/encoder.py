"""What every encoder can do, whoever runs its towers.

ONNX Runtime, Core ML, torch and the fakes of the tests all satisfy this protocol; nothing else
in the project knows which of them it talks to.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.errors import BadEncoder
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

    def close(self) -> None:
        """Let go of what does not go by itself, such as a process. It is not asked afterwards."""
        ...


def unit_rows(rows: NDArray[np.floating]) -> Vectors:
    """(n, d) -> (n, d) float32, each row of length 1; rows of zeros stay as they are.

    Rows that have that length already keep every bit.
    """
    rows = rows.astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)  # (n, 1)
    off = (np.abs(lengths - 1) > EXACT) & (lengths > 0)
    return np.asarray(np.divide(rows, lengths, out=rows, where=off), np.float32)


def bank_of(folder: Path, spec: EncoderSpec) -> Vectors | None:
    """(b, d) float32, the bank that the encoder in `folder` brings; None where it brings none.

    Raises BadEncoder where it is damaged or of another encoder: no search could be cut by it.
    """
    if spec.calibration is None:
        return None
    path = folder / spec.calibration.bank
    try:
        bank = np.load(path, mmap_mode="r", allow_pickle=False)  # claims no memory before it is one
        if bank.ndim != 2 or not len(bank) or bank.shape[1] != spec.dimension:
            raise ValueError(f"{bank.shape} where {spec.dimension} numbers a row should be")
        rows = bank.astype(np.float32)
        if bank.dtype.kind != "f" or not np.isfinite(rows).all():
            raise ValueError("not all of it are numbers")
    except (OSError, ValueError, EOFError, AttributeError) as error:
        raise BadEncoder(f"{path} is damaged ({error}). Install the encoder again.") from error
    return np.asarray(rows)
