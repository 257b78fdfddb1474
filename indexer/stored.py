"""The values that go into the library's database and come out of it, for those who write it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from indexer.metadata import NOTHING, Metadata
from indexer.photo import PhotoState


@dataclass(frozen=True, slots=True)
class Row:
    """What the database knows of a photo file when it is seen again."""

    id: int
    size_bytes: int
    mtime_ns: int
    state: PhotoState
    reason: str | None
    is_known: bool  # what it shows has been looked at


@dataclass(frozen=True, slots=True)
class ToDo:
    """A photo to be decoded and encoded."""

    id: int
    path: str
    mtime_ns: int
    state: PhotoState  # PENDING, or INDEXED where it is to be seen by another encoder
    place: tuple[int, int]  # in the walk that gave it: its time in ns, and a number


@dataclass(frozen=True, slots=True)
class Content:
    """What a decoder learned of one file's bytes."""

    hash: bytes  # 16 bytes
    width: int  # upright px
    height: int
    mean_rgb: int  # 0xRRGGBB
    metadata: Metadata = NOTHING


@dataclass(frozen=True, slots=True)
class Finished:
    """A photo that was decoded, with its vector unless the content has one already."""

    todo: ToDo
    content: Content
    vector: NDArray[np.float16] | None  # (d,) unit row
