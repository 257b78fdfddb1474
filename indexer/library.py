"""Where everything of one library lies on disk."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from models.errors import KnownError

DATABASE = "library.sqlite3"
SHARED_PLACE = "sightword-"  # + user id: a private folder in /tmp, whatever TMPDIR says
SOCKET_PATH_BYTES = 100  # sun_path holds 108 bytes on Linux, 104 on a Mac


@dataclass(frozen=True, slots=True)
class Library:
    """The folder that holds one library's database, vectors and thumbnails."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Library":
        """The library in `root`, which need not exist yet."""
        return cls(absolute(root))

    @property
    def database(self) -> Path:
        """The index: folders, photos, contents, embeddings. The truth."""
        return self.root / DATABASE

    @property
    def vectors(self) -> Path:
        """Snapshots of the embeddings, one file an encoder."""
        return self.root / "vectors"

    @property
    def thumbnails(self) -> Path:
        """Small pictures, named by content. A cache."""
        return self.root / "thumbnails"

    @property
    def encoders(self) -> Path:
        """Encoders that a person added."""
        return self.root / "encoders"

    @property
    def kept_encoders(self) -> Path:
        """Copies of ours that this library is searched with, for when an update takes them away.

        Hidden from `models.installed`: a name is always that of the newest.
        """
        return self.encoders / ".kept"

    @property
    def lock(self) -> Path:
        """The file that the one running indexer holds locked."""
        return self.root / "indexer.lock"

    @property
    def log(self) -> Path:
        """What the indexer has to say for itself."""
        return self.root / "indexer.log"

    @property
    def socket(self) -> Path:
        """Where the indexer listens: beside the lock, or for a long path in a private folder.

        A Unix socket's path is limited to about a hundred bytes; a library's is not.
        """
        beside = self.root / "indexer.sock"
        if len(os.fsencode(beside)) <= SOCKET_PATH_BYTES:
            return beside
        digest = hashlib.blake2b(os.fsencode(self.root), digest_size=8).hexdigest()
        return Path("/tmp") / f"{SHARED_PLACE}{os.getuid()}" / f"{digest}.sock"


def absolute(path: Path) -> Path:
    """`path` from the root, without `~`, `.` and `..`; links stay, so that people know it again.

    Raises KnownError for a `~` that is nobody's home.
    """
    try:
        return Path(os.path.abspath(path.expanduser()))  # noqa: PTH100 - resolve() follows links
    except RuntimeError as error:
        raise KnownError(
            f"There is no home folder {path.parts[0]}, so {path} leads nowhere. Check its name."
        ) from error
    except OSError as error:  # the working folder was deleted under us
        raise KnownError(
            f"{path} can't be found from here: {error.strerror}. Go to a folder that exists."
        ) from error
