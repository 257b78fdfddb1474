"""Photos of many kinds through a real decoder process, and what happens when it goes wrong."""

import json
import os
import threading
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from indexer.decode import Decoder
from indexer.decoder_pool import DecoderPool
from indexer.errors import Reason, UnreadablePhoto
from indexer.library import Library
from indexer.thumbnails import thumbnail_path
from models.preprocess import preprocess
from tests.fakes import SPEC

CORNER = {"red": (220, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 220), "grey": (128,) * 3}


def corners(w: int = 120, h: int = 80) -> Image.Image:
    """Four quarters: red, green, blue, grey, clockwise from the top left."""
    picture = Image.new("RGB", (w, h))
    for name, box in zip(
        CORNER,
        ((0, 0), (w // 2, 0), (w // 2, h // 2), (0, h // 2)),
        strict=True,
    ):
        picture.paste(CORNER[name], (*box, box[0] + w // 2, box[1] + h // 2))
    return picture


def seen_corners(pixels: np.ndarray) -> list[str]:
    """The names of the quarters' colours, clockwise from the top left."""
    h, w = pixels.shape[:2]
    points = (
        (h // 4, w // 4),
        (h // 4, 3 * w // 4),
        (3 * h // 4, 3 * w // 4),
        (3 * h // 4, w // 4),
    )
    return [
        min(CORNER, key=lambda name: np.abs(pixels[y, x].astype(int) - CORNER[name]).sum())
        for y, x in points
    ]


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff", "gif", "bmp", "heic", "avif"])
def test_every_promised_kind_is_read(decoder: Decoder, tmp_path: Path, kind: str) -> None:
    pillow_heif.register_heif_opener()
    path = tmp_path / f"photo.{kind}"
    corners().save(path, quality=95)
    pixels = decoder.picture(path, (1000, 1000))
    assert pixels.shape == (80, 120, 3)
    assert seen_corners(pixels) == ["red", "green", "blue", "grey"]


UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "tiff", "avif"])
def test_every_exif_turn_comes_out_upright(
    decoder: Decoder, tmp_path: Path, kind: str, orientation: int
) -> None:
    size = (1200, 800) if kind == "jpg" else (120, 80)
    stored = corners(*size)
    if orientation in UNDO:
        stored = stored.transpose(UNDO[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{kind}"
    stored.save(path, exif=exif, quality=95)
    assert seen_corners(decoder.picture(path, (300, 300))) == list(CORNER)
    content = decoder.index(path, SPEC.image, None).content
    assert (content.width, content.height) == size


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "L", "1", "CMYK", "I;16", "YCbCr"])
def test_every_mode_becomes_rgb_of_the_same_look(
    decoder: Decoder, tmp_path: Path, mode: str
) -> None:
    path = tmp_path / ("photo.tiff" if mode in ("CMYK", "YCbCr") else "photo.png")
    if mode == "I;16":
        grey = np.repeat(np.linspace(0, 65535, 100).astype(np.uint16)[None], 80, axis=0)
        Image.fromarray(grey).save(path)
        want = np.linspace(0, 255, 100)[None, :, None]
    else:
        picture = corners().convert(mode)
        picture.save(path)
        want = np.asarray(picture.convert("RGB"), np.float64)
    pixels = decoder.picture(path, (1000, 1000))
    assert np.abs(pixels - want).max() <= 3


def test_what_is_transparent_lies_on_white(decoder: Decoder, tmp_path: Path) -> None:
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert decoder.picture(tmp_path / "clear.png", (50, 50)).min() == 255


def swapped_profile() -> bytes:
    """An RGB profile in which red and green have changed places."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data = data.replace("sRGB".encode("utf-16-be"), "mine".encode("utf-16-be"))
    red, green = data.index(b"rXYZ"), data.index(b"gXYZ")
    data[red : red + 4], data[green : green + 4] = b"gXYZ", b"rXYZ"
    return bytes(data)


def test_a_colour_profile_is_converted_to_srgb(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "profile.png"
    Image.new("RGB", (64, 64), (250, 10, 10)).save(path, icc_profile=swapped_profile())
    red, green, _ = decoder.picture(path, (64, 64))[32, 32]
    assert green > 200 > 100 > red


def test_a_nonsense_profile_is_passed_over(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "nonsense.png"
    Image.new("RGB", (64, 64), (120, 130, 140)).save(path, icc_profile=b"no profile" * 20)
    assert (decoder.picture(path, (64, 64)) == (120, 130, 140)).all()


def test_scaled_decoding_is_never_below_twice_the_encoders_side(
    decoder: Decoder, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (75, 100, 3), np.uint8)
    picture = Image.fromarray(noise).resize((4000, 3000), Image.Resampling.BICUBIC)
    picture.save(tmp_path / "large.jpg", quality=92)
    square = decoder.index(tmp_path / "large.jpg", SPEC.image, None).square
    with Image.open(tmp_path / "large.jpg") as whole:
        want = preprocess(whole.convert("RGB"), SPEC.image)
    assert np.abs(square.astype(int) - want.astype(int)).mean() < 2.0


def test_thumbnails_are_upright_and_of_both_sizes(decoder: Decoder, tmp_path: Path) -> None:
    library = Library.at(tmp_path / "library")
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = corners(1600, 1200).transpose(Image.Transpose.ROTATE_90)
    stored.save(tmp_path / "turned.jpg", exif=exif)
    content = decoder.index(tmp_path / "turned.jpg", SPEC.image, library).content
    for side, size in ((256, (341, 256)), (512, (683, 512))):
        with Image.open(thumbnail_path(library, content.hash, side)) as thumbnail:
            assert thumbnail.size == size
            assert seen_corners(np.asarray(thumbnail)) == list(CORNER)


def test_a_very_long_picture_costs_no_memory(decoder: Decoder, tmp_path: Path) -> None:
    Image.new("RGB", (60_000, 3), "red").save(tmp_path / "line.png")
    square = decoder.index(tmp_path / "line.png", SPEC.image, Library.at(tmp_path / "l")).square
    assert (square[0] == 255).all()


def test_a_picture_that_claims_to_be_huge_is_refused_by_its_header(
    decoder: Decoder, tmp_path: Path
) -> None:
    data = BytesIO()
    Image.new("L", (8, 8)).save(data, "PNG")
    raw = bytearray(data.getvalue())
    raw[16:24] = (40_000).to_bytes(4, "big") * 2
    raw[29:33] = zlib.crc32(raw[12:29]).to_bytes(4, "big")
    (tmp_path / "bomb.png").write_bytes(raw)
    with pytest.raises(UnreadablePhoto) as error:
        decoder.picture(tmp_path / "bomb.png", (10, 10))
    assert error.value.reason is Reason.TOO_LARGE


def test_a_hanging_photo_costs_its_time_limit_and_nobody_else(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hangs.jpg")
    corners().save(tmp_path / "good.jpg")
    paths = [tmp_path / "hangs.jpg", *[tmp_path / "good.jpg"] * 5]
    pool = DecoderPool(1, time_limit_s=1.5)
    results = dict(pool.index(enumerate(map(str, paths)), SPEC.image, None))
    pool.close()
    assert results[0] is Reason.TOO_SLOW
    assert sum(isinstance(one, Reason) for one in results.values()) == 1


def test_a_crash_costs_one_photo_and_the_next_is_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "crashes.jpg")
    corners().save(tmp_path / "good.jpg")
    decoder = Decoder()
    decoder.picture(tmp_path / "good.jpg", (50, 50))
    process = decoder._process
    assert process is not None
    killer = threading.Timer(0.3, process.kill)
    killer.start()
    with pytest.raises(UnreadablePhoto) as error:
        decoder.picture(tmp_path / "crashes.jpg", (50, 50))
    assert error.value.reason is Reason.CRASHED
    killer.join()
    assert decoder.picture(tmp_path / "good.jpg", (60, 60)).shape == (40, 60, 3)
    decoder.close()


def test_a_pool_that_is_stopped_ends_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hangs.jpg")
    pool = DecoderPool(2, time_limit_s=60)
    jobs = ((number, str(tmp_path / "hangs.jpg")) for number in range(100))
    threading.Timer(0.3, pool.stop).start()
    assert list(pool.index(jobs, SPEC.image, None)) == []
    pool.close()


def test_reasons_tell_apart_what_a_person_can_mend(decoder: Decoder, tmp_path: Path) -> None:
    reasons = {}
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "text.jpg").write_text("words")
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(40))
    for name in ("empty.jpg", "text.jpg", "cut.jpg", "gone.jpg"):
        with pytest.raises(UnreadablePhoto) as error:
            decoder.picture(tmp_path / name, (9, 9))
        reasons[name] = error.value.reason
    assert reasons == {
        "empty.jpg": Reason.EMPTY,
        "text.jpg": Reason.UNKNOWN_KIND,
        "cut.jpg": Reason.DAMAGED,
        "gone.jpg": Reason.GONE,
    }


def test_a_photo_whose_decoder_was_ended_from_outside_is_tried_once_more(tmp_path: Path) -> None:
    corners().save(tmp_path / "good.jpg")
    pool = DecoderPool(1)
    decoder = pool._decoders[0]
    decoder.picture(tmp_path / "good.jpg", (50, 50))
    process = decoder._process
    assert process is not None
    process.kill()
    process.wait()
    ((_, decoded),) = pool.index([(0, str(tmp_path / "good.jpg"))], SPEC.image, None)
    pool.close()
    assert not isinstance(decoded, Reason)


def test_a_decoder_ends_with_its_parent_in_the_middle_of_a_photo(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "hangs.jpg")
    decoder = Decoder()
    corners().save(tmp_path / "good.jpg")
    decoder.picture(tmp_path / "good.jpg", (50, 50))
    process = decoder._process
    assert process is not None
    assert process.stdin is not None
    request = {"what": "show", "path": str(tmp_path / "hangs.jpg"), "fit": [9, 9]}
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.close()
    assert process.wait(timeout=10) == 0
    decoder.close()
