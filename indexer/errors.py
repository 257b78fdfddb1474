"""The errors of the indexer, on the two families that `models.errors` draws.

KnownError                 the world failed; the message says what, which, and how to go on
├── UnreadablePhoto        one photo gave no picture; it gets a state and this reason
├── BadFolder              a folder that was named can not be indexed
├── BadLibrary             the library's files are damaged, newer than we are, or out of reach
│   └── DiskFull           there is no room to write them; nothing was changed
├── BadQuestion            nothing to look for; wrong usage, not a failure
└── IndexerUnreachable     the indexer process did not start, or went away for good
BugError                   we failed; keep the trace
"""

from enum import StrEnum

from models.errors import BugError, KnownError

__all__ = [
    "BadFolder",
    "BadLibrary",
    "BadQuestion",
    "BugError",
    "DiskFull",
    "IndexerUnreachable",
    "KnownError",
    "Reason",
    "UnreadablePhoto",
]


class Reason(StrEnum):
    """Why a photo could not be read. The value is what the database keeps."""

    EMPTY = "empty"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    UNKNOWN_KIND = "unknown-kind"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    CRASHED = "crashed"
    FORBIDDEN = "forbidden"
    GONE = "gone"
    DISK = "disk"

    @property
    def sentence(self) -> str:
        """What a person reads."""
        return SENTENCES[self]

    @property
    def may_pass(self) -> bool:
        """Whether the same bytes may be readable next time, so that a new scan tries again."""
        return self in (Reason.FORBIDDEN, Reason.GONE, Reason.DISK)


SENTENCES = {
    Reason.EMPTY: "The file is empty.",
    Reason.TRUNCATED: "The file ends too early.",
    Reason.DAMAGED: "The file is damaged.",
    Reason.UNKNOWN_KIND: "We can't read this kind of file yet.",
    Reason.TOO_LARGE: "The picture is too large to open safely.",
    Reason.TOO_SLOW: "Reading it took too long.",
    Reason.CRASHED: "Reading it stopped the program that reads photos.",
    Reason.FORBIDDEN: "You don't have permission to open it.",
    Reason.GONE: "It is no longer on the disk.",
    Reason.DISK: "The disk could not read it.",
}


class UnreadablePhoto(KnownError):
    """One photo gave no picture. `reason` is for the database, the message for the person."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.sentence)
        self.reason = reason


class BadFolder(KnownError):
    """A folder that was named does not exist, is a file, or may not be read."""


class BadLibrary(KnownError):
    """The library on disk is damaged, made by a newer version, or can not be opened."""


class DiskFull(BadLibrary):
    """There is no room to write the library. What was there is there."""


class BadQuestion(KnownError):
    """There is nothing to look for in this question."""


class IndexerUnreachable(KnownError):
    """The indexer process could not be started, or keeps stopping."""
