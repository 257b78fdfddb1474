"""Cut a sentence into tokens: byte-level byte-pair encoding, as CLIP does it.

A sentence is lower-cased and cut into words. Each word is spelled in bytes, so that any script
and any emoji has a spelling, and then the merges that were learnt from captions are applied,
oldest first: `d` `o` `g</w>` becomes `do` `g</w>` and then `dog</w>`. `</w>` marks a word's end.

The method is Sennrich et al. 2016 (https://arxiv.org/abs/1508.07909) over bytes, as in GPT-2 and
CLIP; the table is our own (`train_tokenizer.py`), because CLIP's 49,408 tokens would need more
weights than both our towers together.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.errors import BadEncoder

Tokens = NDArray[np.int64]  # (n, context length): start, tokens, end, then zeros
Pair = tuple[bytes, bytes]

END_OF_WORD = b"</w>"  # never mistaken for text: "<", "/", "w" and ">" come as bytes of their own
HEADER = "#sightword-bpe 1"

# A run of letters, one digit, or a run of anything else that is not white space. Digits stand
# alone so that "2019" and "2020" share what they have in common.
WORD = re.compile(r"'(?:s|t|re|ve|m|ll|d)\b|[^\W\d_]+|\d|(?:[^\w\s]|_)+")


def clean(text: str) -> str:
    """Lower case, one space between words, and one spelling for each accented letter (NFC).

    >>> clean("  A  Birthday\\tCAKE ")
    'a birthday cake'
    """
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def words(text: str) -> list[str]:
    """The pieces that merges never cross.

    >>> words("The dog's 2 balls!")
    ['the', 'dog', "'s", '2', 'balls', '!']
    """
    return WORD.findall(clean(text))


def spell(word: str) -> list[bytes]:
    """The bytes of a word, the last one marked as the end. Lone surrogates become "?"."""
    letters = [bytes([byte]) for byte in word.encode("utf-8", "replace")]
    letters[-1] += END_OF_WORD
    return letters


class Tokenizer:
    """Sentences to numbers and back.

    The numbers are: 0 to 255 bytes, 256 to 511 bytes that end a word, then a number a merge in
    the order they were learnt, then start and end. The end has the largest number of all, so
    that `tokens.argmax(axis=1)` finds it, as in CLIP.
    """

    def __init__(self, merges: Sequence[Pair]) -> None:
        letters = [bytes([byte]) for byte in range(256)]
        vocabulary = letters + [letter + END_OF_WORD for letter in letters]
        vocabulary += [left + right for left, right in merges]
        self._bytes = vocabulary
        self._number = {token: number for number, token in enumerate(vocabulary)}
        self._rank = {pair: rank for rank, pair in enumerate(merges)}
        self.start = len(vocabulary)
        self.end = self.start + 1
        self.size = self.start + 2
        self._word = lru_cache(maxsize=65536)(self._encode_word)

    @classmethod
    def read(cls, path: Path) -> "Tokenizer":
        """The tokenizer of a file written by `write`. Raises BadEncoder."""
        try:
            header, *lines = path.read_text(encoding="ascii").splitlines()
            merges = [
                (bytes.fromhex(left), bytes.fromhex(right)) for left, right in map(str.split, lines)
            ]
        except (OSError, ValueError) as error:
            raise BadEncoder(
                f"{path} is no token table of ours. Install the encoder again."
            ) from error
        if header != HEADER:
            raise BadEncoder(f"{path} is no token table of ours. Install the encoder again.")
        return cls(merges)

    def write(self, path: Path) -> None:
        """One merge a line, both halves in hexadecimal: safe for any byte, easy to read back."""
        lines = [f"{left.hex()} {right.hex()}" for left, right in self._rank]
        path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="ascii")

    def encode(self, text: str) -> list[int]:
        """The tokens of one sentence, without start and end."""
        return [number for word in words(text) for number in self._word(word)]

    def decode(self, numbers: Iterable[int]) -> str:
        """The words of `numbers`, a space between them; start and end are left out."""
        text = b"".join(self._bytes[number] for number in numbers if number < self.start)
        return text.replace(END_OF_WORD, b" ").decode("utf-8", "replace").strip()

    def batch(self, sentences: Sequence[str], context_length: int) -> Tokens:
        """(n, context length) int64. What is too long loses its last words, never its end token."""
        rows = np.zeros((len(sentences), context_length), np.int64)
        for row, sentence in zip(rows, sentences, strict=True):
            numbers = [self.start, *self.encode(sentence)[: context_length - 2], self.end]
            row[: len(numbers)] = numbers
        return rows

    def _encode_word(self, word: str) -> tuple[int, ...]:
        """Join the pair that was learnt first, until no neighbours are a known pair."""
        parts = spell(word)
        while len(parts) > 1:
            pairs = list(pairwise(parts))
            best = min(pairs, key=lambda pair: self._rank.get(pair, len(self._rank)))
            if best not in self._rank:
                break
            parts = merge(parts, best)
        return tuple(self._number[part] for part in parts)


def merge(parts: Sequence[bytes], pair: Pair) -> list[bytes]:
    """`parts` with each neighbouring `pair`, from the left, made one.

    >>> merge([b"a", b"b", b"a", b"b"], (b"a", b"b"))
    [b'ab', b'ab']
    """
    merged: list[bytes] = []
    at = 0
    while at < len(parts):
        if tuple(parts[at : at + 2]) == pair:
            merged.append(pair[0] + pair[1])
            at += 2
        else:
            merged.append(parts[at])
            at += 1
    return merged
