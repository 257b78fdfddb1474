"""Read metadata from XMP, embedded in a photo or in a file beside it.

XMP is RDF in XML: a property is an attribute of a Description or an element in it, with a text or
a list of texts. defusedxml parses it, for XML of strangers can be built to fill the memory.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from defusedxml import ElementTree
from PIL import Image

from indexer.metadata import (
    NOTHING,
    Metadata,
    caption_of,
    cleaned,
    keywords_of,
    moment,
    position,
    stars,
)

LARGEST_BYTES = 4 << 20  # the history of a long edit; what is larger is not read
MOST_VALUES = 1000  # of one property
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
XMP, DC = "{http://ns.adobe.com/xap/1.0/}", "{http://purl.org/dc/elements/1.1/}"
EXIF, EXIF_EX = "{http://ns.adobe.com/exif/1.0/}", "{http://cipa.jp/exif/1.0/}"
TIFF, AUX = "{http://ns.adobe.com/tiff/1.0/}", "{http://ns.adobe.com/exif/1.0/aux/}"
PHOTOSHOP = "{http://ns.adobe.com/photoshop/1.0/}"
TAKEN = (f"{EXIF}DateTimeOriginal", f"{PHOTOSHOP}DateCreated", f"{EXIF}DateTimeDigitized")
CREATED = (f"{XMP}CreateDate",)
COORDINATE = re.compile(  # "51,30,20N" or "51,30.3333N"
    r"\s*(\d{1,3}(?:\.\d+)?)(?:,(\d{1,2}(?:\.\d+)?))?(?:,(\d{1,2}(?:\.\d+)?))?\s*([NSEW])\s*"
)
FRACTION = re.compile(r"\s*(-?\d{1,12})/(\d{1,12})\s*")
Properties = Mapping[str, list[str]]


def packet_of(image: Image.Image) -> bytes:
    """The XMP that a photo carries; empty where it has none."""
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or b""
    if isinstance(packet, str):
        return packet.encode("utf-8", "replace")
    return packet if isinstance(packet, bytes) else b""


def sidecar_of(photo: Path) -> bytes:
    """The XMP file beside a photo; empty where there is none.

    darktable and digiKam name it IMG_1.jpg.xmp, Adobe IMG_1.xmp.
    """
    for name in (photo.name, photo.stem):
        for ending in (".xmp", ".XMP"):
            with suppress(OSError), (photo.parent / (name + ending)).open("rb") as file:
                return file.read(LARGEST_BYTES + 1)
    return b""


def properties_of(packet: bytes) -> Properties:
    """Every property by its qualified name, its texts in their order; none where XML is broken."""
    if not packet or len(packet) > LARGEST_BYTES:
        return {}
    try:
        root = ElementTree.fromstring(_xml(packet), forbid_dtd=True)
    except Exception:  # the parser's own errors, and unknown encodings as LookupError
        return {}
    found: dict[str, list[str]] = {}
    # Not the Descriptions inside others: they tell of the photos that this one was made of.
    tops = [top for rdf in root.iter(f"{RDF}RDF") for top in rdf.iterfind(f"{RDF}Description")]
    for description in tops:
        for name, text in description.attrib.items():
            found.setdefault(name, []).append(text)
        for element in description:
            found.setdefault(element.tag, []).extend(_texts(element))
    return found


def read(properties: Properties) -> Metadata:
    """Everything but the date of the document's making, which says little: see `created`."""
    if not properties:
        return NOTHING
    taken, offset = _moment(properties, TAKEN)
    latitude, longitude = _position(properties) or (None, None)
    return Metadata(
        taken=taken,
        offset_minutes=offset,
        latitude=latitude,
        longitude=longitude,
        altitude_m=_altitude_m(properties) if latitude is not None else None,
        make=cleaned(_one(properties, f"{TIFF}Make")),
        model=cleaned(_one(properties, f"{TIFF}Model")),
        lens=cleaned(
            _one(properties, f"{EXIF_EX}LensModel")
            or _one(properties, f"{AUX}Lens")
            or _one(properties, f"{AUX}LensModel")
        ),
        rating=stars(_one(properties, f"{XMP}Rating")),
        title=cleaned(_one(properties, f"{DC}title")),
        caption=caption_of(_one(properties, f"{DC}description")),
        keywords=keywords_of(properties.get(f"{DC}subject", ())),
    )


def created(properties: Properties) -> Metadata:
    """The date of the document's making, as the date taken: for files that have no other."""
    taken, offset = _moment(properties, CREATED)
    return Metadata(taken=taken, offset_minutes=offset)


def _xml(packet: bytes) -> bytes:
    """The packet without what lies around its root: padding, and what broken writers leave."""
    start, end = packet.find(b"<x:xmpmeta"), packet.rfind(b"</x:xmpmeta>")
    if 0 <= start < end:
        return packet[start : end + len(b"</x:xmpmeta>")]
    return packet.strip(b"\0 \t\r\n")


def _texts(element: Any) -> list[str]:
    """The text of a property, or of each item of its list; the default language first."""
    items = list(element.iterfind(f"{RDF}*/{RDF}li"))[:MOST_VALUES]
    items.sort(key=lambda item: item.get(LANGUAGE, "x-default") != "x-default")
    return [item.text for item in (items or [element]) if item.text and item.text.strip()]


def _one(properties: Properties, name: str) -> str | None:
    return next(iter(properties.get(name, ())), None)


def _moment(properties: Properties, names: Iterable[str]) -> tuple[str | None, int | None]:
    for name in names:
        taken, offset = moment(_one(properties, name))
        if taken is not None:
            return taken, offset
    return None, None


def _position(properties: Properties) -> tuple[float, float] | None:
    latitude = _degrees(_one(properties, f"{EXIF}GPSLatitude"), "NS")
    longitude = _degrees(_one(properties, f"{EXIF}GPSLongitude"), "EW")
    if latitude is None or longitude is None:
        return None
    return position(latitude, longitude)


def _degrees(text: str | None, letters: str) -> float | None:
    match = COORDINATE.fullmatch(text or "")
    if match is None or match[4] not in letters:
        return None
    degrees: float = sum(
        float(part or 0) / 60**power for power, part in enumerate(match.groups()[:3])
    )
    return -degrees if match[4] == letters[1] else degrees


def _altitude_m(properties: Properties) -> float | None:
    match = FRACTION.fullmatch(_one(properties, f"{EXIF}GPSAltitude") or "")
    if match is None or int(match[2]) == 0:
        return None
    height = round(int(match[1]) / int(match[2]), 1)
    if abs(height) > 20_000:
        return None
    return -height if _one(properties, f"{EXIF}GPSAltitudeRef") == "1" else height
