"""What whoever watches a folder tells, and which names it is about."""

from typing import Protocol

from indexer.scan import EXTENSIONS, SIDECAR
from indexer.settle import Touch


class Heard(Protocol):
    """Where news go, from any thread."""

    def touch(self, path: str, touch: Touch) -> None:
        """A photo or an XMP file changed somehow; or (FOLDER) anything below a folder may differ.

        Doubt is told as the FOLDER that is doubtful: the root, where nothing more is known.
        """

    def fell_short(self, root: str) -> None:
        """Not all below `root` can be watched: the system has no watches left."""


def is_photo_name(name: str) -> bool:
    """Whether a file may be a photo, by its name.

    >>> is_photo_name("A.JPG"), is_photo_name("._A.JPG"), is_photo_name("a.txt")
    (True, False, False)
    """
    return not name.startswith(".") and name[name.rfind(".") :].lower() in EXTENSIONS


def is_sidecar_name(name: str) -> bool:
    """Whether a file may tell of the photo that it lies beside, by its name.

    >>> is_sidecar_name("A.JPG.XMP"), is_sidecar_name(".xmp")
    (True, False)
    """
    return not name.startswith(".") and name.lower().endswith(SIDECAR)
