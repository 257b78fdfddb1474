"""Read metadata from an EXIF block, each field for itself."""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from indexer.metadata import (
    Metadata,
    caption_of,
    cleaned,
    keywords_of,
    moment,
    position,
    stars,
    text_of,
)

RATING = 0x4746  # Windows' stars; Pillow has no name for it
# The first that holds a time wins: when it was taken, when it was scanned.
TIMES = (
    (Base.DateTimeOriginal, Base.OffsetTimeOriginal),
    (Base.DateTimeDigitized, Base.OffsetTimeDigitized),
)
COMMENT_CODES = {b"ASCII": "utf-8", b"UNICODE": "utf-16", b"JIS": "iso2022_jp"}
Value = TypeVar("Value")


def exif_of(image: Image.Image) -> Image.Exif:
    """The EXIF block of an image, or an empty one: a broken block is no reason to lose a photo."""
    for _ in range(2):  # the second time Pillow gives what it had read before it stumbled
        with suppress(Exception):  # Pillow raises whatever strangers' bytes provoke
            return image.getexif()
    return Image.Exif()


def turn_of(exif: Image.Exif) -> int:
    """The orientation 1..8; 1 where it says none."""
    turn = _field(lambda: int(exif.get(Base.Orientation, 1)))
    return turn if turn is not None and 1 <= turn <= 8 else 1


def read(exif: Image.Exif) -> Metadata:
    """Everything but the date of the last change, which says little: see `changed`."""
    inner, gps = _directory(exif, IFD.Exif), _directory(exif, IFD.GPSInfo)
    taken, offset = _taken(inner)
    latitude, longitude = _position(gps) or (None, None)
    keywords = _windows_text(exif, Base.XPKeywords) or ""
    return Metadata(
        taken=taken,
        offset_minutes=offset,
        latitude=latitude,
        longitude=longitude,
        altitude_m=_altitude_m(gps) if latitude is not None else None,
        make=cleaned(_text(exif, Base.Make)),
        model=cleaned(_text(exif, Base.Model)),
        lens=_lens(inner),
        turn=turn_of(exif),
        rating=stars(_field(lambda: float(exif[RATING]))),
        title=cleaned(_windows_text(exif, Base.XPTitle)),
        caption=caption_of(_text(exif, Base.ImageDescription))
        or caption_of(_windows_text(exif, Base.XPComment))
        or caption_of(_comment(inner)),
        keywords=keywords_of(keywords.split(";")),
    )


def changed(exif: Image.Exif) -> Metadata:
    """The date of the last change, as the date taken: for files that have no other.

    Not where the date taken is there and blank: a camera whose clock was never set took that photo,
    and some program changed it years later.
    """
    inner = _directory(exif, IFD.Exif)
    if any(_text(inner, tag) for tag, _ in TIMES):
        return Metadata()
    taken, offset = moment(_text(exif, Base.DateTime), _text(inner, Base.OffsetTime))
    return Metadata(taken=taken, offset_minutes=offset)


def _field(value: Callable[[], Value]) -> Value | None:
    """What `value` gives, or None: Pillow decodes a tag when asked, and may raise anything."""
    try:
        return value()
    except Exception:
        return None


def _directory(exif: Image.Exif, number: int) -> Mapping[int, Any]:
    """A directory inside the block. One tag that can't be read costs that tag alone."""
    whole = _field(lambda: exif.get_ifd(number))
    if whole is not None:
        return whole
    directory = ImageFileDirectory_v2(exif.head, group=number)
    _field(lambda: exif.fp.seek(int(exif[number])))
    _field(lambda: directory.load(exif.fp))
    values = {tag: _field(partial(directory.__getitem__, tag)) for tag in list(directory)}
    return {
        tag: value[0] if isinstance(value, tuple) and len(value) == 1 else value
        for tag, value in values.items()
        if value is not None
    }


def _text(tags: Mapping[int, Any] | Image.Exif, tag: int) -> str | None:
    """A text tag. Pillow reads it as Latin-1 where the standard says ASCII and the world UTF-8."""
    value = _field(lambda: tags.get(tag))
    if isinstance(value, bytes):
        value = value.decode("latin-1")
    if not isinstance(value, str):
        return None
    value = value.partition("\0")[0]
    return _field(lambda: text_of(value.encode("latin-1"))) or value


def _windows_text(exif: Image.Exif, tag: int) -> str | None:
    """A text as Windows' file properties write it: UTF-16 in a tag of bytes."""
    value = _field(lambda: exif.get(tag))
    if isinstance(value, tuple):
        value = _field(partial(bytes, value))
    if not isinstance(value, bytes):
        return None
    return value.decode("utf-16-le", "ignore").partition("\0")[0]


def _comment(inner: Mapping[int, Any]) -> str | None:
    """The user's comment: eight bytes name its code."""
    value = inner.get(Base.UserComment)
    if not isinstance(value, bytes):
        return None
    code = COMMENT_CODES.get(value[:8].rstrip(b"\0"))
    text = value[8:]
    if code == "utf-16" and text[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        code = "utf-16-be" if text[:1] == b"\0" else "utf-16-le"  # the code says no order
    if code is None:
        return None
    return text.decode(code, "ignore").partition("\0")[0]


def _taken(inner: Mapping[int, Any]) -> tuple[str | None, int | None]:
    for tag, offset_tag in TIMES:
        taken, offset = moment(_text(inner, tag), _text(inner, offset_tag))
        if taken is not None:
            return taken, offset
    return None, None


def _lens(inner: Mapping[int, Any]) -> str | None:
    lens = cleaned(_text(inner, Base.LensModel))
    return None if lens is None or not lens.strip("-. 0") else lens  # "----" where none is known


def _position(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    """None without the two letters: a wrong half of the earth is worse than no place."""
    latitude = _degrees(gps, GPS.GPSLatitude, GPS.GPSLatitudeRef, "NS")
    longitude = _degrees(gps, GPS.GPSLongitude, GPS.GPSLongitudeRef, "EW")
    if latitude is None or longitude is None:
        return None
    return position(latitude, longitude)


def _degrees(gps: Mapping[int, Any], tag: int, letter_tag: int, letters: str) -> float | None:
    """Degrees, minutes and seconds as one figure; `letters` are those of plus and minus."""
    letter = (_text(gps, letter_tag) or "").strip()[:1].upper()
    value = gps.get(tag)
    parts = _field(lambda: [float(part) for part in (value if isinstance(value, tuple) else ())])
    if not letter or letter not in letters or not parts:
        return None
    # Minutes and seconds may be 0/0, for "none".
    rest = [part if math.isfinite(part) else 0.0 for part in parts[1:3]]
    degrees: float = parts[0] + sum(part / 60**power for power, part in enumerate(rest, 1))
    return -degrees if letter == letters[1] else degrees


def _altitude_m(gps: Mapping[int, Any]) -> float | None:
    height = _field(lambda: float(gps[GPS.GPSAltitude]))
    if height is None or not math.isfinite(height) or abs(height) > 20_000:
        return None
    below = gps.get(GPS.GPSAltitudeRef) in (1, b"\x01")
    return round(-height if below else height, 1)
