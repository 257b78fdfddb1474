"""Questions to a small library, with a fake encoder that knows four colours."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.decoder_pool import DecoderPool
from indexer.errors import BadQuestion
from indexer.library import Library
from indexer.pipeline import BatchEncoder, Waiting, index
from indexer.query import Query
from indexer.scan import Scan
from indexer.search import Searcher
from indexer.store import Store
from models.errors import BadEncoder, KnownError
from models.spec import Calibration
from tests.fakes import SPEC, ColourEncoder

BANK = "bank.npy"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    """Six reds, three blues and a green, in two folders, with a bank of greys and dull colours."""
    photos = tmp_path / "photos"
    for folder in ("a", "b"):
        (photos / folder).mkdir(parents=True)
    for number in range(6):
        Image.new("RGB", (40, 40), (250 - number, 5, 5)).save(photos / f"a/red{number}.png")
    for number in range(3):
        Image.new("RGB", (40, 40), (5, 5, 250 - number)).save(photos / f"b/blue{number}.png")
    Image.new("RGB", (40, 40), (5, 250, 5)).save(photos / "b/green.png")
    library = Library.at(tmp_path / "library")
    add(library, photos)
    dull = np.random.default_rng(0).integers(60, 196, (500, 3, 1, 1)).astype(np.uint8)
    np.save(tmp_path / BANK, ColourEncoder().images(dull).astype(np.float16))
    return library


def add(library: Library, folder: Path) -> None:
    """Index a folder in this process."""
    store, encoder, pool = Store(library), BatchEncoder(ColourEncoder(), 1), DecoderPool(1)
    known = store.encoders.add(SPEC, Path("nowhere"))
    store.encoders.want(known)
    store.join(folder)
    store.add(Scan(folder))
    list(index(store, known.id, encoder, pool, Waiting(store, [folder])))
    pool.close()
    encoder.close()
    store.close()


@pytest.fixture
def searcher(library: Library, tmp_path: Path) -> Iterator[Searcher]:
    # A real space has hundreds of dimensions; three leave no room for a higher cut.
    spec = replace(SPEC, calibration=Calibration(bank=BANK, cut_z=1.0))
    searcher = Searcher(library, tmp_path, load=lambda _: ColourEncoder(spec))
    yield searcher
    searcher.close()


def names(searcher: Searcher, query: Query) -> list[str]:
    return [hit.path.name for hit in searcher.search(query).hits]


def test_only_what_stands_out_for_this_query_is_a_match(searcher: Searcher) -> None:
    assert sorted(names(searcher, Query("something blue"))) == [
        "blue0.png",
        "blue1.png",
        "blue2.png",
    ]
    assert names(searcher, Query("green")) == ["green.png"]


def test_nothing_is_an_answer_and_the_nearest_can_be_seen_all_the_same(searcher: Searcher) -> None:
    nothing = searcher.search(Query("white"))
    assert (nothing.hits, nothing.matches, nothing.searched) == ((), 0, 10)
    assert len(names(searcher, Query("white", everything=True))) == 10


def test_hits_come_best_first_and_end_at_the_limit(searcher: Searcher) -> None:
    results = searcher.search(Query("red", limit=2))
    scores = [hit.score for hit in results.hits]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert results.matches == 6


def test_a_folder_narrows_the_search_before_the_ranking(searcher: Searcher, tmp_path: Path) -> None:
    query = Query("red", folder=tmp_path / "photos" / "b", everything=True)
    assert sorted(names(searcher, query)) == ["blue0.png", "blue1.png", "blue2.png", "green.png"]


def test_a_photo_is_a_question_too(searcher: Searcher, tmp_path: Path) -> None:
    inside = tmp_path / "photos" / "b" / "green.png"
    assert names(searcher, Query(like=inside)) == ["green.png"]
    Image.new("RGB", (30, 30), (0, 0, 200)).save(tmp_path / "outside.png")
    assert set(names(searcher, Query(like=tmp_path / "outside.png"))) >= {"blue0.png"}
    (tmp_path / "broken.png").write_text("no photo")
    with pytest.raises(KnownError, match="can't be compared"):
        searcher.search(Query(like=tmp_path / "broken.png"))


def test_what_is_committed_meanwhile_is_found_by_the_next_search(
    searcher: Searcher, library: Library, tmp_path: Path
) -> None:
    assert len(names(searcher, Query("green"))) == 1
    later = tmp_path / "later"
    later.mkdir()
    Image.new("RGB", (40, 40), (0, 240, 9)).save(later / "later.png")
    add(library, later)
    assert set(names(searcher, Query("green"))) == {"green.png", "later.png"}


def test_an_empty_question_is_refused_and_an_empty_library_is_not(tmp_path: Path) -> None:
    empty = Searcher(Library.at(tmp_path / "none"), tmp_path, load=lambda _: ColourEncoder())
    with pytest.raises(BadQuestion):
        empty.search(Query("  "))
    assert empty.search(Query("red")).searched == 0


def test_an_encoder_without_a_bank_takes_the_library_for_one(
    library: Library, tmp_path: Path
) -> None:
    searcher = Searcher(library, tmp_path, load=lambda _: ColourEncoder())
    assert searcher.search(Query("green", everything=True)).hits[0].path.name == "green.png"
    assert searcher.search(Query("green")).matches <= 10


def test_a_damaged_bank_is_said_and_no_bug_of_ours(searcher: Searcher, tmp_path: Path) -> None:
    (tmp_path / BANK).write_bytes(b"cut")
    with pytest.raises(BadEncoder, match="is damaged"):
        searcher.search(Query("something blue"))


def test_words_of_an_unread_script_find_nothing_and_are_said_to(searcher: Searcher) -> None:
    results = searcher.search(Query("красный"))
    assert results.hits == ()
    assert results.note is not None
    assert "Cyrillic" in results.note
    mixed = searcher.search(Query("red 赤"))
    assert mixed.hits
    assert mixed.note is not None


def test_copies_are_hits_of_one_score(library: Library, searcher: Searcher, tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    green = tmp_path / "photos" / "b" / "green.png"
    (copies / "again.png").write_bytes(green.read_bytes())
    add(library, copies)
    hits = searcher.search(Query("green")).hits
    assert {hit.path.name for hit in hits} == {"green.png", "again.png"}
    assert hits[0].score == hits[1].score
