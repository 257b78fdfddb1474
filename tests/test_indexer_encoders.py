"""Which encoder serves and which is wanted: chosen, awaited, let go of, forgotten."""

import shutil
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from indexer.decoder_pool import DecoderPool
from indexer.encoders import Encoders
from indexer.events import Event
from indexer.library import Library
from indexer.pipeline import index
from indexer.store import Store
from indexer.switching import Switcher
from indexer.view import View
from models.encoder import Encoder, Vectors
from models.errors import BadEncoder, EncoderAway, KnownError
from tests.fakes import ColourEncoder, load_fake, write_encoder

SWELL = (  # no encoder goes without room
    "CREATE TEMP TRIGGER swell BEFORE DELETE ON encoder BEGIN"
    " INSERT INTO filler VALUES (zeroblob(100000)); END"
)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.at(tmp_path / "library")


def test_an_encoder_whose_drive_is_away_is_awaited_and_nothing_takes_its_place(
    library: Library, tmp_path: Path
) -> None:
    write_encoder(tmp_path / "one", named="one")
    write_encoder(tmp_path / "drive" / "far", named="far")
    far = tmp_path / "far"
    far.symlink_to(tmp_path / "drive" / "far")
    with closing(Store(library)) as store, closing(DecoderPool(1)) as pool:
        Encoders(store, far, 1, load_fake).close()
        (tmp_path / "drive").rename(tmp_path / "unplugged")
        encoders = Encoders(store, tmp_path / "one", 1, load_fake)
        serving = encoders.serving
        assert (serving.known.name, encoders.wanted.known.name) == ("far", "far")
        with pytest.raises(EncoderAway, match="Connect its drive"):
            list(index(store, serving.known.id, serving.batches, pool, []))
        (tmp_path / "unplugged").rename(tmp_path / "drive")
        assert serving.batches.images(np.zeros((2, 3, 32, 32), np.uint8)).shape == (2, 8)
        encoders.close()


def test_a_switch_goes_on_when_the_drive_of_the_wanted_encoder_is_back(
    library: Library, tmp_path: Path
) -> None:
    write_encoder(tmp_path / "one", named="one")
    write_encoder(tmp_path / "drive" / "far", named="far")
    far = tmp_path / "far"
    far.symlink_to(tmp_path / "drive" / "far")
    with closing(Store(library)) as store:
        encoders = Encoders(store, tmp_path / "one", 1, load_fake)
        encoders.want(far)
        encoders.close()
        (tmp_path / "drive").rename(tmp_path / "unplugged")
        encoders = Encoders(store, tmp_path / "one", 1, load_fake)
        assert encoders.wanted.known.name == "far"
        assert "Connect its drive" in (encoders.wanted.why_not() or "")
        told: list[Event] = []
        switcher = Switcher(store, encoders, told.append)
        switcher.finish()
        assert encoders.serving.known.name == "one"
        (tmp_path / "unplugged").rename(tmp_path / "drive")
        assert encoders.wanted.why_not() is None
        switcher.finish()
        assert encoders.serving.known.name == "far"
        encoders.close()


def test_an_encoder_is_let_go_of_when_another_serves_and_at_the_end(
    library: Library, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        write_encoder(tmp_path / name, named=name)
    loaded: list[ColourEncoder] = []

    def load(folder: Path) -> Encoder:
        loaded.append(load_fake(folder))
        return loaded[-1]

    with closing(Store(library)) as store:
        encoders = Encoders(store, tmp_path / "one", 1, load)
        encoders.want(tmp_path / "two")
        assert [one.is_closed for one in loaded] == [False, True, False]  # the second was tried
        encoders.swap()
        assert [one.is_closed for one in loaded] == [True, True, False]
        encoders.close()
        assert all(one.is_closed for one in loaded)


def test_an_encoder_that_reads_no_words_is_refused_before_it_sees_a_photo(
    library: Library, tmp_path: Path
) -> None:
    class Wordless(ColourEncoder):
        def texts(self, sentences: Sequence[str]) -> Vectors:
            raise BadEncoder(f"{sentences}: its text tower is cut short. Install it again.")

    def load(folder: Path) -> Encoder:
        eyes = load_fake(folder)
        return Wordless(eyes.spec) if eyes.spec.name == "two" else eyes

    for name in ("one", "two"):
        write_encoder(tmp_path / name, named=name)
    with closing(Store(library)) as store:
        encoders = Encoders(store, tmp_path / "one", 1, load)
        with pytest.raises(BadEncoder, match="cut short"):
            encoders.want(tmp_path / "two")
        assert encoders.wanted.known.name == "one"
        encoders.close()


def test_an_encoder_that_goes_while_it_is_chosen_is_not_wanted(
    library: Library, tmp_path: Path
) -> None:
    loaded: list[Path] = []

    def load(folder: Path) -> Encoder:
        eyes = load_fake(folder)
        loaded.append(folder)
        if loaded.count(tmp_path / "two") == 2:  # it was tried and is to work
            folder.rename(tmp_path / "aside")
        return eyes

    for name in ("one", "two"):
        write_encoder(tmp_path / name, named=name)
    with closing(Store(library)) as store:
        encoders = Encoders(store, tmp_path / "one", 1, load)
        with pytest.raises(BadEncoder):
            encoders.want(tmp_path / "two")
        assert encoders.wanted.known.name == "one"
        encoders.close()


def test_an_older_version_of_ours_is_forgotten_a_month_after_it_served(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, day_s = tmp_path / "shipped", 86400
    write_encoder(tmp_path / "mine", named="mine")
    old = write_encoder(shipped / "ours", named="ours")
    with closing(Store(library)) as store:
        encoders = Encoders(store, shipped / "ours", 1, load_fake, shipped)
        encoders.want(tmp_path / "mine")
        encoders.swap()
        encoders.want(shipped / "ours")
        encoders.swap()
        shutil.rmtree(shipped)  # an update of the program
        write_encoder(shipped / "ours", named="ours, better")
        encoders.forget_outlived(time.time() + 99 * day_s, lambda: False)
        assert store.encoders.by_digest(old.digest) is not None  # it serves
        encoders.want(shipped / "ours")
        encoders.swap()
        encoders.forget_outlived(time.time() + 29 * day_s, lambda: False)
        assert store.encoders.by_digest(old.digest) is not None
        late_s = time.time() + 31 * day_s
        encoders.forget_outlived(late_s, lambda: True)  # the next start goes on
        assert store.encoders.by_digest(old.digest) is not None
        with monkeypatch.context() as full:
            full.setattr("indexer.encoders.disk_usage", lambda _: SimpleNamespace(free=1000))
            encoders.forget_outlived(late_s, lambda: pytest.fail("it begins"))
        store.connection.execute("CREATE TABLE filler (bytes BLOB)")
        store.connection.execute(SWELL)
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages}")
        encoders.forget_outlived(late_s, lambda: False)
        assert store.encoders.by_digest(old.digest) is not None
        store.connection.execute("PRAGMA max_page_count = 1000000")
        encoders.forget_outlived(late_s, lambda: False)
        with View(library) as view:
            assert {one.name for one in view.encoders()} == {"mine", "ours, better"}
        assert [one.name[:12] for one in library.kept_encoders.iterdir()] == ["ours, better"]
        encoders.close()


def test_what_a_killed_writer_of_snapshots_left_goes_at_the_start(
    library: Library, tmp_path: Path
) -> None:
    write_encoder(tmp_path / "one", named="one")
    (library.vectors / ".new-0-left").mkdir(parents=True)
    (library.vectors / "half.npy").touch()
    with closing(Store(library)) as store:
        Encoders(store, tmp_path / "one", 1, load_fake).close()
    assert list(library.vectors.iterdir()) == []


def test_what_is_forgotten_by_half_is_not_said_to_be_gone(library: Library, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_encoder(tmp_path / name, named=name)
    with closing(Store(library)) as store:
        encoders = Encoders(store, tmp_path / "one", 1, load_fake)
        one = encoders.serving.known.digest
        encoders.want(tmp_path / "two")
        encoders.swap()
        with pytest.raises(KnownError, match="Remove it again"):
            encoders.forget(one, lambda: True)  # the indexer is told to end
        encoders.forget(one, lambda: False)
        assert store.encoders.by_digest(one) is None
        encoders.close()
