"""No question that is asked again and again walks over all photos: each finds its rows by an index.

SQLite chooses without looking at how many rows there are, so an empty library tells.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from indexer.errors import Reason
from indexer.library import Library
from indexer.metadata import Metadata
from indexer.moves import Moved
from indexer.photo import PhotoState
from indexer.rescan import Rescan
from indexer.scan import Found
from indexer.settle import Settled
from indexer.store import Content, Finished, Store
from indexer.view import View
from tests.fakes import SPEC

LARGE = ("photo", "content", "embedding", "metadata", "unseen", "untold", "sidecar")


@contextmanager
def watched(connection: sqlite3.Connection) -> Iterator[list[str]]:
    """The statements that run meanwhile, with their values, and not those of triggers."""
    ran: list[str] = []
    connection.set_trace_callback(ran.append)
    yield ran
    connection.set_trace_callback(None)


def walks(connection: sqlite3.Connection, statements: list[str]) -> dict[str, list[str]]:
    """By statement, the steps that go over all rows of a large table, or sort what they found."""
    found = {}
    for statement in statements:
        if statement.split(maxsplit=1)[0] in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            bad = [
                step
                for step in plan
                if step.split()[:1] == ["SCAN"] and step.split()[1] in (*LARGE, "one")
            ]
            if bad:
                found[statement] = plan
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    one = Store(Library.at(tmp_path / "library"))
    yield one
    one.close()


def test_the_indexer_finds_what_it_asks_for_by_an_index(store: Store, tmp_path: Path) -> None:
    root = tmp_path / "photos"
    (root / "in").mkdir(parents=True)
    encoder = store.encoders.add(SPEC, tmp_path)
    store.encoders.want(encoder)
    with watched(store.connection) as ran:
        rescan = Rescan(store, lambda _: None, lambda: False)
        for name in ("a", "b", "in/c"):
            (root / f"{name}.jpg").write_text(name)
        rescan.folder(root)
        first, second, third = store.pending([root], limit=500)
        row = np.full(SPEC.dimension, 0.35, np.float16)
        content = Content(b"0" * 16, 1, 1, 0, Metadata())
        store.seen(encoder.id, [content.hash])
        store.commit(encoder.id, [Finished(first, content, row)], [(second, Reason.DAMAGED)])
        store.commit(encoder.id, [Finished(third, content, None)])
        for name in ("a.jpg", "in/c.jpg"):
            (root / name).rename(root / name.replace(".jpg", "2.jpg"))
        (root / "a2.xmp").touch()
        rescan.settled(Settled(frozenset({f"{root}/a.jpg"}), frozenset({f"{root}/in"})))
        rescan.folder(root / "in")
        rescan.folder(root)
        store.rows_at([f"{root}/b.jpg"])
        store.set_states([first.id], PhotoState.MISSING)
        store.places.missing_since(1)
        store.places.move([Moved(first.id, Found(f"{root}/z.jpg", 1, 1))], [(1, root)])
        store.unseen(encoder.id, [1], limit=500)
        store.try_again()
        store.metadata.untold([1], None, 200)
        store.collect()
    assert walks(store.connection, ran) == {}


def test_searches_and_the_window_find_what_they_ask_for_by_an_index(store: Store) -> None:
    with View(store.library) as view:
        view.counts()
        assert view._connection is not None
        asked: list[Callable[[], object]] = [
            lambda: view.vectors_since(5, SPEC.digest, 100),
            lambda: view.content_at(5, SPEC.digest),
            lambda: view.vector_of(Path("/a.jpg"), SPEC.digest),
            lambda: view.photos([1, 2]),
            lambda: view.photos_of([1, 2]),
            lambda: view.contents_below(Path("/a")),
            lambda: view.counts(SPEC.digest).vectors,
            view.problems,
            view.serving,
            view.switch,
            view.unseen,
        ]
        with watched(view._connection) as ran:
            for ask in asked:
                ask()
        found = walks(view._connection, ran)
        # How many stand in each state is counted from an index, at each status.
        assert [plan for one, plan in found.items() if "GROUP BY state" not in one] == []
        assert "USE TEMP B-TREE FOR ORDER BY" not in str(walks_of(view, ran, "change >"))


def walks_of(view: View, ran: list[str], words: str) -> list[list[str]]:
    """The plans of the statements with these words."""
    assert view._connection is not None
    return [
        [row[3] for row in view._connection.execute(f"EXPLAIN QUERY PLAN {one}")]
        for one in ran
        if words in one
    ]
