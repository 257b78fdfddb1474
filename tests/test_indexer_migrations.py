"""A library of every schema that was ever shipped is brought up to date, and loses nothing."""

from pathlib import Path

import pytest
from sqlite_utils import Database

from indexer.database import connect
from indexer.errors import BadLibrary, Reason
from indexer.library import Library
from indexer.lock import lock
from indexer.migrations import MIGRATIONS, migrate
from indexer.photo import FolderState, PhotoState
from indexer.store import Store
from indexer.view import View

ROWS = (  # two photos that were seen by two encoders, one edited since, and a content of nobody
    "INSERT INTO folder VALUES (1, '/photos', 'available')",
    "INSERT INTO content VALUES (1, x'01', 40, 30, 0, NULL), (2, x'02', 40, 30, 0, NULL),"
    " (3, x'03', 40, 30, 0, NULL)",
    "INSERT INTO photo VALUES (1, 1, '/photos/a.jpg', 9, 500, 'indexed', NULL, 1),"
    " (2, 1, '/photos/b.jpg', 9, 700, 'indexed', NULL, 2),"
    " (3, 1, '/photos/new.jpg', 9, 800, 'pending', NULL, NULL)",
    "INSERT INTO encoder VALUES (1, 'digest one', 'one', 8), (2, 'digest two', 'two', 8)",
    "INSERT INTO embedding VALUES (1, 2, 1, x'aa'), (2, 2, 2, x'ab'), (3, 2, 3, x'ac'),"
    " (4, 1, 1, x'ad')",
)


def make(library: Library, steps: int, rows: tuple[str, ...] = ROWS) -> None:
    """A library as the version left it that knew so many steps."""
    connection = connect(library, read_only=False)
    db = Database(connection)
    connection.execute("CREATE TABLE migration (name TEXT PRIMARY KEY, applied TEXT)")
    for step in MIGRATIONS[:steps]:
        with db.atomic():
            step(db)
            connection.execute("INSERT INTO migration VALUES (?, 'then')", (step.__name__,))
    connection.execute(f"PRAGMA user_version = {steps}")
    for row in rows:
        if steps >= 3:
            row = row.replace("'one', 8)", "'one', 8, NULL)").replace(
                "'two', 8)", "'two', 8, NULL)"
            )
        connection.execute(row)
    if steps >= 3:
        connection.execute("UPDATE library SET serving = 2, wanted = 2")
    connection.close()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.at(tmp_path / "library")


@pytest.mark.parametrize("steps", range(1, len(MIGRATIONS) + 1))
def test_every_photo_and_vector_is_there_afterwards(library: Library, steps: int) -> None:
    make(library, steps)
    Store(library).close()
    with View(library) as view:
        assert (view.counts().photos, view.counts().indexed, view.counts().pending) == (3, 2, 1)
        assert view.counts("digest one").vectors == 1
        assert [row[2] for row in view.vectors_since(0, "digest two")][:2] == [b"\xaa", b"\xab"]
        assert len(view.identity()) == 16
        names = [name for (name,) in view.rows("SELECT name FROM migration ORDER BY name")]
    assert names == [step.__name__ for step in MIGRATIONS]


@pytest.mark.parametrize("steps", [1, 2])
def test_the_encoder_that_saw_most_serves_an_older_library(library: Library, steps: int) -> None:
    make(library, steps)
    store = Store(library)
    serving = store.encoders.serving
    assert serving is not None
    assert (serving.digest, serving.folder, store.encoders.wanted) == ("digest two", None, serving)
    assert store.unseen(serving.id, [1]) == []
    assert [photo.path for photo in store.pending([Path("/photos")])] == ["/photos/new.jpg"]
    store.close()


@pytest.mark.parametrize("steps", [1, 2])
def test_what_nobody_shows_in_an_older_library_is_collected(library: Library, steps: int) -> None:
    make(library, steps)
    store = Store(library)
    store.collect()
    store.close()
    with View(library) as view:
        assert view.counts("digest two").vectors == 2
        assert view.rows("SELECT id FROM content ORDER BY id") == [(1,), (2,)]
        assert view.rows("SELECT * FROM unshown") == []


def test_what_the_serving_encoder_of_an_older_library_lacks_is_queued(library: Library) -> None:
    make(library, 2, (*ROWS, "DELETE FROM embedding WHERE change = 2"))
    store = Store(library)
    serving = store.encoders.serving
    assert serving is not None
    assert serving.digest == "digest two"
    assert [photo.path for photo in store.unseen(serving.id, [1])] == ["/photos/b.jpg"]
    store.close()


def test_a_library_without_vectors_is_served_by_nobody_yet(library: Library) -> None:
    make(library, 2, ROWS[:1])
    store = Store(library)
    assert (store.encoders.serving, store.encoders.wanted) == (None, None)
    store.close()


@pytest.mark.parametrize("steps", range(1, len(MIGRATIONS)))
def test_a_reader_brings_an_older_library_up_to_date_unless_an_indexer_holds_it(
    library: Library, steps: int
) -> None:
    make(library, steps)
    with View(library) as view:
        with lock(library):
            assert view.counts().photos == 0  # it is at it this moment
        assert view.counts().photos == 3
        serving = view.serving()
        assert serving is not None
        assert serving.name == "two"


def test_a_step_that_breaks_off_leaves_the_schema_before_it(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(library, 2)

    def half(db: Database) -> None:
        MIGRATIONS[2](db)
        raise RuntimeError("killed")

    connection = connect(library, read_only=False)
    with monkeypatch.context() as patch:
        patch.setattr("indexer.migrations.MIGRATIONS", (*MIGRATIONS[:2], half))
        with pytest.raises(RuntimeError):
            migrate(Database(connection))
    assert connection.execute("PRAGMA user_version").fetchone() == (2,)
    assert connection.execute("SELECT count(*) FROM pragma_table_info('encoder')").fetchone() == (
        4,
    )
    migrate(Database(connection))
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    connection.close()


def test_a_newer_library_is_refused_and_left_alone(library: Library) -> None:
    make(library, len(MIGRATIONS))
    connection = connect(library, read_only=False)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(BadLibrary, match="newer Sightword"):
        Store(library)
    with View(library) as view, pytest.raises(BadLibrary, match="newer Sightword"):
        view.folders()


def test_a_new_word_for_a_state_or_a_reason_comes_with_a_step() -> None:
    """A version that can't read a word must refuse the library, and does so by its steps.

    Whoever adds a word adds an empty step to MIGRATIONS, and writes both down here.
    """
    assert len(MIGRATIONS) == 6
    assert {*PhotoState} == {"pending", "indexed", "failed", "missing"}
    assert {*FolderState} == {"available", "away", "forbidden", "doubtful", "kept"}
    assert {*Reason} == {
        *("empty", "truncated", "damaged", "unknown-kind", "too-large", "too-slow"),
        *("crashed", "forbidden", "gone", "disk"),
    }


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_the_files_of_an_older_library_are_to_be_asked_what_they_tell(
    library: Library, steps: int
) -> None:
    make(library, steps)
    store = Store(library)
    assert store.metadata.untold([1]) == [(2, "/photos/b.jpg"), (1, "/photos/a.jpg")]
    store.close()
