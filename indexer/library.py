"""Where everything of one library lies on disk."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

SOCKET_PATH_BYTES = 100  # sun_path holds 108 bytes on Linux, 104 on a Mac


@dataclass(frozen=True, slots=True)
class Library:
    """The folder that holds one library's database, vectors and thumbnails."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Library":
        """The library in `root`, which need not exist yet."""
        return cls(Path(os.path.abspath(root.expanduser())))

    @property
    def database(self) -> Path:
        return self.root / "library.sqlite3"

    @property
    def vectors(self) -> Path:
        return self.root / "vectors"

    @property
    def thumbnails(self) -> Path:
        return self.root / "thumbnails"

    @property
    def encoders(self) -> Path:
        return self.root / "encoders"

    @property
    def lock(self) -> Path:
        return self.root / "indexer.lock"

    @property
    def log(self) -> Path:
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
        return Path(tempfile.gettempdir()) / f"sightword-{os.getuid()}" / f"{digest}.sock"
