"""What a person asks: words, a photo, a folder to look in.

The line is taken as it is for now: all its words go to the text encoder. Filters, quotes and
"not" will be read here.
"""

import unicodedata
from dataclasses import dataclass
from pathlib import Path

from indexer.errors import BadQuestion
from models.spec import ANY_SCRIPT


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the library."""

    words: str = ""
    like: Path | None = None  # a photo to resemble
    folder: Path | None = None  # look only below this folder
    limit: int = 200
    everything: bool = False  # no cut: the `limit` nearest, whatever their score

    def check(self) -> None:
        """Raise BadQuestion where there is nothing to look for."""
        if not self.words.strip() and self.like is None:
            raise BadQuestion(
                'Say what to look for, for example "birthday cake", or name a photo with --like.'
            )


def unread_scripts(words: str, scripts: tuple[str, ...]) -> tuple[list[str], bool]:
    """The scripts in `words` that an encoder which read `scripts` never saw, and if that is all.

    A script is the first word of a letter's Unicode name.

    >>> unread_scripts("犬 dog", ("LATIN",))
    (['CJK'], False)
    >>> unread_scripts("собака", ("LATIN",))
    (['CYRILLIC'], True)
    >>> unread_scripts("собака", (ANY_SCRIPT,))
    ([], False)
    """
    if ANY_SCRIPT in scripts:
        return [], False
    letters = [unicodedata.name(letter, "?").split()[0] for letter in words if letter.isalpha()]
    unread = sorted({script for script in letters if script not in scripts})
    return unread, bool(letters) and all(script in unread for script in letters)
