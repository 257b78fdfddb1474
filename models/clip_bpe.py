"""Read CLIP's own table of tokens, and cut sentences into exactly the tokens that CLIP saw.

The method is that of `tokenizer.py`. What differs: the text is mended first (ftfy, HTML), letters
are told apart as the `regex` library does, and the numbers run in another order. Weights of others
are worth nothing with other numbers, so each difference is kept, the strange ones too.

The table is `bpe_simple_vocab_16e6.txt.gz` of https://github.com/openai/CLIP; open_clip brings it
along (`pretrained.clip_table`). It was learnt from the captions of CLIP's training photos.
"""

import gzip
import zlib
from pathlib import Path

import regex  # type: ignore[import-untyped]  # has no types

from models.cleaning import cleaned
from models.errors import BadEncoder
from models.tokenizer import END_OF_WORD, Pair, Tokenizer

MERGES = 49152 - 256 - 2  # CLIP reads no further: 2 x 256 letters, these, start and end are 49,408
START, END = "<start_of_text>", "<end_of_text>"  # one token even where a caption spells them out

# A marker, a short ending, a run of letters, one digit, or a run of anything else but white space.
# Upper case has gone by then, yet IGNORECASE still matters: the long s of "it'ſ" counts as an s.
WORD = regex.compile(
    rf"{START}|{END}|'s|'t|'re|'ve|'m|'ll|'d|\p{{L}}+|\p{{N}}|[^\s\p{{L}}\p{{N}}]+",
    regex.IGNORECASE,
)

# The bytes in the order of their numbers: those with a shape in Latin-1 first, then the rest.
SHAPES = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), 256)]
ORDER = SHAPES + [byte for byte in range(256) if byte not in SHAPES]
# The table spells a byte without a shape (a blank, say) as a letter from beyond Latin-1.
LETTERS = {chr(byte): byte for byte in SHAPES}
LETTERS |= {chr(256 + place): byte for place, byte in enumerate(ORDER[len(SHAPES) :])}


def clean(text: str) -> str:
    """Mended, lower case, one space between words.

    >>> clean("Caf\\u00c3\\u00a9 &amp;amp;  BAR ")
    'café & bar'
    """
    return cleaned(text, "lower")


class ClipTokenizer(Tokenizer):
    """Our tokenizer with CLIP's table, order and cleaning; `batch` and `decode` are the same."""

    def __init__(self, merges: list[Pair]) -> None:
        super().__init__(merges)
        letters = [bytes([byte]) for byte in ORDER]
        self._bytes[:512] = letters + [letter + END_OF_WORD for letter in letters]
        self._number |= {token: number for number, token in enumerate(self._bytes[:512])}
        self._marker = {START: self.start, END: self.end}

    @classmethod
    def read(cls, path: Path) -> "ClipTokenizer":
        """The tokenizer of CLIP's table. Raises BadEncoder."""
        try:
            with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
                _, *lines = file.read().split("\n")[: MERGES + 1]
            merges = [(spelled(left), spelled(right)) for left, right in map(str.split, lines)]
        except (OSError, EOFError, ValueError, KeyError, zlib.error) as error:
            raise BadEncoder(f"{path} is not CLIP's table of tokens: {error}") from error
        if len(merges) != MERGES:
            raise BadEncoder(
                f"{path} is not CLIP's table of tokens: it has {len(merges)} merges, not {MERGES}."
            )
        return cls(merges)

    def encode(self, text: str) -> list[int]:
        """The tokens of one sentence, without start and end."""
        numbers: list[int] = []
        for word in WORD.findall(clean(text)):
            numbers += [self._marker[word]] if word in self._marker else self._word(word)
        return numbers


def spelled(token: str) -> bytes:
    """The bytes of a token as the table writes it; the mark of a word's end stays. KeyError.

    >>> spelled("caf\\u00c3\\u00a9</w>").removesuffix(END_OF_WORD).decode()
    'café'
    """
    word = token.removesuffix("</w>")
    letters = bytes(LETTERS[letter] for letter in word)
    return letters + END_OF_WORD if word != token else letters
