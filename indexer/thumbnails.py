"""Where a photo's small pictures lie, and how large they are.

They are a cache, named by the photo's content, so that a copied or moved photo keeps them and a
rebuilt database finds them again. Any of them may be missing: then the next smaller one serves.
"""

import os
import tempfile
from pathlib import Path

from indexer.library import Library

SIDES = (256, 512)  # px of the short side: for small tiles, and for large ones or sharp screens
LONG_OVER_SHORT = 2.0  # the long side is at most double: a panorama's is made smaller
UNFINISHED = ".part"
QUALITY = 82  # JPEG; 256 px come to about 15 KB, 512 px to about 45 KB


def thumbnail_path(library: Library, content_hash: bytes, side: int) -> Path:
    """The file that holds (or would hold) this content's thumbnail of `side` px."""
    name = content_hash.hex()
    return library.thumbnails / name[:2] / f"{name}-{side}.jpg"


def thumbnail_size(width: int, height: int, side: int) -> tuple[int, int]:
    """The size in px of a `side` thumbnail of a photo that measures (width, height). Never larger.

    >>> thumbnail_size(4000, 3000, 256)
    (341, 256)
    >>> thumbnail_size(12000, 1000, 256)
    (512, 43)
    """
    short, long = min(width, height), max(width, height)
    scale = min(side / short, side * LONG_OVER_SHORT / long, 1.0)
    return max(1, round(width * scale)), max(1, round(height * scale))


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees all of it or nothing. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
