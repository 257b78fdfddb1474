"""Read the tokenizer that an encoder's manifest names, whoever's it is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from models.spec import TextSpec
from models.tokenizer import Tokenizer, Tokens


class Batches(Protocol):
    """What every tokenizer can do."""

    def batch(self, sentences: Sequence[str], context_length: int) -> Tokens:
        """(n, context length) int64: a row a sentence, filled up and cut to that length."""
        ...


def tokenizer_of(folder: Path, text: TextSpec) -> Batches:
    """The tokenizer of the encoder in `folder`. Raises BadEncoder: its file is not what it says.

    What others' tables need is imported only for them.
    """
    path = folder / text.tokenizer
    if text.kind == "clip":
        from models.clip_bpe import ClipTokenizer

        return ClipTokenizer.read(path)
    if text.kind == "tokenizers":
        from models.tokenizers_json import JsonTokenizer

        return JsonTokenizer.read(path, text.pad, text.clean)
    return Tokenizer.read(path)
