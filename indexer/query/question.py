"""What a person asks of a library: a typed line as it was read, and how much to answer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from indexer.errors import BadQuestion
from indexer.query.parts import Note, Part, Words

# Stands for "nobody read the line": told from an empty line by its identity alone.
UNREAD: Final[tuple[Part, ...]] = (Words(""),)


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the library. The line is the truth; `parts` are what was read in it.

    `indexer.query.parse` reads a line. Without it all the words are what to see:

    >>> [part.text for part in Query("a red house").parts]
    ['a red house']
    """

    words: str = ""  # the line as it was typed
    like: Path | None = None  # a photo to resemble, named beside the line
    folder: Path | None = None  # look only below this folder, named beside the line
    limit: int = 200
    everything: bool = False  # no cut: the `limit` nearest, whatever their score
    parts: tuple[Part, ...] = UNREAD  # in the order of the line
    notes: tuple[Note, ...] = ()  # what a person may want to know of the reading

    def __post_init__(self) -> None:
        if self.parts is UNREAD:
            line = self.words
            start, end = len(line) - len(line.lstrip()), len(line.rstrip())
            plain = (Words(line.strip(), start=start, end=end),) if line.strip() else ()
            object.__setattr__(self, "parts", plain)

    def __str__(self) -> str:
        return self.words

    @property
    def sentence(self) -> str:
        """What to see, as one sentence without the filters between: "dog on a beach".

        Words with a weight of their own are left out.
        """
        return " ".join(
            part.text
            for part in self.parts
            if isinstance(part, Words) and not part.negated and part.weight == 1.0
        )

    def source(self, part: Part) -> str:
        """The piece of the line that `part` was read in."""
        return self.words[part.start : part.end]

    def check(self) -> None:
        """Raise BadQuestion where there is nothing to look for."""
        if not self.words.strip() and self.like is None:
            raise BadQuestion(
                'Say what to look for, for example "birthday cake", or name a photo with --like.'
            )
