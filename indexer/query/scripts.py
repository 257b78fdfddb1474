"""Which scripts of a sentence an encoder never saw."""

import unicodedata

from models.spec import ANY_SCRIPT


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
