"""What files tell of their photos: whom to believe, what counts as nothing, what may be broken."""

import random
import warnings
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from indexer import metadata_exif, metadata_xmp
from indexer.metadata import Metadata, caption_of, keywords_of, moment, stars
from indexer.metadata_read import read_metadata
from tests import told_photos as told

KINDS = ("jpg", "png", "webp", "tiff", "heic", "avif")


def read(source: bytes | Path, beside: Path | None = None) -> Metadata:
    with Image.open(BytesIO(source) if isinstance(source, bytes) else source) as image:
        return read_metadata(image, metadata_exif.exif_of(image), beside)


def with_gps(**tags: object) -> Metadata:
    block = told.exif()
    block.get_ifd(IFD.GPSInfo).update({GPS[name]: value for name, value in tags.items()})
    return read(told.jpeg(block))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_tells_all_that_it_knows(tmp_path: Path, kind: str) -> None:
    packet = told.xmp(
        told.keywords("tower", "night"),
        dc__title="Tour Eiffel",
        dc__description="Seen from below",
        xmp__Rating="4",
    )
    assert read(told.write(tmp_path / f"photo.{kind}", told.exif(), packet)) == Metadata(
        taken="2023-07-14T18:03:11",
        offset_minutes=120,
        latitude=48.8584,
        longitude=2.2945,
        altitude_m=35.5,
        make="Canon",
        model="Canon EOS 6D",
        lens="EF100mm f/2.8L Macro IS USM",
        rating=4,
        title="Tour Eiffel",
        caption="Seen from below",
        keywords=("tower", "night"),
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_tells_nothing_gives_nothing(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"photo.{kind}"
    told.write(path)
    assert read(path) == Metadata()


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("2023:07:14 18:03:11", "2023-07-14T18:03:11"),
        ("2023-07-14T18:03:11.25", "2023-07-14T18:03:11"),
        ("2002: 5:14 18: 4: 7", "2002-05-14T18:04:07"),
        ("2016:12:31 23:59:60", "2016-12-31T23:59:59"),
        ("1899-05-04", "1899-05-04T00:00:00"),
        ("0000:00:00 00:00:00", None),
        ("    :  :     :  :  ", None),
        ("2023:13:14 18:03:11", None),
        ("2023:02:30 18:03:11", None),
        ("9999:01:01 00:00:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_a_date_is_read_as_cameras_write_it(written: str | None, taken: str | None) -> None:
    assert moment(written)[0] == taken


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        ("+02:00", 120),
        ("-0330", -210),
        ("Z", 0),
        ("+05:45", 345),
        ("+99:00", None),
        ("  :  ", None),
    ],
)
def test_an_offset_is_minutes_east_of_utc(written: str, minutes: int | None) -> None:
    assert moment("2023:07:14 18:03:11", written)[1] == minutes


def test_the_date_taken_goes_before_every_other_date() -> None:
    block = told.exif()
    block[Base.DateTime] = "2024:01:01 00:00:00"
    block.get_ifd(IFD.Exif)[Base.DateTimeDigitized] = "2023:12:12 12:12:12"
    packet = told.xmp(exif__DateTimeOriginal="2022-02-02T02:02:02")
    assert read(told.jpeg(block, packet)).taken == "2023-07-14T18:03:11"


def test_a_date_of_change_serves_where_there_is_no_other() -> None:
    block = told.exif(taken=None)
    block[Base.DateTime] = "2024:01:01 00:00:00"
    assert read(told.jpeg(block)).taken == "2024-01-01T00:00:00"
    packet = told.xmp(photoshop__DateCreated="1968-05-03")
    assert read(told.jpeg(block, packet)).taken == "1968-05-03T00:00:00"


def test_a_camera_whose_clock_was_never_set_gives_no_date() -> None:
    block = told.exif(taken="0000:00:00 00:00:00")
    block[Base.DateTime] = "2024:01:01 00:00:00"
    assert read(told.jpeg(block)).taken is None


def test_an_offset_is_never_that_of_another_date() -> None:
    packet = told.xmp(exif__DateTimeOriginal="2022-02-02T02:02:02+09:00")
    assert read(told.jpeg(told.exif(offset=None), packet)).offset_minutes is None


def test_the_letters_say_which_half_of_the_earth_it_is() -> None:
    south_west = with_gps(GPSLatitudeRef="S", GPSLongitudeRef="W", GPSAltitudeRef=b"\1")
    assert (south_west.latitude, south_west.longitude) == (-48.8584, -2.2945)
    assert south_west.altitude_m == -35.5


@pytest.mark.parametrize(
    "tags",
    [
        {"GPSLatitudeRef": "", "GPSLongitudeRef": "E"},
        {"GPSLatitude": (0.0, 0.0, 0.0), "GPSLongitude": (0.0, 0.0, 0.0)},
        {"GPSLatitude": (91.0, 0.0, 0.0)},
        {"GPSLongitude": (181.0, 0.0, 0.0)},
        {"GPSLatitudeRef": "X"},
    ],
    ids=["no letter", "nowhere", "over the pole", "round the earth", "odd letter"],
)
def test_a_position_that_can_not_be_is_none_at_all(tags: dict[str, object]) -> None:
    found = with_gps(**tags)
    assert (found.latitude, found.longitude, found.altitude_m) == (None, None, None)
    assert found.taken is not None


def test_xmp_gives_a_position_too() -> None:
    packet = told.xmp(
        exif__GPSLatitude="33,36.968S",
        exif__GPSLongitude="25,49,30E",
        exif__GPSAltitude="1553/10",
        exif__GPSAltitudeRef="0",
    )
    found = read(told.jpeg(packet=packet))
    assert (found.latitude, found.longitude) == (-33.6161333, 25.825)
    assert found.altitude_m == 155.3


def test_iptc_speaks_where_xmp_is_silent() -> None:
    segment = told.iptc(
        (2, 5, "Café".encode()),
        (2, 25, b"carrier"),
        (2, 25, b"ship"),
        (2, 120, b"The Navy\x92s newest"),
        (2, 55, b"20040621"),
        (2, 60, b"233753+0200"),
        (2, 80, b""),
    )
    found = read(told.jpeg(segment=segment))
    assert (found.title, found.keywords) == ("Café", ("carrier", "ship"))
    assert found.caption == "The Navy’s newest"
    assert (found.taken, found.offset_minutes) == ("2004-06-21T23:37:53", 120)
    packet = told.xmp(told.keywords("boat"), dc__title="Other")
    found = read(told.jpeg(packet=packet, segment=segment))
    assert (found.title, found.keywords) == ("Other", ("boat",))
    assert found.caption == "The Navy’s newest"


def test_what_windows_writes_is_read() -> None:
    block = told.exif()
    block[Base.XPTitle] = "Über\0".encode("utf-16-le")
    block[Base.XPKeywords] = "sea; hill;Sea".encode("utf-16-le")
    block[0x4746] = 3
    found = read(told.jpeg(block))
    assert (found.title, found.keywords, found.rating) == ("Über", ("sea", "hill"), 3)


def test_a_caption_in_utf_8_is_read_although_exif_knows_only_ascii() -> None:
    block = told.exif()
    block[Base.ImageDescription] = "Z" * 10
    written = told.jpeg(block).replace(b"Z" * 10, "Zażółć".encode())  # Pillow writes ASCII alone
    assert read(written).caption == "Zażółć"
    block = told.exif()
    block.get_ifd(IFD.Exif)[Base.UserComment] = b"UNICODE\0" + "Übung".encode("utf-16-le")
    assert read(told.jpeg(block)).caption == "Übung"


@pytest.mark.parametrize("words", ["OLYMPUS DIGITAL CAMERA", "SONY DSC", "Created with GIMP", " "])
def test_words_that_a_camera_writes_into_every_photo_are_no_caption(words: str) -> None:
    assert caption_of(words) is None


def test_the_default_language_goes_first() -> None:
    packet = told.xmp(
        "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Turm</rdf:li>"
        "<rdf:li xml:lang='x-default'>Tower</rdf:li></rdf:Alt></dc:title>"
    )
    assert read(told.jpeg(packet=packet)).title == "Tower"


def test_what_xmp_tells_of_other_photos_is_not_of_this_one() -> None:
    packet = told.xmp(
        "<photoshop:Pantry><rdf:Bag><rdf:li><rdf:Description dc:title='Part of a montage'/>"
        "</rdf:li></rdf:Bag></photoshop:Pantry>"
    )
    assert read(told.jpeg(packet=packet)).title is None


@pytest.mark.parametrize("name", ["photo.xmp", "photo.jpg.xmp", "photo.XMP"])
def test_an_xmp_file_beside_the_photo_goes_first(tmp_path: Path, name: str) -> None:
    photo = tmp_path / "photo.jpg"
    told.write(photo, told.exif(), told.xmp(dc__title="Old", xmp__Rating="2"))
    packet = told.xmp(dc__title="New", exif__DateTimeOriginal="2020-01-02T03:04:05")
    (tmp_path / name).write_bytes(packet)
    found = read(photo, photo)
    assert (found.title, found.rating, found.taken) == ("New", 2, "2020-01-02T03:04:05")
    assert found.offset_minutes is None
    assert found.camera == "Canon EOS 6D"


def test_a_broken_xmp_file_costs_nothing_else(tmp_path: Path) -> None:
    photo = told.write(tmp_path / "photo.jpg", told.exif(), told.xmp(dc__title="Inside"))
    (tmp_path / "photo.xmp").write_bytes(b"<x:xmpmeta><rdf:RDF></x:xmpmeta>")
    assert read(photo, photo).title == "Inside"


@pytest.mark.parametrize(
    "packet",
    [
        b"\0\0\0",
        b"<x>" * 100_000,
        b"<x>" * 100_000 + b"</x>" * 100_000,
        b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><x>&b;</x>',
        b'<?xml version="1.0" encoding="klingon"?><x/>',
        b"<x" + b' a="1"' * 1000 + b"/>",
    ],
    ids=["zeros", "never closed", "deep", "entities", "unknown encoding", "twice the same"],
)
def test_xml_of_strangers_can_neither_crash_nor_fill_the_memory(packet: bytes) -> None:
    assert metadata_xmp.read(metadata_xmp.properties_of(packet)) == Metadata()


def test_ratings_are_stars() -> None:
    assert [stars(value) for value in ("5", 3.0, "-1", "0", "99", "good", None)] == [
        *(5, 3, -1, 0),
        *(None, None, None),
    ]


def test_keywords_are_bounded_and_each_there_once() -> None:
    assert keywords_of(["Sea", "sea ", "", "a\nb", "x" * 1000]) == ("Sea", "a b", "x" * 200)
    assert len(keywords_of(str(number) for number in range(1000))) == 200


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D70", "NIKON D70"),
        ("Apple", "iPhone X", "Apple iPhone X"),
        ("SAMSUNG", None, "SAMSUNG"),
        (None, "X100", "X100"),
        (None, None, None),
    ],
)
def test_a_camera_is_named_as_people_name_it(
    make: str | None, model: str | None, camera: str | None
) -> None:
    assert Metadata(make=make, model=model).camera == camera


def is_sound(found: Metadata) -> bool:
    """Whether every field is what the value promises."""
    texts = (found.make, found.model, found.lens, found.title, found.caption, *found.keywords)
    moments = found.taken is None or moment(found.taken)[0] == found.taken
    here = found.latitude is None or (abs(found.latitude) <= 90 and found.longitude is not None)
    clean = all(text is None or (text.isprintable() and text == text.strip()) for text in texts)
    return moments and here and clean and 1 <= found.turn <= 8


def test_bytes_that_are_flipped_cost_fields_and_nothing_else() -> None:
    block = told.exif()
    block[Base.ImageDescription] = "A tower"
    segment = told.iptc((2, 5, b"Title"), (2, 25, b"word"), (2, 55, b"20040621"))
    whole = told.jpeg(block, told.xmp(told.keywords("a", "b")), segment)
    end = whole.index(b"\xff\xdb")  # where the metadata ends
    dice, kept = random.Random(7), 0
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(dice.randint(1, 8)):
            data[dice.randrange(20, end)] = dice.randrange(256)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of odd EXIF
            try:
                image = Image.open(BytesIO(bytes(data)))
            except (OSError, SyntaxError, ValueError):
                continue  # no photo any more: `picture` says so
            found = read_metadata(image, metadata_exif.exif_of(image))
        assert is_sound(found), found
        kept += found.taken is not None
    assert kept > 200
