"""The two families of errors, for models and for everything built on it.

Exception
├── KnownError         the world failed; the message says what, which, and how to go on
│   ├── BadEncoder     an encoder's folder is missing something, or holds something else
│   │   └── EncoderAway    it can't be read just now: its drive is away, or the disk refuses
│   └── BadData        a file of training data can not be used
└── BugError           we failed; keep the trace
    └── ParityError    an exported tower disagrees with the one that was trained
"""


class KnownError(Exception):
    """The world failed. The message is a sentence for the person: what, which, how to go on."""


class BugError(Exception):
    """We failed. Shown with its trace, never swallowed."""


class BadEncoder(KnownError):
    """An encoder's folder is missing, incomplete, or not what its manifest says."""


class EncoderAway(BadEncoder):
    """An encoder can't be read just now, and may be whole. What depends on it waits."""


class BadData(KnownError):
    """A file of photos, captions or checkpoints can not be used for training."""


class ParityError(BugError):
    """An exported tower gives other vectors than the one it was exported from."""
