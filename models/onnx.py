"""Run an encoder's two towers with ONNX Runtime.

Each tower is loaded when it is first needed: the indexer never reads words, the window never
encodes photos, and neither pays for the other.
"""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

from models.encoder import Images, Vectors
from models.errors import BadEncoder
from models.spec import EncoderSpec
from models.tokenizer import Tokenizer

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

T = TypeVar("T")

BATCH = 32  # rows a run: more make it no quicker on a CPU, and take more memory


class OnnxEncoder:
    """An encoder from a folder with a manifest. Any number of threads may use it at once."""

    def __init__(self, folder: Path, threads: int = 1) -> None:
        """Read the manifest. `threads` is for one run of one tower. Raises BadEncoder."""
        self.spec = EncoderSpec.read(folder)
        image, text = folder / self.spec.image.file, folder / self.spec.text.file
        self._image = _Once(partial(_session, image, threads))
        self._text = _Once(partial(_session, text, threads))
        self._tokenizer = _Once(partial(Tokenizer.read, folder / self.spec.text.tokenizer))

    def images(self, batch: Images) -> Vectors:
        """(n, 3, s, s) uint8 -> (n, d) float32 unit rows."""
        rows = np.zeros((len(batch), self.spec.dimension), np.float32)
        for at in range(0, len(batch), BATCH):
            fed = {"images": np.ascontiguousarray(batch[at : at + BATCH])}
            rows[at : at + BATCH] = self._image.get().run(["vectors"], fed)[0]
        return rows

    def texts(self, sentences: Sequence[str]) -> Vectors:
        """m sentences -> (m, d) float32 unit rows."""
        rows = np.zeros((len(sentences), self.spec.dimension), np.float32)
        for at in range(0, len(sentences), BATCH):
            some = sentences[at : at + BATCH]
            tokens = self._tokenizer.get().batch(some, self.spec.text.context_length)
            longest = int(np.count_nonzero(tokens.any(axis=0)))  # behind it all is padding
            fed = {"tokens": np.ascontiguousarray(tokens[:, :longest])}
            rows[at : at + BATCH] = self._text.get().run(["vectors"], fed)[0]
        return rows


class _Once(Generic[T]):
    """A value made at its first use, by one thread, and kept."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def get(self) -> T:
        """The value. A failed attempt is tried again at the next use."""
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]


def _session(path: Path, threads: int) -> "InferenceSession":
    """One tower on the CPU. Raises BadEncoder if the file is no ONNX model."""
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
