"""Read photos by name from a folder or a zip, and make squares of them.

Both are safe to call from several threads; Pillow lets other threads run while it decodes.
"""

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from models.errors import BadData
from models.preprocess import middle, short_side_to

PHOTOS = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
# What Pillow raises over strangers' bytes. A truncated file is an OSError.
UNREADABLE = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error),
    *(MemoryError, Image.DecompressionBombError),
)


class Source(Protocol):
    """Where photos lie."""

    path: Path

    def names(self) -> list[str]:
        """All photos, by their path inside, with forward slashes."""

    def read(self, name: str) -> bytes:
        """The file of that name. Raises BadData."""


class FolderSource:
    """Photos in a folder and its subfolders."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """All photos, by their path inside, with forward slashes."""
        found = (p for p in self.path.rglob("*") if p.suffix.lower() in PHOTOS and p.is_file())
        return sorted(p.relative_to(self.path).as_posix() for p in found)

    def read(self, name: str) -> bytes:
        """The file of that name. Raises BadData."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise BadData(f"{self.path / name} can not be read: {error.strerror}.") from error


class ZipSource:
    """Photos in a zip, never unpacked to disk."""

    def __init__(self, path: Path) -> None:
        """Opens the zip. Raises BadData."""
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise BadData(f"{path} can not be read as a zip: {error}. Copy it again.") from error

    def names(self) -> list[str]:
        """All photos, by their path inside."""
        every = self._zip.namelist()
        return sorted(n for n in every if PurePosixPath(n).suffix.lower() in PHOTOS)

    def read(self, name: str) -> bytes:
        """The file of that name. Raises BadData."""
        try:
            return self._zip.read(name)
        except (OSError, KeyError, zipfile.BadZipFile, zlib.error) as error:
            raise BadData(f"{name} in {self.path} can not be read: {error}.") from error


def source_of(path: Path) -> Source:
    """The photos of a folder or a zip. Raises BadData."""
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise BadData(f"{path} is not there. Name the folder or the zip that holds the photos.")
    return ZipSource(path)


def square(data: bytes, side: int, name: str) -> NDArray[np.uint8]:
    """(side, side, 3) uint8 RGB: the photo upright, its short side `side`, the middle cut out.

    A JPEG is decoded no larger than needed, which is most of the time saved. Raises BadData, which
    calls the photo `name`.
    """
    try:
        with Image.open(BytesIO(data)) as picture:
            picture.draft("RGB", (side, side))  # JPEG only; never below the size asked for
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        sized = upright.resize(short_side_to(side, *upright.size), Image.Resampling.BICUBIC)
        return np.asarray(sized.crop(middle(side, *sized.size)))
    except UNREADABLE as error:
        raise BadData(f"{name} is no photo that can be read: {error}.") from error
