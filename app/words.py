"""Every sentence that the window says, with numbers and dates as people write them.

The voice: what happened, what still works, what you can do; whole sentences, no blame.
"""

import math
import sys
from datetime import UTC, datetime

import numpy as np
from PySide6.QtCore import QDate, QLocale

PLACEHOLDER = "Dog on a beach, birthday cake, red car…"

FIRST_TITLE = "Find any photo by saying what’s in it."
FIRST_TEXT = (
    "Sightword looks at the photos in the folders you choose. "
    "It never changes them, and nothing leaves this computer."
)
FIRST_BUTTON = "Choose a Folder…"
FIRST_NOTE = "Or drop a folder onto this window. You can add more at any time."
EMPTY_TITLE = "No photos here yet."
EMPTY_TEXT = "Add a folder, or drop one onto this window."
STARTING_TITLE = "Looking for your photos…"
STARTING_TEXT = "The newest come first, and you can search as soon as they appear."
NOTHING_TEXT = "Nothing in your library comes close enough."
SHOW_NEAREST = "Show the Nearest"
SHOW_OTHERS = "Show the nearest others"
NEAREST = "The nearest photos, best first."
RING = "Looking at your photos. You can search already; the newest come first."
LOOKING = "Looking for photos…"
RESTARTED = "Something stopped while looking at photos, so we started it again. Nothing was lost."
STOPPED = "Looking at photos keeps stopping. Everything found so far still works."
SWITCHED = "Done. Searches use what was learned."
TRY_AGAIN = "Try again"
TRY_ALL_AGAIN = "Try all again"
SHOW_IN_FILES = "Show in Finder" if sys.platform == "darwin" else "Show in Files"
PROBLEMS_TEXT = (
    "They may be damaged, or of a kind we don’t know yet. Everything else is searchable."
)
PROBLEMS_TITLE = "Photos that couldn’t be read"
NO_PROBLEMS = "No problems. Every photo could be read."
SHOW_PROBLEMS = "Show"
CLOSE = "Close"
PAUSE = "Pause"
PAUSED = "Paused."
CONTINUE = "Continue"
SLOWLY = "Going slowly to save your battery."
DISK_FULL = "The disk is full, so looking at photos is paused. Free some space and we’ll carry on."
ASKING = "Looking up dates, places and titles. You can search already."
LEARNING = "Learning to see better. Searches use what was learned when all photos are seen."
GONE = "This photo is no longer on the disk."
KEYS = (
    "<table cellpadding=3>"
    "<tr><td>Ctrl+F</td><td>Search; or just begin to type</td></tr>"
    "<tr><td>Esc</td><td>Clear the search, go back</td></tr>"
    "<tr><td>Arrows, Page Up, Page Down, Home, End</td><td>Move among the photos</td></tr>"
    "<tr><td>Shift with those</td><td>Select more</td></tr>"
    "<tr><td>Alt+Up, Alt+Down</td><td>The section before, the next one</td></tr>"
    "<tr><td>Space or Return</td><td>Open a photo, and close it</td></tr>"
    "<tr><td>Ctrl++ and Ctrl+-</td><td>Larger and smaller photos</td></tr>"
    "<tr><td>Ctrl+Shift+O</td><td>Add a folder</td></tr>"
    "</table>"
)
FORGET = "Forget Them"
KEEP = "Keep Them"
NEVER_DELETES = "Sightword never deletes photos."
NOT_A_FOLDER = "Only folders can be added. Drop a folder of photos onto this window."


def locale() -> QLocale:
    """The person's own; English where the system has none (as on bare machines)."""
    own = QLocale()
    return QLocale("en_GB") if own.language() == QLocale.Language.C else own


def number(n: int) -> str:
    """`n` with the separators of the locale."""
    return locale().toString(n)


def photos(n: int) -> str:
    """`n` photos: "1 photo", "1,240 photos"."""
    return "1 photo" if n == 1 else f"{number(n)} photos"


def searchable(done: int, found: int, oldest_s: float | None) -> str:
    """While indexing: how far it is, and how far back it reaches."""
    start = f"Searchable so far: {number(done)} of {number(max(found, done))}"
    return start + (f", back to {month(oldest_s)}." if oldest_s is not None else ".")


def counted(done: int, of: int) -> str:
    """How much is done: "1,240 of 18,302 photos"."""
    return f"{number(done)} of {photos(max(done, of))}"


def paused(done: int, of: int) -> str:
    """A person has paused; `done` photos are searchable of all that are known."""
    return f"{PAUSED} {are_searchable(done, of)}"


def are_searchable(done: int, of: int) -> str:
    """How many photos can be searched, of all that are known."""
    are = "is" if of == 1 else "are"
    return f"{number(done)} of {photos(max(done, of))} {are} searchable."


def asking(told: int, to_tell: int) -> str:
    """While old files are asked again when and where they were taken."""
    return f"Looking up dates and places: {number(told)} of {photos(to_tell)}."


def now_in(folder: str) -> str:
    """The folder of the photos that are looked at now."""
    return f"Now in “{folder}”."


def trying_again(n: int) -> str:
    """A person wants photos to be read once more."""
    return f"Trying {photos(n)} again."


def learning(seen: int, to_see: int) -> str:
    """While another encoder looks at all photos, and the one before still answers."""
    return f"Learning to see better: {number(seen)} of {number(to_see)}."


def time_left(seconds: float | None, rate_per_s: float) -> str:
    """About how long it will take, or nothing while that is not known."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    rate = number(round(rate_per_s)) if rate_per_s >= 1.5 else "1"
    pace = f"{rate} {'photo' if rate == '1' else 'photos'} a second"
    if seconds < 50:
        return f"Less than a minute left, {pace}."
    minutes = round(seconds / 60)
    if minutes < 90:
        about = "a minute" if minutes == 1 else f"{number(minutes)} minutes"
    else:
        hours = round(minutes / 60)
        about = f"{number(hours)} hours"
    return f"About {about} left, {pace}."


def all_searchable(n: int) -> str:
    """The end of indexing."""
    if n == 0:
        return "No photos were found in your folders."
    return "Your photo is searchable." if n == 1 else f"All {photos(n)} are searchable."


def unreadable(n: int) -> str:
    """Photos that were skipped."""
    return f"{photos(n)} couldn’t be read."


def results(matches: int, shown: int, left: int) -> str:
    """How many photos match, while `left` have not been looked at yet."""
    if left > 0:
        return f"{photos(matches)} so far; {number(left)} still to look at."
    if matches > shown:
        return f"{photos(matches)}, the best {number(shown)} shown."
    return f"{photos(matches)}, best first."


def nothing_title(line: str) -> str:
    """The title over an empty answer."""
    return f"No photo matches “{line.strip()}”."


def nothing_text(left: int) -> str:
    """What lies under it, while `left` photos have not been looked at yet."""
    if left <= 0:
        return NOTHING_TEXT
    have = "photo hasn’t" if left == 1 else "photos haven’t"
    return f"{number(left)} {have} been looked at yet. Matches will appear here by themselves."


def selected(n: int) -> str:
    """The selection, for the right end of the status line."""
    return f"{number(n)} selected" if n > 1 else ""


def away(folder: str) -> str:
    """A photo whose drive or share is not there."""
    return f"This photo is on “{folder}”, which isn’t connected."


def many_gone(missing: int, known: int, folder: str) -> str:
    """More photos are gone from a folder than a person is likely to have deleted."""
    return (
        f"{number(missing)} of {photos(known)} are no longer in “{folder}”. They are still here, "
        "in case their drive isn’t connected."
    )


def month(seconds: float) -> str:
    """ "March 2024"."""
    return locale().toString(_date(_day(seconds)), "MMMM yyyy")


def long_day(seconds: float) -> str:
    """ "12 July 2023", in the order of the locale."""
    return locale().toString(_date(_day(seconds)), _day_format())


def heading(kind: str, newest: np.datetime64, oldest: np.datetime64, today: np.datetime64) -> str:
    """A section's heading: "Today", "Tuesday", "12 July", "12–19 March 2024", "March 2024"."""
    if kind == "none":
        return ""
    if kind in ("years", "months"):
        return locale().toString(_date(newest), "yyyy" if kind == "years" else "MMMM yyyy")
    if newest != oldest:
        first, last = _date(oldest), _date(newest)
        return f"{first.day()}–{locale().toString(last, _day_format())}"
    age = int((today - newest).astype(int))
    if age == 0:
        return "Today"
    if age == 1:
        return "Yesterday"
    if 1 < age < 7:
        return locale().dayName(_date(newest).dayOfWeek())
    return locale().toString(_date(newest), _day_format())


def today() -> np.datetime64:
    """The day it is here."""
    return np.datetime64(datetime.now().date(), "D")


def _day(seconds: float) -> np.datetime64:
    return np.datetime64(datetime.fromtimestamp(0, UTC).date(), "D") + np.timedelta64(
        math.floor(seconds / 86400), "D"
    )


def _date(day: np.datetime64) -> QDate:
    return QDate(1970, 1, 1).addDays(int(day.astype("datetime64[D]").astype(int)))


def _day_format() -> str:
    return "d MMMM yyyy"
