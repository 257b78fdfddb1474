"""Bring a library's database to the schema of this version: forward only, each step whole or not.

`PRAGMA user_version` counts the steps that were taken, and the table `migration` names them. A
step and its record are one transaction, so a crash leaves the schema before or after it.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlite_utils import Database

from indexer.errors import BadLibrary


def m001_photos(db: Database) -> None:
    """Folders, photos, contents, encoders and embeddings."""
    db.execute(
        "CREATE TABLE folder (id INTEGER PRIMARY KEY AUTOINCREMENT, path TEXT NOT NULL UNIQUE,"
        " state TEXT NOT NULL)"
    )
    # AUTOINCREMENT: vectors on disk name contents by id, so an id is never given twice.
    db.execute(
        "CREATE TABLE content (id INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL UNIQUE,"
        " width INTEGER NOT NULL, height INTEGER NOT NULL, mean_rgb INTEGER NOT NULL,"
        " taken TEXT)"
    )
    db.execute(
        "CREATE TABLE photo (id INTEGER PRIMARY KEY AUTOINCREMENT,"
        " folder_id INTEGER NOT NULL REFERENCES folder(id), path TEXT NOT NULL UNIQUE,"
        " size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
        " state TEXT NOT NULL, reason TEXT,"
        " content_id INTEGER REFERENCES content(id))"
    )
    db.execute("CREATE INDEX photo_by_folder ON photo(folder_id, state)")
    db.execute("CREATE INDEX photo_by_content ON photo(content_id)")
    db.execute("CREATE INDEX photo_to_do ON photo(state, mtime_ns)")
    db.execute(
        "CREATE TABLE encoder (id INTEGER PRIMARY KEY AUTOINCREMENT, digest TEXT NOT NULL UNIQUE,"
        " name TEXT NOT NULL, dimension INTEGER NOT NULL)"
    )
    # `change` numbers the vectors in the order in which they came; a snapshot reaches one of them.
    db.execute(
        "CREATE TABLE embedding (change INTEGER PRIMARY KEY AUTOINCREMENT,"
        " encoder_id INTEGER NOT NULL REFERENCES encoder(id),"
        " content_id INTEGER NOT NULL REFERENCES content(id), vector BLOB NOT NULL,"
        " UNIQUE (encoder_id, content_id))"
    )


def m002_identity(db: Database) -> None:
    """A random name for this database, so that snapshots of another one are never taken for its.

    Numbers of changes and contents begin at one in every database.
    """
    db.execute("CREATE TABLE library (id TEXT NOT NULL)")
    db.execute("INSERT INTO library VALUES (lower(hex(randomblob(8))))")


MIGRATIONS: tuple[Callable[[Database], None], ...] = (m001_photos, m002_identity)


def migrate(db: Database) -> None:
    """Take the steps that this database lacks. Raises BadLibrary when it is newer than we are."""
    taken: int = db.execute("PRAGMA user_version").fetchone()[0]
    check_version(taken)
    for number, step in enumerate(MIGRATIONS[taken:], start=taken + 1):
        with db.atomic():
            db.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied TEXT)")
            step(db)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            db.execute("INSERT INTO migration VALUES (?, ?)", [step.__name__, now])
            db.execute(f"PRAGMA user_version = {number}")


def check_version(taken: int) -> None:
    """Raise BadLibrary when a database has taken more steps than this version knows."""
    if taken > len(MIGRATIONS):
        raise BadLibrary(
            f"This library was made by a newer Sightword (its database is at step {taken}, this "
            f"version knows {len(MIGRATIONS)}). Update Sightword, or name another library with "
            "--library. Nothing was changed."
        )
