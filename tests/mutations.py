"""Good photo files of many kinds, and what can befall them. The same seed gives the same files."""

import random
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO

import pillow_heif
from PIL import Image, ImageCms

from models.drawn import draw

SIDES = (96, 72)  # px of every good file
NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
LARGE = (0, 1, 15_000, 17_000, 65_500, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)  # px
HEADER_BYTES = 400  # where most of a file's numbers lie
Mutation = Callable[[bytearray, random.Random], bytearray]


def good_files(seed: int) -> dict[str, bytes]:
    """Files by their names, about thirty: each kind in the ways in which it is written."""
    pillow_heif.register_heif_opener()
    picture = draw(seed, SIDES).picture
    clear = picture.copy()
    clear.putalpha(Image.linear_gradient("L").resize(SIDES))
    frames = [draw(seed + n, SIDES).picture for n in range(1, 4)]
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = 6, "Maker", "2023:07:14 18:03:11"
    exif.get_ifd(0x8825)[1] = "N"
    told: dict[str, object] = {
        "exif": exif,
        "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
    }
    moving: dict[str, object] = {"save_all": True, "append_images": frames, "duration": 100}
    grey = Image.linear_gradient("L").resize(SIDES)
    ways: tuple[tuple[str, Image.Image, dict[str, object]], ...] = (
        ("plain.jpg", picture, {}),
        ("told.jpg", picture, told),
        ("scans.jpg", picture, {"progressive": True, "optimize": True}),
        ("inks.jpg", picture.convert("CMYK"), {}),
        ("grey.jpg", grey, {}),
        ("plain.png", picture, told),
        ("clear.png", clear, {}),
        ("palette.png", picture.quantize(64), {"transparency": 3}),
        ("deep.png", grey.convert("I").point(lambda value: value * 257).convert("I;16"), {}),
        ("moving.png", picture, moving),
        ("plain.gif", picture, {}),
        ("moving.gif", picture, moving),
        ("plain.webp", picture, told),
        ("clear.webp", clear, {"lossless": True}),
        ("moving.webp", picture, moving),
        ("plain.heic", picture, {"exif": exif, "quality": 60}),
        ("clear.heic", clear, {"quality": 60}),
        ("plain.avif", picture, {"speed": 9}),
        ("moving.avif", picture, {**moving, "speed": 9}),
        ("plain.tif", picture, told),
        ("packed.tif", picture, {"compression": "tiff_lzw"}),
        ("jpeg.tif", picture, {"compression": "jpeg"}),
        ("deflated.tif", clear, {"compression": "tiff_adobe_deflate"}),
        ("fax.tif", grey.convert("1"), {"compression": "group4"}),
        ("pages.tif", picture, moving),
        ("plain.bmp", picture, {}),
        ("palette.bmp", picture.quantize(200), {}),
    )
    files = {}
    for name, image, how in ways:
        data = BytesIO()
        kind = name.rpartition(".")[2].upper()
        image.save(data, {"JPG": "JPEG", "TIF": "TIFF", "HEIC": "HEIF"}.get(kind, kind), **how)
        files[name] = data.getvalue()
    return files


def mutations(files: dict[str, bytes], count: int, seed: int) -> Iterator[tuple[str, str, bytes]]:
    """`count` times (what befell it, name, bytes): all files and mutations by turns."""
    names, kinds = sorted(files), list(MUTATIONS)
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        name, kind = names[number % len(names)], kinds[number // len(names) % len(kinds)]
        other = files[chance.choice(names)]
        if kind == "other header":
            mutate: Mutation = partial(_other_header, other=other)
        elif kind == "spliced":
            mutate = partial(_spliced, other=other)
        else:
            mutate = MUTATIONS[kind]
        data = mutate(bytearray(files[name]), chance)
        if chance.random() < 0.7:  # a wrong checksum alone would end most PNGs too early
            data = _mended(data)
        yield kind, f"{number:05d}-{name}", bytes(data)


def _place(data: bytearray, chance: random.Random) -> int:
    """Somewhere, as often as not near the beginning."""
    end = min(len(data), HEADER_BYTES) if chance.random() < 0.6 else len(data)
    return chance.randrange(max(1, end))


def _bits(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 1, 2, 8, 64))):
        data[_place(data, chance)] ^= 1 << chance.randrange(8)
    return data


def _cut(data: bytearray, chance: random.Random) -> bytearray:
    return data[: chance.randrange(1, len(data))]


def _hole(data: bytearray, chance: random.Random) -> bytearray:
    at = _place(data, chance)
    del data[at : at + chance.choice((1, 2, 4, 16, 200))]
    return data


def _inserted(data: bytearray, chance: random.Random) -> bytearray:
    at = _place(data, chance)
    data[at:at] = chance.randbytes(chance.choice((1, 2, 4, 16, 2000)))
    return data


def _zeros(data: bytearray, chance: random.Random) -> bytearray:
    at, length = _place(data, chance), chance.choice((4, 32, 512))
    data[at : at + length] = bytes(len(data[at : at + length]))
    return data


def _number(data: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 1, 3))):
        at = _place(data, chance)
        form = chance.choice((">H", "<H", ">I", "<I"))
        packed = struct.pack(form, chance.choice(NUMBERS) & (0xFFFF if "H" in form else 0xFFFFFFFF))
        data[at : at + len(packed)] = packed
    return data


def _sides(data: bytearray, chance: random.Random) -> bytearray:
    """Wherever a side is written, another number."""
    for side in SIDES:
        large = chance.choice(LARGE)
        for form in (">I", "<I", ">H", "<H"):
            fits = large & (0xFFFF if "H" in form else 0xFFFFFFFF)
            at = data.find(struct.pack(form, side), 0, HEADER_BYTES)
            if at >= 0:
                data[at : at + struct.calcsize(form)] = struct.pack(form, fits)
    return data


def _repeated(data: bytearray, chance: random.Random) -> bytearray:
    at, length = _place(data, chance), chance.choice((8, 100, 2000))
    data[at:at] = data[at : at + length] * chance.choice((2, 50, 1000))
    return data


def _other_header(data: bytearray, chance: random.Random, other: bytes = b"") -> bytearray:
    length = chance.choice((4, 12, 32, 200))
    data[:length] = other[:length]
    return data


def _spliced(data: bytearray, chance: random.Random, other: bytes = b"") -> bytearray:
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


MUTATIONS: dict[str, Mutation] = {
    "bits flipped": _bits,
    "cut off": _cut,
    "a hole": _hole,
    "bytes inserted": _inserted,
    "zeros": _zeros,
    "absurd numbers": _number,
    "absurd sides": _sides,
    "a part repeated": _repeated,
    "other header": _other_header,
    "spliced": _spliced,
}


def _mended(data: bytearray) -> bytearray:
    """The checksums of a PNG's chunks as they ought to be."""
    if not data.startswith(b"\x89PNG"):
        return data
    for found in list(re.finditer(rb"IHDR|PLTE|tRNS|IDAT|fdAT|acTL|fcTL|iCCP|eXIf|IEND", data)):
        at = found.start()
        end = at + 4 + int.from_bytes(data[at - 4 : at], "big")
        if end + 4 <= len(data):
            data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at:end]))
    return data
