"""Which words stand where: for the middle of a window without photos, and for its status line."""

import math
from dataclasses import dataclass

from app import words
from app.progress import Run
from app.showing import Showing


@dataclass(frozen=True, slots=True)
class Notice:
    """What stands in the middle where there is no photo."""

    title: str
    text: str
    button: str = ""
    note: str = ""
    has_icon: bool = True


FIRST_RUN = Notice(words.FIRST_TITLE, words.FIRST_TEXT, words.FIRST_BUTTON, words.FIRST_NOTE)
NO_PHOTOS = Notice(words.EMPTY_TITLE, words.EMPTY_TEXT, words.FIRST_BUTTON)
STARTING = Notice(words.STARTING_TITLE, words.STARTING_TEXT)


def notice(showing: Showing, run: Run, is_new: bool) -> Notice | None:
    """Why there is no photo to show, and what to do; None before that is known.

    `is_new`: there is no library on the disk yet.
    """
    if showing.query is not None:
        button = "" if showing.query.everything else words.SHOW_NEAREST
        title = words.nothing_title(showing.query.words)
        return Notice(title, words.nothing_text(run.left), button, has_icon=False)
    if run.is_on:
        return STARTING
    if showing.reading is None:
        return FIRST_RUN if is_new else None
    return NO_PHOTOS if showing.reading.folders else FIRST_RUN


def sentence(showing: Showing, run: Run) -> str:
    """What the status line says."""
    if showing.query is not None and showing.results is not None:
        n = len(showing.photos)
        if not n:
            return ""
        if showing.query.everything:
            return words.NEAREST
        return words.results(max(n, showing.results.matches), n, run.left)
    taken = showing.library.taken_s
    oldest = float(taken[-1]) if len(taken) and math.isfinite(taken[-1]) else None
    failed = showing.reading.counts.failed if showing.reading else 0
    return run.sentence(len(taken), oldest) or (words.unreadable(failed) if failed else "")
