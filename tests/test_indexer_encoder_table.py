"""Which encoders a library knows, what they have not seen, and what no photo shows any more."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from indexer.errors import Reason
from indexer.library import Library
from indexer.photo import KnownEncoder, PhotoState
from indexer.scan import Found
from indexer.store import Content, Finished, Store, ToDo
from indexer.view import View
from tests.fakes import SPEC

ROW = np.ones(8, np.float16)
FOLDER = Path("/photos")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(Library.at(tmp_path / "library"))
    yield store
    store.close()


def know(store: Store, name: str) -> KnownEncoder:
    return store.encoders.add(replace(SPEC, name=name, digest=f"digest of {name}"), Path("/x"))


def add(store: Store, encoder: KnownEncoder, names: dict[str, str]) -> None:
    """Let photos join that show the content named; later ones are newer."""
    store.join(FOLDER)
    store.add(Found(f"{FOLDER}/{name}", 9, 100 + n) for n, name in enumerate(names))
    shown = dict(names)
    for todo in store.pending([FOLDER]):
        see(store, encoder, todo, shown[Path(todo.path).name])


def see(store: Store, encoder: KnownEncoder, todo: ToDo, content: str) -> None:
    value = Content(content.encode().ljust(16), 40, 30, 0)
    known = store.seen(encoder.id, [value.hash])
    store.commit(encoder.id, [Finished(todo, value, None if known else ROW)])


def left(store: Store, encoder: KnownEncoder) -> list[str]:
    return [Path(todo.path).name for todo in store.unseen(encoder.id, [1])]


def vectors(store: Store) -> int:
    with View(store.library) as view:
        return view.counts().vectors


def test_the_first_encoder_that_is_wanted_serves(store: Store) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    assert store.encoders.serving == store.encoders.wanted == one
    store.encoders.want(two)
    assert (store.encoders.serving, store.encoders.wanted) == (one, two)
    store.encoders.swap()
    assert store.encoders.serving == store.encoders.wanted == two


def test_what_the_wanted_encoder_lacks_is_a_queue_newest_first(store: Store) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    add(store, one, {"a.jpg": "A", "b.jpg": "B", "copy.jpg": "A"})
    assert left(store, one) == []
    store.encoders.want(two)
    newest, other = store.unseen(two.id, [1])
    assert store.count_unseen(two.id, [1]) == 2
    assert Path(other.path).name == "b.jpg"  # the copy is newer than both
    assert newest.place > other.place
    see(store, two, other, "B")
    assert [todo.id for todo in store.unseen(two.id, [1])] == [newest.id]
    assert store.unseen(two.id, [1], after=newest.place) == []


def test_photos_that_join_meanwhile_join_the_queue(store: Store) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    store.encoders.want(two)
    add(store, one, {"new.jpg": "N"})
    assert (left(store, one), left(store, two)) == ([], ["new.jpg"])


def test_another_wish_empties_the_queue_of_the_one_before(store: Store) -> None:
    one, two, three = know(store, "one"), know(store, "two"), know(store, "three")
    store.encoders.want(one)
    add(store, one, {"a.jpg": "A"})
    store.encoders.want(two)
    store.encoders.want(three)
    assert (left(store, two), left(store, three)) == ([], ["a.jpg"])
    store.encoders.want(one)
    assert left(store, three) == []


def test_photos_that_are_away_wait_and_are_seen_when_they_return(store: Store) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    add(store, one, {"a.jpg": "A", "b.jpg": "B"})
    with View(store.library) as view:
        away = int(view.table().ids[0])
    store.set_states([away], PhotoState.MISSING)
    store.encoders.want(two)
    assert left(store, two) == ["a.jpg"]
    see(store, two, store.unseen(two.id, [1])[0], "A")
    store.encoders.swap()
    assert left(store, two) == []
    store.set_states([away], PhotoState.INDEXED)
    assert left(store, two) == ["b.jpg"]
    assert store.unseen(two.id, [7]) == []  # of a folder that can't be read now
    assert vectors(store) == 3


def test_a_photo_that_can_not_be_read_just_now_is_passed_over_and_keeps_its_state(
    store: Store,
) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    add(store, one, {"a.jpg": "A"})
    store.encoders.want(two)
    store.commit(two.id, [], [(store.unseen(two.id, [1])[0], Reason.GONE)])
    assert left(store, two) == []
    with View(store.library) as view:
        assert view.counts().indexed == 1
    store.try_again()
    assert left(store, two) == ["a.jpg"]


def test_a_photo_that_is_broken_by_now_gets_its_reason_and_keeps_its_old_vector(
    store: Store,
) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    add(store, one, {"a.jpg": "A"})
    store.encoders.want(two)
    store.commit(two.id, [], [(store.unseen(two.id, [1])[0], Reason.DAMAGED)])
    store.collect()
    assert left(store, two) == []
    with View(store.library) as view:
        assert [str(one.path) for one in view.problems()] == ["/photos/a.jpg"]
    assert vectors(store) == 1


@pytest.mark.parametrize("broken", [False, True])
def test_the_old_content_of_an_edited_photo_is_collected(store: Store, broken: bool) -> None:
    one = know(store, "one")
    store.encoders.want(one)
    add(store, one, {"a.jpg": "A", "b.jpg": "B", "copy.jpg": "B"})
    for name in ("a.jpg", "b.jpg"):
        store.add([Found(f"/photos/{name}", 10, 900)])
        (todo,) = store.pending([FOLDER])
        if broken:
            store.commit(one.id, [], [(todo, Reason.DAMAGED)])
        else:
            see(store, one, todo, f"new {name}")
    store.collect()
    with View(store.library) as view:
        hashes = {bytes(row[0]).strip() for row in view.rows("SELECT hash FROM content")}
    assert hashes == {b"B"} if broken else {b"B", b"new a.jpg", b"new b.jpg"}
    assert vectors(store) == len(hashes)


def test_a_photo_that_was_edited_and_went_is_read_when_it_returns(store: Store) -> None:
    one = know(store, "one")
    store.encoders.want(one)
    add(store, one, {"a.jpg": "A"})
    store.add([Found("/photos/a.jpg", 10, 900)])
    store.set_states([store.pending([FOLDER])[0].id], PhotoState.MISSING)
    assert not store.rows(FOLDER)["/photos/a.jpg"].is_known


def test_a_folder_that_leaves_takes_its_contents_out_of_every_queue(store: Store) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    add(store, one, {f"{n}.jpg": f"content {n}" for n in range(1200)})
    store.encoders.want(two)
    store.leave(FOLDER)
    store.collect()
    assert vectors(store) == 0
    for table in ("content", "unseen", "unshown", "photo"):
        assert store.connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_an_encoder_is_forgotten_with_its_vectors_and_gives_room_back(store: Store) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    add(store, one, {f"{n}.jpg": f"content {n}" for n in range(300)})
    store.encoders.want(two)
    for todo in store.unseen(two.id, [1]):
        see(store, two, todo, f"content {Path(todo.path).stem}")
    store.encoders.swap()
    pages = store.connection.execute("PRAGMA page_count").fetchone()
    store.encoders.forget(one, lambda: True)
    assert vectors(store) == 600
    store.encoders.forget(one, lambda: False)
    with View(store.library) as view:
        assert [known.name for known in view.encoders()] == ["two"]
        assert (view.counts().vectors, view.counts().indexed) == (300, 300)
    assert store.connection.execute("PRAGMA page_count").fetchone() <= pages
    assert store.connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_on_a_full_disk_forgetting_an_encoder_waits_for_room(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.encoder_table.AT_ONCE", 8)
    free = iter([1000])  # and then enough
    monkeypatch.setattr(
        "indexer.encoder_table.disk_usage", lambda _: SimpleNamespace(free=next(free, 1 << 30))
    )
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    add(store, one, {f"{n}.jpg": f"content {n}" for n in range(20)})
    store.encoders.want(two)
    store.encoders.swap()
    store.connection.execute("CREATE TABLE filler (bytes BLOB)")
    store.connection.execute(
        "CREATE TEMP TRIGGER swell AFTER DELETE ON embedding BEGIN"
        " INSERT INTO filler VALUES (zeroblob(100000)); END"
    )
    (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    told: list[str] = []

    def waits() -> bool:
        told.append("full")
        store.connection.execute("PRAGMA max_page_count = 1000000")
        return True

    store.db.waits_for_room = waits
    store.encoders.forget(one, lambda: False)
    assert told == ["full"]
    assert (vectors(store), store.encoders.by_digest(one.digest)) == (0, None)


def test_how_far_a_switch_is_can_be_read_by_anybody(store: Store) -> None:
    one, two = know(store, "one"), know(store, "two")
    store.encoders.want(one)
    add(store, one, {"a.jpg": "A", "b.jpg": "B", "c.jpg": "C"})
    with View(store.library) as view:
        assert (view.serving(), view.switch()) == (one, None)
        store.encoders.want(two)
        see(store, two, store.unseen(two.id, [1])[0], "C")
        switch = view.switch()
        assert switch is not None
        assert (switch.wanted, switch.seen, switch.total) == (two, 1, 3)
        store.encoders.swap()
        assert (view.serving(), view.switch()) == (two, None)


def test_an_encoder_inside_the_library_moves_with_it(store: Store, tmp_path: Path) -> None:
    inside = store.library.encoders / "caf\udce9"
    known = store.encoders.add(SPEC, inside)
    assert known.folder == inside
    (place,) = store.connection.execute("SELECT folder FROM encoder").fetchone()
    assert place == "encoders/caf\udce9"
