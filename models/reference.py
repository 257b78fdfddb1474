"""Run an encoder's two towers with torch, as they were trained: what every export is held against.

Exact and slow, for training and export alone: the running app never loads it.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from models.encoder import Images, Vectors
from models.exportable import Exportable
from models.spec import EncoderSpec
from models.tokenizer_choice import tokenizer_of

BATCH = 16  # rows a run: what the large towers keep of each layer fits the memory of a laptop


class ReferenceEncoder:
    """The Encoder protocol over an Exportable, in float32."""

    def __init__(self, exportable: Exportable) -> None:
        """Raises BadEncoder where the tokenizer can not be read."""
        self.spec: EncoderSpec = exportable.spec
        self._images = exportable.images.eval()
        self._texts = exportable.texts.eval()
        path = exportable.tokenizer
        self._tokenizer = tokenizer_of(path.parent, replace(self.spec.text, tokenizer=path.name))

    def images(self, batch: Images) -> Vectors:
        """(n, 3, s, s) uint8 -> (n, d) float32 unit rows."""
        rows = np.zeros((len(batch), self.spec.dimension), np.float32)
        with torch.inference_mode():
            for at in range(0, len(batch), BATCH):
                some = torch.from_numpy(np.ascontiguousarray(batch[at : at + BATCH]))
                rows[at : at + BATCH] = self._images(some).numpy()
        return rows

    def texts(self, sentences: Sequence[str]) -> Vectors:
        """m sentences -> (m, d) float32 unit rows."""
        rows = np.zeros((len(sentences), self.spec.dimension), np.float32)
        with torch.inference_mode():
            for at in range(0, len(sentences), BATCH):
                some = sentences[at : at + BATCH]
                tokens = self._tokenizer.batch(some, self.spec.text.context_length)
                rows[at : at + BATCH] = self._texts(torch.from_numpy(tokens)).numpy()
        return rows

    def close(self) -> None:
        """Nothing is held that does not go by itself."""
