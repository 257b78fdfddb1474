"""Cut sentences into tokens by a tokenizer.json, the file of the `tokenizers` library.

Most towers that are not CLIP's come with one: SigLIP's sentence pieces, BERT's word pieces. What
comes out is what open_clip's HFTokenizer gives: cleaned, cut at the context length so that the
special tokens still fit, and filled up.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tokenizers

from models.cleaning import Way, cleaned
from models.errors import BadEncoder
from models.tokenizer import Tokens


class JsonTokenizer:
    """A tokenizer.json, `pad` as its filling, and how sentences are cleaned before it."""

    def __init__(self, inner: tokenizers.Tokenizer, pad: int, clean: Way) -> None:
        padding, truncation = inner.padding or {}, inner.truncation or {}
        self._fills_left = padding.get("direction") == "left"
        self._cuts = truncation.get("direction", "right")
        self._inner = inner
        self._pad = pad
        self._clean: Way = clean
        self._length = 0
        self._setting = threading.Lock()
        inner.no_padding()  # ours costs less, and knows `pad` by its number alone

    @classmethod
    def read(cls, path: Path, pad: int, clean: Way) -> "JsonTokenizer":
        """The tokenizer of the file at `path`. Raises BadEncoder."""
        try:
            inner = tokenizers.Tokenizer.from_str(path.read_text(encoding="utf-8"))
        except Exception as error:  # the library raises plain Exceptions
            raise BadEncoder(
                f"{path} is no tokenizer.json that can be read ({error}). "
                "Install the encoder again."
            ) from error
        return cls(inner, pad, clean)

    def batch(self, sentences: Sequence[str], context_length: int) -> Tokens:
        """(n, context length) int64. What is too long loses its last words, no special token."""
        with self._setting:  # the library must not be set while another thread runs it
            if self._length != context_length:
                self._inner.enable_truncation(context_length, direction=self._cuts)
                self._length = context_length
        rows = np.full((len(sentences), context_length), self._pad, np.int64)
        for row, sentence in zip(rows, sentences, strict=True):
            # One by one: `encode_batch` starts threads of its own, which do not outlive a fork.
            numbers = self._inner.encode(cleaned(spelled(sentence), self._clean)).ids
            at = context_length - len(numbers) if self._fills_left else 0
            row[at : at + len(numbers)] = numbers
        return rows


def spelled(sentence: str) -> str:
    """The sentence with "?" for what UTF-8 can not spell: half a character from a broken name."""
    return sentence.encode("utf-8", "replace").decode()
