"""The value that holds what a photo's file tells of it: when, where, with what, in which words.

Strangers wrote these fields. Whatever enters the value went through the functions below, which
bound it and clean it, and give None where there is nothing in it.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

LONGEST_TEXT = 4000  # characters of a caption; what is longer is not meant for people
LONGEST_NAME = 200  # of a title, a camera, a keyword
MOST_KEYWORDS = 200
FIRST_YEAR = 1826  # the oldest photograph that is left
MOST_OFFSET_MINUTES = 14 * 60  # the Line Islands
DATE = re.compile(  # EXIF's own, ISO's, and cameras that pad with blanks: "2002: 5:14 18: 4: 7"
    r"\s*(\d{4})[:/.-]\s?(\d{1,2})[:/.-]\s?(\d{1,2})"
    r"(?:[T\s]+(\d{1,2}):\s?(\d{1,2})(?::\s?(\d{1,2}))?(?:[.,]\d{0,12})?\s*(Z|[+-]\d\d:?\d\d)?)?"
)
OFFSET = re.compile(r"\s*(?:(Z)|([+-])(\d\d):?(\d\d))")
# What cameras write into the caption by themselves says nothing of the photo.
MADE_BY_CAMERA = re.compile(
    r"(?:.*\bdigital (?:still )?camera\b.*|sony dsc|samsung|dcim\\.*|dsc_?\d*|exif[_-]jpeg.*"
    r"|default|jpeg|picture|image|photo|untitled|created with (?:the )?gimp|charset=.*|<.*>)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is known of a photo, each field alone: a broken one is None and costs no other."""

    taken: str | None = None  # ISO wall time where it was taken, to the second, without a zone
    offset_minutes: int | None = None  # of that wall time, east of UTC
    latitude: float | None = None  # degrees north; never without the longitude
    longitude: float | None = None  # degrees east
    altitude_m: float | None = None
    make: str | None = None
    model: str | None = None
    lens: str | None = None
    turn: int = 1  # EXIF orientation 1..8, how the stored pixels lie; 1 is upright
    rating: int | None = None  # 0..5 stars, -1 where a person rejected it
    title: str | None = None
    caption: str | None = None
    keywords: tuple[str, ...] = ()

    @property
    def camera(self) -> str | None:
        """Make and model as people say it, the make once: "Canon EOS 6D", "Apple iPhone X"."""
        if not self.make or not self.model:
            return self.model or self.make
        brand = self.make.split()[0]
        named = self.model.casefold().startswith(brand.casefold())
        return self.model if named else f"{brand} {self.model}"


NOTHING = Metadata()
# Fields that only make sense together come from one source; the first of each decides.
FACTS = (
    ("taken", "offset_minutes"),
    ("latitude", "longitude", "altitude_m"),
    ("make", "model"),
    ("lens",),
    ("rating",),
)
TEXTS = (("title",), ("caption",), ("keywords",))


def first_of(
    groups: Iterable[tuple[str, ...]], sources: Iterable[Metadata], rest: Metadata
) -> Metadata:
    """`rest` with each group of fields from the first of `sources` that has it.

    >>> first_of(TEXTS, [Metadata(), Metadata(title="Sea")], Metadata(title="Hill", rating=3)).title
    'Sea'
    """
    known = [source for source in sources if source != NOTHING]
    fields: dict[str, Any] = {}
    for group in groups:
        source = next((one for one in known if getattr(one, group[0]) not in (None, ())), None)
        if source is not None:
            fields |= {name: getattr(source, name) for name in group}
    return replace(rest, **fields)


def moment(text: str | None, offset: str | None = None) -> tuple[str | None, int | None]:
    """The wall time as ISO and its offset in minutes; the time's own offset goes first.

    >>> moment("2023:07:14 18:03:11", "+02:00")
    ('2023-07-14T18:03:11', 120)
    >>> moment("0000:00:00 00:00:00")
    (None, None)
    """
    match = DATE.match(text or "")
    if match is None:
        return None, None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    try:
        taken = datetime(year, month, day, hour, minute, min(second, 59))  # a leap second has 60
    except ValueError:
        return None, None
    if not FIRST_YEAR <= year <= datetime.now().year + 1:
        return None, None
    return taken.isoformat(), offset_minutes(match[7] or offset)


def offset_minutes(text: str | None) -> int | None:
    """Minutes east of UTC from "+02:00", "+0200" or "Z"."""
    match = OFFSET.match(text or "")
    if match is None:
        return None
    minutes = 0 if match[1] else int(match[3]) * 60 + int(match[4])
    if minutes > MOST_OFFSET_MINUTES:
        return None
    return -minutes if match[2] == "-" else minutes


def position(latitude: float, longitude: float) -> tuple[float, float] | None:
    """Both in degrees where they lie on earth. (0, 0) is what receivers say that know nothing."""
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180 or (latitude == 0 and longitude == 0):
        return None
    return round(latitude, 7), round(longitude, 7)  # a centimetre


def stars(value: float | str | None) -> int | None:
    """A rating -1..5 from what software writes as int, float or text."""
    try:
        rating = float(value if value is not None else "nan")
    except ValueError:
        return None
    return int(rating) if -1 <= rating <= 5 else None  # nan is in no range


def cleaned(text: str | None, longest: int = LONGEST_NAME) -> str | None:
    """`text` on one line, without control characters, or None where nothing is left."""
    if not text:
        return None
    text = text[: 4 * longest]
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(text.split())[:longest].rstrip() or None


def caption_of(text: str | None) -> str | None:
    """A caption, unless the camera wrote it by itself."""
    caption = cleaned(text, LONGEST_TEXT)
    return None if caption is None or MADE_BY_CAMERA.fullmatch(caption) else caption


def keywords_of(words: Iterable[str]) -> tuple[str, ...]:
    """Keywords in their order, each once whatever its case."""
    found: dict[str, str] = {}
    for word in words:
        keyword = cleaned(word)
        if keyword is not None:
            found.setdefault(keyword.casefold(), keyword)
        if len(found) == MOST_KEYWORDS:
            break
    return tuple(found.values())


def text_of(data: bytes) -> str:
    """Bytes of a text field: UTF-8 where they are, else as Windows wrote them in the West."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
