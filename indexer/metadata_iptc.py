"""Read metadata from IPTC records, which press agencies and old photo software write."""

from collections.abc import Mapping
from contextlib import suppress

from PIL import Image, IptcImagePlugin
from PIL.ImageFile import ImageFile

from indexer.metadata import NOTHING, Metadata, caption_of, cleaned, keywords_of, moment, text_of

TITLE, KEYWORD, CAPTION = (2, 5), (2, 25), (2, 120)
DAY, CLOCK = (2, 55), (2, 60)  # "20230714" and "180311+0200"
Records = Mapping[tuple[int, int], bytes | list[bytes] | None]


def records_of(image: Image.Image) -> Records:
    """The IPTC records of an image; none where they are broken."""
    if isinstance(image, ImageFile):
        with suppress(Exception):  # Pillow raises whatever strangers' bytes provoke
            return IptcImagePlugin.getiptcinfo(image) or {}
    return {}


def read(records: Records) -> Metadata:
    """What the records tell."""
    if not records:
        return NOTHING
    taken, offset = _taken(_text(records, DAY), _text(records, CLOCK))
    return Metadata(
        taken=taken,
        offset_minutes=offset,
        title=cleaned(_text(records, TITLE)),
        caption=caption_of(_text(records, CAPTION)),
        keywords=keywords_of(_texts(records, KEYWORD)),
    )


def _texts(records: Records, key: tuple[int, int]) -> list[str]:
    """A record that may be there several times. Pillow gives None for an empty one."""
    value = records.get(key)
    return [text_of(one) for one in (value if isinstance(value, list) else [value]) if one]


def _text(records: Records, key: tuple[int, int]) -> str:
    return next(iter(_texts(records, key)), "")


def _taken(day: str, clock: str) -> tuple[str | None, int | None]:
    """Day and clock as one moment; midnight where no clock is given."""
    date = f"{day[:4]}-{day[4:6]}-{day[6:8]}"
    if len(clock) >= 6:
        date += f"T{clock[:2]}:{clock[2:4]}:{clock[4:6]}"
    return moment(date, clock[6:])
