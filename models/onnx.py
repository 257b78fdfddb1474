"""Run an encoder's two towers with ONNX Runtime.

Each tower is loaded when it is first needed: the indexer never reads words, the window never
encodes photos, and neither pays for the other.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.encoder import Images, Vectors, unit_rows
from models.errors import BadEncoder
from models.once import Once
from models.preprocess import normalise
from models.spec import EncoderSpec
from models.tokenizer_choice import tokenizer_of

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

BATCH = 32  # rows a run: more make it no quicker on a CPU, and take more memory


class OnnxEncoder:
    """An encoder from a folder with a manifest. Any number of threads may use it at once."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Read the manifest. `threads` is for one run of one tower. Raises BadEncoder."""
        spec = self.spec = EncoderSpec.read(folder)
        image, text = folder / spec.image.file, folder / spec.text.file
        self._image = Once(partial(Tower, image, spec.image.input, spec.image.output, threads))
        self._text = Once(partial(Tower, text, spec.text.input, spec.text.output, threads))
        self._tokenizer = Once(partial(tokenizer_of, folder, spec.text))

    def images(self, batch: Images) -> Vectors:
        """(n, 3, s, s) uint8 -> (n, d) float32 unit rows. Raises BadEncoder."""
        rows = np.zeros((len(batch), self.spec.dimension), np.float32)
        for at in range(0, len(batch), BATCH):
            some = np.ascontiguousarray(batch[at : at + BATCH])
            fed = some if self.spec.image.takes == "bytes" else normalise(some, self.spec.image)
            rows[at : at + BATCH] = self._image.get().run(fed, self.spec.dimension)
        return rows

    def texts(self, sentences: Sequence[str]) -> Vectors:
        """m sentences -> (m, d) float32 unit rows. Raises BadEncoder."""
        rows = np.zeros((len(sentences), self.spec.dimension), np.float32)
        for at in range(0, len(sentences), BATCH):
            fed = self._tokens(sentences[at : at + BATCH])
            rows[at : at + BATCH] = self._text.get().run(fed, self.spec.dimension)
        return rows

    def close(self) -> None:
        """Nothing is held that does not go by itself."""

    def _tokens(self, sentences: Sequence[str]) -> NDArray[np.signedinteger[Any]]:
        """(m, l) of the kind of integer that the tower wants; l as short as it may be."""
        text = self.spec.text
        tokens = self._tokenizer.get().batch(sentences, text.context_length)
        if not text.fixed:  # behind the longest it is all padding
            used = np.flatnonzero((tokens != text.pad).any(axis=0))
            tokens = tokens[:, : used[-1] + 1 if len(used) else 1]
        return np.ascontiguousarray(tokens, np.int32 if text.integers == "int32" else np.int64)


class Tower:
    """One tower on the CPU: an array in, rows out. Raises BadEncoder if it is not as described."""

    def __init__(self, path: Path, source: str, result: str, threads: int) -> None:
        self._path, self._source, self._result = path, source, result
        self._session = _session(path, threads)
        takes = [one.name for one in self._session.get_inputs()]
        gives = [one.name for one in self._session.get_outputs()]
        if takes != [source] or result not in gives:
            raise BadEncoder(
                f"{path} takes {', '.join(takes)} and gives {', '.join(gives)}; its manifest says "
                f"{source} and {result}. Install the encoder again."
            )

    def run(self, fed: NDArray[Any], dimension: int) -> Vectors:
        """(n, ...) -> (n, d) float32 unit rows."""
        try:
            (rows,) = self._session.run([self._result], {self._source: fed})
        except Exception as error:  # its exceptions share no base class of their own
            raise BadEncoder(
                f"{self._path} does not take what its manifest says. "
                f"Install the encoder again. ({error})"
            ) from error
        if rows.shape != (len(fed), dimension):
            raise BadEncoder(
                f"{self._path} gives rows of shape {rows.shape[1:]} where its manifest says "
                f"{dimension}. Install the encoder again."
            )
        return unit_rows(rows)


def _session(path: Path, threads: int) -> "InferenceSession":
    """The tower's file, loaded. Raises BadEncoder if it is no ONNX model."""
    import onnxruntime  # 0.1 s and 30 MB, so only where a tower is really used

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # be a good neighbour
    options.log_severity_level = 3  # errors alone; they are raised as well
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions share no base class of their own
        raise BadEncoder(
            f"{path} can not be loaded. Install the encoder again. ({error})"
        ) from error
