"""Small files that would become large, and photos that are large indeed: told apart by headers."""

import os
import struct
import sys
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from indexer import memory
from indexer.decode import MEMORY_LIMIT_BYTES, Decoder
from indexer.errors import Reason, UnreadablePhoto
from indexer.memory import held_bytes
from indexer.need import MAX_NEED_BYTES, bytes_to_decode
from indexer.png import tells_late


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


def saved(mode: str, kind: str, **how: object) -> bytes:
    data = BytesIO()
    Image.new(mode, (8, 8)).save(data, kind, **how)
    return data.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(w: int, h: int, colour: int = 2, before: bytes = b"", after: bytes = b"") -> bytes:
    """One row's worth of pixels whatever the header says; `colour` 2 is RGB, 6 RGBA."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, 8, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1 + 4 * min(w, 1000))))
    end = chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + before + pixels + after + end


def gif(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """A GIF whose frame is to be wiped with the background, which Pillow makes when it opens it."""
    top = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80, 0, 0) + bytes(6)
    wipe = b"!\xf9\x04\x08\0\0\0\0"
    return top + wipe + b"," + struct.pack("<HHHHB", 0, 0, *frame, 0) + b"\x02\x02\x44\x01\0;"


def jpeg(w: int, h: int) -> bytes:
    data = bytearray(saved("RGB", "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", h, w)
    return bytes(data)


def webp(w: int, h: int) -> bytes:
    inner = saved("RGB", "WEBP", lossless=True)[12:]
    frame = bytes(6) + b"\x07\0\0\x07\0\0\x64\0\0\0" + inner
    sides = struct.pack("<I", w - 1)[:3] + struct.pack("<I", h - 1)[:3]
    body = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + sides
    body += b"ANIM" + struct.pack("<I", 6) + bytes(6) + b"ANMF"
    body += struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def tiff(w: int, h: int, bands: int) -> bytes:
    tags = (
        *((256, 4, 1, w), (257, 4, 1, h), (258, 3, 1, 8), (259, 3, 1, 8)),
        *((262, 3, 1, {1: 1, 4: 5}[bands]), (273, 4, 1, 8), (277, 3, 1, bands)),
        *((278, 4, 1, h), (279, 4, 1, 8)),
    )
    packed = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + packed + bytes(4)


def bmp(w: int, h: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, w, h, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 154, 0, 0, 54) + info + bytes(100)


def text(unpacked_bytes: int) -> bytes:
    return chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(unpacked_bytes)))


BOMBS = {
    "sides.png": png(40_000, 40_000),
    "text.png": png(8, 8, before=text(40 << 20)),
    "texts.png": png(8, 8, before=text(4 << 20) * 20),
    "profile.png": png(8, 8, before=chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(40 << 20)))),
    "screen.gif": gif((65_535, 65_535), (65_535, 65_535)),
    "frame.gif": gif((1, 1), (65_535, 65_535)),
    "sides.jpg": jpeg(65_500, 65_500),
    "sides.webp": webp(16_384, 16_384),
    "line.webp": webp(1 << 24, 200),
    "sides.tif": tiff(0x7FFFFFFF, 9, 1),
    "inks.tif": tiff(17_000, 17_000, 4),
    "sides.bmp": bmp(0x7FFFFFFF, 0x7FFFFFFF),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_its_header(decoder: Decoder, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(BOMBS[name])
    with pytest.raises(UnreadablePhoto) as error:
        decoder.picture(tmp_path / name, (10, 10))
    assert error.value.reason is Reason.TOO_LARGE


def test_texts_of_a_usual_length_cost_nothing(decoder: Decoder, tmp_path: Path) -> None:
    data = BytesIO()
    Image.new("RGB", (8, 8), "red").save(data, "PNG")
    whole = data.getvalue()
    (tmp_path / "text.png").write_bytes(whole[:33] + text(2 << 20) + whole[33:])
    assert decoder.picture(tmp_path / "text.png", (8, 8)).shape == (8, 8, 3)


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        (png(17_000, 17_000), True),
        (png(17_000, 17_000, colour=6), True),  # 1.2 GB, transparent as it may be
        (jpeg(17_300, 17_300), True),
        (webp(10_000, 10_000), True),
        (webp(12_000, 12_000), False),  # libwebp holds a canvas of its own, twice
        (tiff(17_000, 17_000, 1), True),
        (tiff(17_000, 17_000, 4), False),  # in one strip: unpacked, and once more as pixels
    ],
)
def test_what_a_picture_needs_is_told_by_its_header(
    data: bytes, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with Image.open(BytesIO(data)) as image:
        assert (bytes_to_decode(image, image.size) <= MAX_NEED_BYTES) is fits


def test_a_jpeg_in_many_scans_needs_its_whole_size_however_small_it_is_decoded() -> None:
    data = BytesIO()
    Image.new("RGB", (800, 800)).save(data, "JPEG", progressive=True)
    with Image.open(data) as image:
        image.draft(None, (100, 100))
        assert image.size == (100, 100)
        assert bytes_to_decode(image, (800, 800)) == 100 * 100 * 4 + 800 * 800 * 3 * 2


def test_what_is_told_behind_the_pixels_of_a_png_is_found() -> None:
    assert not tells_late(png(8, 8, before=text(9)))
    assert tells_late(png(8, 8, after=text(9)))
    assert not tells_late(png(8, 8)[:20])
    assert not tells_late(b"")


def test_exif_behind_the_pixels_of_a_png_turns_it(decoder: Decoder, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = BytesIO()
    Image.new("RGB", (40, 20), "red").save(data, "PNG")
    whole = data.getvalue()
    late = whole[:-12] + chunk(b"eXIf", exif.tobytes()[6:]) + whole[-12:]
    (tmp_path / "late.png").write_bytes(late)
    assert decoder.tell(tmp_path / "late.png").turn == 6
    assert decoder.picture(tmp_path / "late.png", (99, 99)).shape == (40, 20, 3)


def test_a_png_whose_turn_stands_in_xmp_alone_is_turned(decoder: Decoder, tmp_path: Path) -> None:
    xmp = (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description'
        ' xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/></rdf:RDF></x:xmpmeta>'
    )
    told = PngImagePlugin.PngInfo()
    told.add_itxt("XML:com.adobe.xmp", xmp)
    Image.new("RGB", (40, 20), "red").save(tmp_path / "turned.png", pnginfo=told)
    assert decoder.picture(tmp_path / "turned.png", (99, 99)).shape == (40, 20, 3)


def test_a_decoder_that_takes_too_much_memory_is_ended_and_the_next_photo_is_read(
    tmp_path: Path,
) -> None:
    os.mkfifo(tmp_path / "grows.jpg")
    Image.new("RGB", (30, 20), "red").save(tmp_path / "good.jpg")
    asked: list[int] = []

    def grown(process_id: int) -> int:
        asked.append(process_id)
        return MEMORY_LIMIT_BYTES + len(asked) - 3  # over the limit when asked the fourth time

    decoder = Decoder(time_limit_s=60, held_bytes=grown)
    with pytest.raises(UnreadablePhoto) as error:
        decoder.picture(tmp_path / "grows.jpg", (50, 50))
    assert error.value.reason is Reason.TOO_LARGE
    assert len(asked) == 4
    assert len(set(asked)) == 1
    decoder._held_bytes = held_bytes
    assert decoder.picture(tmp_path / "good.jpg", (50, 50)).shape == (20, 30, 3)
    decoder.close()


@pytest.mark.skipif(sys.platform not in ("linux", "darwin"), reason="nobody knows elsewhere")
def test_the_memory_of_a_process_is_known() -> None:
    before = held_bytes(os.getpid())
    filled = b"\1" * (64 << 20)
    assert held_bytes(os.getpid()) - before > 48 << 20
    assert len(filled) == 64 << 20


def test_a_process_that_has_ended_holds_nothing(tmp_path: Path) -> None:
    assert held_bytes(2**22 + 1) == 0
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "statm").write_text("900 30 20 1 0 5 0\n")
    assert memory._on_linux(7, tmp_path) == 30 * memory.PAGE_BYTES
    (tmp_path / "7" / "statm").write_text("")
    assert memory._on_linux(7, tmp_path) == 0
