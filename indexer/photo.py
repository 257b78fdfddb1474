"""The values that the indexer hands around: photos, folders, counts. All frozen."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from indexer.metadata import NOTHING, Metadata


class PhotoState(StrEnum):
    """Where a photo stands. The value is what the database keeps."""

    PENDING = "pending"  # seen, not yet looked at (or edited since)
    INDEXED = "indexed"  # has a vector and thumbnails
    FAILED = "failed"  # could not be read; a reason says why
    MISSING = "missing"  # not found by the last scan; keeps its vector in case it returns

    def can_become(self, other: "PhotoState") -> bool:
        """Whether a photo may go from this state to `other`."""
        return other in TRANSITIONS[self]


TRANSITIONS: dict[PhotoState, frozenset[PhotoState]] = {
    PhotoState.PENDING: frozenset({PhotoState.INDEXED, PhotoState.FAILED, PhotoState.MISSING}),
    PhotoState.INDEXED: frozenset({PhotoState.PENDING, PhotoState.FAILED, PhotoState.MISSING}),
    PhotoState.FAILED: frozenset({PhotoState.PENDING, PhotoState.MISSING}),
    PhotoState.MISSING: frozenset({PhotoState.PENDING, PhotoState.INDEXED}),
}


class FolderState(StrEnum):
    """Whether a folder of the library can be looked at now."""

    AVAILABLE = "available"
    AWAY = "away"  # its drive or share is gone, or the folder is
    FORBIDDEN = "forbidden"  # it is there but may not be read
    DOUBTFUL = "doubtful"  # so many photos are gone from it that the person is asked about them
    KEPT = "kept"  # and has answered that they are to be kept

    @property
    def is_there(self) -> bool:
        """Whether it can be looked at."""
        return self not in (FolderState.AWAY, FolderState.FORBIDDEN)


class Answer(StrEnum):
    """What is to become of the photos that are gone from a folder which is DOUBTFUL."""

    FORGET = "forget"  # they are missing, as any others that are gone
    KEEP = "keep"  # they stay as they are until they return


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of the library. `width` and `height` are of the upright picture, in px."""

    id: int
    path: Path
    state: PhotoState
    reason: str | None  # a sentence, when the state is FAILED
    hash: bytes | None  # 16 bytes, the digest of the file's content
    width: int | None
    height: int | None
    taken: datetime | None  # local wall time, no zone
    size_bytes: int
    mtime_ns: int
    metadata: Metadata = NOTHING
    place: str | None = None  # "Paris, Île-de-France, France"


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is part of the library, with all that lies below it."""

    id: int
    path: Path
    state: FolderState
    photos: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many photos stand where. `vectors` counts contents: two copies share one."""

    photos: int
    indexed: int
    missing: int
    failed: int
    pending: int
    vectors: int


@dataclass(frozen=True, slots=True)
class KnownEncoder:
    """An encoder that the library has vectors of, or is to have."""

    id: int
    digest: str
    name: str
    dimension: int
    folder: Path | None  # where it lay when it was last used; None in libraries from before


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of encoders under way. Both figures count contents, as vectors do."""

    wanted: KnownEncoder
    seen: int  # that have a vector of it
    total: int  # that are to have one; some may be away


@dataclass(frozen=True, slots=True)
class Problem:
    """A photo that could not be read, and why."""

    id: int
    path: Path
    reason: str  # a sentence
