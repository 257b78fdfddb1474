"""Pictures with more bits, other inks, alpha or wide colours look as they do elsewhere."""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from indexer.colour import shrunk
from indexer.decode import Decoder
from tests.wide_gamut import p3_profile, p3_to_srgb


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


def seen(decoder: Decoder, path: Path) -> NDArray[np.int64]:
    """The (h, w, 3) pixels of the whole photo."""
    return decoder.picture(path, (4000, 4000)).astype(np.int64)


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "png"), ("RGBA", "png"), ("RGB", "heic")])
def test_colours_of_a_wide_gamut_come_out_right(
    decoder: Decoder, tmp_path: Path, mode: str, kind: str
) -> None:
    colours = np.array(
        [
            *((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 128, 128)),
            *((200, 120, 40), (40, 160, 90), (90, 60, 200), (250, 240, 10)),
        ],
        np.uint8,
    )
    picture = Image.fromarray(np.repeat(np.repeat(colours[None], 16, 0), 16, 1)).convert(mode)
    path = tmp_path / f"wide.{kind}"
    if kind == "heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
        picture.save(path, icc_profile=p3_profile(), quality=-1, chroma=444, matrix_coefficients=0)
    else:
        picture.save(path, icc_profile=p3_profile())
    pixels = seen(decoder, path)[8, 8::16]
    assert np.abs(pixels - p3_to_srgb(colours)).max() <= 2


def test_a_profile_of_another_kind_of_picture_is_passed_over(
    decoder: Decoder, tmp_path: Path
) -> None:
    Image.new("L", (16, 16), 77).save(tmp_path / "grey.png", icc_profile=p3_profile())
    assert (seen(decoder, tmp_path / "grey.png") == 77).all()


@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_grey_of_16_bits_keeps_its_whole_range(decoder: Decoder, tmp_path: Path, kind: str) -> None:
    ramp = np.repeat(np.linspace(0, 65535, 256).astype(np.uint16)[None], 40, axis=0)
    Image.fromarray(ramp).save(tmp_path / f"grey.{kind}")
    assert np.abs(seen(decoder, tmp_path / f"grey.{kind}")[20, :, 0] - np.arange(256)).max() <= 1


def test_a_dark_picture_of_16_bits_stays_dark(decoder: Decoder, tmp_path: Path) -> None:
    Image.fromarray(np.full((40, 40), 6554, np.uint16)).save(tmp_path / "dark.png")
    assert np.abs(seen(decoder, tmp_path / "dark.png") - 25.5).max() <= 1


def test_colours_of_16_bits_are_read(decoder: Decoder, tmp_path: Path) -> None:
    w, h = 30, 20
    row = np.linspace(0, 65535, w).astype(np.uint16)
    rows = np.stack([row, row[::-1], np.full_like(row, 32768)], axis=1)
    write_rgb16(tmp_path / "rgb16.png", np.repeat(rows[None], h, 0))
    pixels = seen(decoder, tmp_path / "rgb16.png")
    assert np.abs(pixels - np.repeat(rows[None], h, 0) / 257).max() <= 1


def write_rgb16(path: Path, pixels: NDArray[np.uint16]) -> None:
    """A PNG of 16 bits a colour, which Pillow reads and doesn't write; (h, w, 3)."""
    h, w, _ = pixels.shape
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", w, h, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels.astype(">u2")))),
        (b"IEND", b""),
    )
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))


def test_the_inks_of_a_printer_s_jpeg_are_no_negative(decoder: Decoder, tmp_path: Path) -> None:
    # Adobe stores inks upside down and says so; Pillow writes as Adobe does.
    inks = Image.new("CMYK", (64, 64), (0, 255, 255, 0))
    inks.save(tmp_path / "inks.jpg", quality=98)
    assert b"Adobe" in (tmp_path / "inks.jpg").read_bytes()
    red, green, blue = seen(decoder, tmp_path / "inks.jpg")[32, 32]
    assert red > 225
    assert max(green, blue) < 40


def test_a_nonsense_profile_of_inks_is_passed_over(decoder: Decoder, tmp_path: Path) -> None:
    inks = Image.new("CMYK", (64, 64), (255, 0, 255, 0))
    inks.save(tmp_path / "inks.jpg", quality=98, icc_profile=p3_profile())
    red, green, blue = seen(decoder, tmp_path / "inks.jpg")[32, 32]
    assert green > 215
    assert max(red, blue) < 60


def test_what_shines_through_a_palette_lies_on_white(decoder: Decoder, tmp_path: Path) -> None:
    picture = Image.new("P", (30, 10))
    picture.putpalette([200, 0, 0, 0, 200, 0, 0, 0, 200])
    picture.putdata([column // 10 for _ in range(10) for column in range(30)])
    picture.save(tmp_path / "palette.png", transparency=bytes((255, 0, 128)))
    assert seen(decoder, tmp_path / "palette.png")[5, 5::10].tolist() == [
        [200, 0, 0],
        [255, 255, 255],
        [127, 127, 227],
    ]


@pytest.mark.parametrize("kind", ["gif", "webp", "png", "heic"])
def test_half_a_picture_that_is_clear_is_white(decoder: Decoder, tmp_path: Path, kind: str) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    picture = Image.new("RGBA", (64, 64), (0, 60, 200, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 32, 64))
    picture.save(tmp_path / f"half.{kind}", quality=95)
    pixels = seen(decoder, tmp_path / f"half.{kind}")
    assert pixels[32, 8].min() >= 253
    assert np.abs(pixels[32, 56] - (0, 60, 200)).max() <= 6


def test_grey_with_alpha_lies_on_white(decoder: Decoder, tmp_path: Path) -> None:
    Image.new("LA", (20, 20), (0, 51)).save(tmp_path / "grey.png")
    assert np.abs(seen(decoder, tmp_path / "grey.png") - 204).max() <= 1


def test_lightness_and_two_colour_axes_become_rgb(decoder: Decoder, tmp_path: Path) -> None:
    Image.new("LAB", (20, 20), (136, 128, 128)).save(tmp_path / "lab.tiff")  # L* 53: middle grey
    assert np.abs(seen(decoder, tmp_path / "lab.tiff") - 127).max() <= 3


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "L", "P", "1", "CMYK", "I;16"])
def test_strips_give_what_the_whole_would(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (211, 157, 4), np.uint8)
    if mode == "I;16":
        image = Image.fromarray(noise[..., 0].astype(np.uint16) * 257)
    else:
        image = Image.fromarray(noise).convert(mode)
    whole = shrunk(image, (31, 40), Image.Resampling.BICUBIC)
    monkeypatch.setattr("indexer.colour.STRIP_PIXELS", 1000)
    strips = shrunk(image, (31, 40), Image.Resampling.BICUBIC)
    assert np.array_equal(np.asarray(strips), np.asarray(whole))


def test_shrinking_by_steps_looks_as_shrinking_at_once() -> None:
    smooth = np.random.default_rng(2).integers(0, 256, (30, 40, 3), np.uint8)
    image = Image.fromarray(smooth).resize((997, 743), Image.Resampling.BICUBIC)
    small = np.asarray(shrunk(image, (100, 75), Image.Resampling.BICUBIC), np.int64)
    at_once = np.asarray(image.resize((100, 75), Image.Resampling.BICUBIC), np.int64)
    assert np.abs(small - at_once).max() <= 4
