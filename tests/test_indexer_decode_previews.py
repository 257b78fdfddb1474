"""The small picture inside a HEIC serves where it may, and nowhere else."""

import warnings
from io import BytesIO

import pillow_heif
import pytest
from PIL import AvifImagePlugin, Image, PngImagePlugin

from indexer import picture
from models.drawn import draw


@pytest.fixture(autouse=True)
def as_in_a_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr(PngImagePlugin, "MAX_TEXT_CHUNK", 1 << 20)
    monkeypatch.setattr(AvifImagePlugin, "DEFAULT_MAX_THREADS", 0)
    monkeypatch.setattr(pillow_heif.options, "THUMBNAILS", True)
    monkeypatch.setattr(pillow_heif.options, "DECODE_THREADS", 4)
    with warnings.catch_warnings():
        picture.prepare()


def heic(preview_px: int) -> bytes:
    """A photo of 800 x 600 px with a preview whose long side is `preview_px`."""
    image = draw(5, (800, 600)).picture
    image.info["thumbnails"] = [preview_px]
    data = BytesIO()
    image.save(data, "HEIF", quality=70, enc_params={"preset": "ultrafast"})
    return data.getvalue()


@pytest.mark.parametrize(
    ("preview_px", "short_px", "decoded"),
    [
        (400, 300, (400, 300)),  # just large enough
        (400, 301, (800, 600)),  # a little too small
        (400, 600, (800, 600)),
        (256, 256, (800, 600)),
    ],
)
def test_a_preview_serves_where_it_is_as_large_as_is_asked_for(
    preview_px: int, short_px: int, decoded: tuple[int, int]
) -> None:
    opened = picture.OpenedPhoto(heic(preview_px))
    size = opened.size_of(short_px)
    assert opened.decode(size).size == size
    assert opened.image.size == decoded
    assert (opened.width, opened.height) == (800, 600)


def test_whoever_looks_at_a_photo_gets_the_photo() -> None:
    opened = picture.OpenedPhoto(heic(400), previews=False)
    opened.decode((400, 300))
    assert opened.image.size == (800, 600)
