"""Run both Core ML packages of an encoder on any machine, as an Encoder.

It is for proofs: many times slower than ONNX Runtime for single sentences, and with all weights
in float32. What a Mac would be given is what it runs (`evaluator.py` says what that proves).
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.encoder import Images, Vectors, unit_rows
from models.errors import BadEncoder
from models.mil.errors import BadPackage
from models.mil.evaluator import Evaluator, Precision
from models.once import Once
from models.spec import EncoderSpec
from models.tokenizer_choice import tokenizer_of


class MilEncoder:
    """The encoder in `folder`, by its .mlpackages. One thread at a time."""

    def __init__(self, folder: Path, precision: Precision = "float32") -> None:
        """Read the manifest; a tower is opened when it is first needed. Raises BadEncoder."""
        self.spec = EncoderSpec.read(folder)
        if self.spec.coreml is None:
            raise BadEncoder(
                f"{folder} holds no Core ML packages. Export them too, or run it with ONNX."
            )
        names = self.spec.coreml.image, self.spec.coreml.text
        self._image, self._text = (
            Once(partial(PackagedTower, folder / name, self.spec.dimension, precision))
            for name in names
        )
        self._tokenizer = Once(partial(tokenizer_of, folder, self.spec.text))

    def images(self, batch: Images) -> Vectors:
        """(n, 3, s, s) uint8 -> (n, d) float32 unit rows. Raises KnownError."""
        return self._image.get().run(batch)

    def texts(self, sentences: Sequence[str]) -> Vectors:
        """m sentences -> (m, d) float32 unit rows. Raises KnownError."""
        tokens = self._tokenizer.get().batch(sentences, self.spec.text.context_length)
        return self._text.get().run(tokens)

    def close(self) -> None:
        """Nothing is held that does not go by itself."""

    def towers(self) -> tuple[Evaluator, Evaluator]:
        """Who runs pictures and who runs sentences, to ask what they met. Raises KnownError."""
        return self._image.get().evaluator, self._text.get().evaluator


class PackagedTower:
    """A package with one input and one output, that takes any number of rows."""

    def __init__(self, package: Path, dimension: int, precision: Precision) -> None:
        """Open it. Raises BadPackage, UnknownOperation."""
        self.evaluator = Evaluator(package, precision)
        if len(self.evaluator.inputs) != 1 or len(self.evaluator.outputs) != 1:
            raise BadPackage(f"{package} is no tower: it has several inputs, or outputs.")
        ((self._fed, feature),) = self.evaluator.inputs.items()
        (self._given,) = self.evaluator.outputs
        self._dimension = dimension
        self._batches = sorted({shape[0] for shape in (feature.shape, *feature.others)})

    def run(self, rows: NDArray[Any]) -> Vectors:
        """(n, ...) -> (n, d) float32 unit rows; batches are filled up with zeros, and cut."""
        vectors = np.zeros((len(rows), self._dimension), np.float32)
        at = 0
        while at < len(rows):
            some = rows[at : at + self._batches[-1]]
            size = next(batch for batch in self._batches if batch >= len(some))
            fed = np.zeros((size, *rows.shape[1:]), rows.dtype)
            fed[: len(some)] = some
            made = self.evaluator.run({self._fed: fed})[self._given]
            if made.shape != (size, self._dimension):
                raise BadPackage(
                    f"The package gives {made.shape} for {size} rows of {self._dimension} numbers."
                )
            vectors[at : at + len(some)] = made[: len(some)]
            at += len(some)
        return unit_rows(vectors)
