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


def m003_switching(db: Database) -> None:
    """Which encoder serves and which is wanted; what is still to be seen, and what nobody shows.

    Two queues make "what is left to do" a short walk instead of one over the whole library, and
    triggers fill and empty them in the transaction that causes it: a kill can't lose a row.
    """
    # `folder` is where the encoder lay when it was last used, from the library's own on.
    db.execute("ALTER TABLE encoder ADD COLUMN folder TEXT")
    db.execute("ALTER TABLE library ADD COLUMN serving INTEGER REFERENCES encoder(id)")
    db.execute("ALTER TABLE library ADD COLUMN wanted INTEGER REFERENCES encoder(id)")
    db.execute(
        "UPDATE library SET serving = (SELECT encoder_id FROM embedding GROUP BY encoder_id"
        " ORDER BY count(*) DESC, encoder_id DESC LIMIT 1)"
    )
    db.execute("UPDATE library SET wanted = serving")
    # Without it SQLite reads every vector to see that none belongs to a content that goes.
    db.execute("CREATE INDEX embedding_by_content ON embedding(content_id)")
    db.execute(
        "CREATE TABLE unseen (encoder_id INTEGER NOT NULL, newest_ns INTEGER NOT NULL,"
        " content_id INTEGER NOT NULL, PRIMARY KEY (encoder_id, newest_ns, content_id))"
        " WITHOUT ROWID"
    )
    db.execute("CREATE UNIQUE INDEX unseen_by_content ON unseen(content_id, encoder_id)")
    db.execute(
        "INSERT INTO unseen SELECT serving, max(mtime_ns), content_id FROM photo, library"
        " WHERE content_id IS NOT NULL AND serving IS NOT NULL AND NOT EXISTS (SELECT 1 FROM"
        "  embedding WHERE encoder_id = serving AND embedding.content_id = photo.content_id)"
        " GROUP BY content_id"
    )
    db.execute("CREATE TABLE unshown (content_id INTEGER PRIMARY KEY)")
    db.execute(
        "INSERT INTO unshown SELECT id FROM content"
        " WHERE NOT EXISTS (SELECT 1 FROM photo WHERE content_id = content.id)"
    )
    for trigger in TRIGGERS:
        db.execute(trigger)


TRIGGERS = (  # of m003
    "CREATE TRIGGER photo_shows AFTER UPDATE OF content_id ON photo"
    " WHEN new.content_id IS NOT NULL AND new.content_id IS NOT old.content_id BEGIN"
    " INSERT OR IGNORE INTO unseen"
    "  SELECT encoder.id, new.mtime_ns, new.content_id FROM encoder, library"
    "  WHERE encoder.id IN (serving, wanted) AND NOT EXISTS (SELECT 1 FROM embedding"
    "   WHERE encoder_id = encoder.id AND content_id = new.content_id);"
    " END",
    "CREATE TRIGGER photo_shows_no_more AFTER UPDATE OF content_id ON photo"
    " WHEN old.content_id IS NOT NULL AND new.content_id IS NOT old.content_id BEGIN"
    " INSERT OR IGNORE INTO unshown VALUES (old.content_id);"
    " END",
    "CREATE TRIGGER photo_leaves AFTER DELETE ON photo WHEN old.content_id IS NOT NULL BEGIN"
    " INSERT OR IGNORE INTO unshown VALUES (old.content_id);"
    " END",
    "CREATE TRIGGER content_is_seen AFTER INSERT ON embedding BEGIN"
    " DELETE FROM unseen WHERE content_id = new.content_id AND encoder_id = new.encoder_id;"
    " END",
)


def m004_metadata(db: Database) -> None:
    """What files tell of their photos, by content; and the contents that nobody asked yet."""
    db.execute(
        "CREATE TABLE metadata (content_id INTEGER PRIMARY KEY REFERENCES content(id)"
        " ON DELETE CASCADE, offset_minutes INTEGER, latitude REAL, longitude REAL,"
        " altitude_m REAL, make TEXT, model TEXT, lens TEXT, turn INTEGER NOT NULL,"
        " rating INTEGER, title TEXT, caption TEXT, keywords TEXT,"  # keywords: a JSON list
        " town TEXT, county TEXT, region TEXT, country TEXT)"
    )
    db.execute("CREATE INDEX content_by_taken ON content(taken)")
    db.execute("CREATE INDEX metadata_by_place ON metadata(country, region, town)")
    db.execute("CREATE INDEX metadata_by_camera ON metadata(model, make)")
    db.execute(
        "CREATE TABLE untold (content_id INTEGER PRIMARY KEY REFERENCES content(id)"
        " ON DELETE CASCADE)"
    )
    db.execute("INSERT INTO untold SELECT id FROM content")


def m005_sidecars(db: Database) -> None:
    """The XMP files beside photos, so that it is seen when one of them changes."""
    db.execute(
        "CREATE TABLE sidecar (path TEXT PRIMARY KEY, mtime_ns INTEGER NOT NULL) WITHOUT ROWID"
    )


def m006_doubtful_folders(db: Database) -> None:
    """Folders may be `doubtful` and `kept`: words that versions before this step can't read.

    It changes nothing but the number of steps, by which those refuse the library politely. Each
    new word of a state or a reason needs such a step.
    """


MIGRATIONS: tuple[Callable[[Database], None], ...] = (
    m001_photos,
    m002_identity,
    m003_switching,
    m004_metadata,
    m005_sidecars,
    m006_doubtful_folders,
)


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
