"""Switching encoders as clients of the indexer meet it, with encoders that see colours."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.client import Client
from indexer.events import Committed, Done, Event, Forgotten, Switched, Switching, Trouble
from indexer.library import Library
from indexer.query import Query
from indexer.search import Searcher
from indexer.vectors import VectorIndex
from indexer.view import View
from models.encoder import Encoder, Images, Vectors
from models.errors import BadEncoder
from models.installed import SHIPPED
from tests.fakes import ColourEncoder, load_fake, write_encoder
from tests.serving import Serving, until
from tests.waiting import wait_until_free

Serve = Callable[..., Serving]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.at(tmp_path / "library")


@pytest.fixture
def serve(library: Library, tmp_path: Path) -> Iterator[Serve]:
    """Make a `Serving` whose first encoder is `one`; the end of the test ends it."""
    made: list[Serving] = []
    for name in ("one", "two", "three"):
        write_encoder(tmp_path / name, named=name)

    def make(
        load: Callable[[Path], Encoder] = load_fake,
        first: Path = tmp_path / "one",
        shipped: Path = SHIPPED,
    ) -> Serving:
        made.append(Serving(library, first, load, shipped))
        return made[-1]

    yield make
    for one in made:
        one.end()


def draw(folder: Path, count: int, first: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    for number in range(first, first + count):
        colour = (number * 7 % 250, number // 30, 90)
        Image.new("RGB", (40, 40), colour).save(folder / f"{number:04d}.png")
    return folder


def until_switched(client: Client) -> list[Event]:
    """All events up to the next word that nothing is left to be seen anew."""
    events: list[Event] = []
    for event in client.events():
        events.append(event)
        if isinstance(event, Switched):
            return events
    raise AssertionError(f"the indexer went away after {events}")


def figures(library: Library) -> dict[str, int]:
    """How many vectors there are of each encoder, by its name."""
    with View(library) as view:
        return {one.name: view.counts(one.digest).vectors for one in view.encoders()}


def serving(library: Library) -> str:
    with View(library) as view:
        known = view.serving()
        return known.name if known else ""


class Gated:
    """Sees colours, but lets a test go between two batches: announces each, and waits."""

    def __init__(self, folder: Path, after: int) -> None:
        self._eyes = load_fake(folder)
        self.spec = self._eyes.spec
        self.left = after  # batches that pass unhindered; the first is the one of the check
        self.reached, self.go = threading.Event(), threading.Event()

    def images(self, batch: Images) -> Vectors:
        if len(batch) and self.left <= 0:
            self.reached.set()
            assert self.go.wait(60)
        self.left -= 1
        return self._eyes.images(batch)

    def texts(self, sentences: Sequence[str]) -> Vectors:
        return self._eyes.texts(sentences)

    def close(self) -> None:
        pass


def test_all_photos_are_seen_anew_and_then_the_other_encoder_serves(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    client = serve().client()
    until(client, client.add([draw(tmp_path / "photos", 40)]))
    assert serving(library) == "one"
    events = until(client, client.use(tmp_path / "two"))
    steps = [event for event in events if isinstance(event, Switching)]
    assert {(step.encoder, step.total) for step in steps} == {("two", 40)}
    assert not any(isinstance(event, Committed | Done) for event in events)
    assert isinstance(events[-1], Switched)
    assert (events[-1].encoder, serving(library)) == ("two", "two")
    assert figures(library) == {"one": 40, "two": 40}


def test_switching_back_costs_nothing(serve: Serve, library: Library, tmp_path: Path) -> None:
    client = serve().client()
    until(client, client.add([draw(tmp_path / "photos", 20)]))
    until(client, client.use(tmp_path / "two"))
    events = until(client, client.use(tmp_path / "one"))
    assert not any(isinstance(event, Switching) for event in events)
    assert serving(library) == "one"


def test_a_new_library_takes_the_encoder_that_is_asked_for_at_once(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    client = serve().client()
    use, add = client.use(tmp_path / "two"), client.add([draw(tmp_path / "photos", 20)])
    until(client, use)
    until(client, add)
    assert (serving(library), figures(library)) == ("two", {"one": 0, "two": 20})


def test_new_photos_go_before_what_is_seen_anew(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    gated = Gated(tmp_path / "two", after=3)
    by_name = {"one": load_fake(tmp_path / "one"), "two": gated}
    client = serve(lambda folder: by_name[folder.name]).client()
    until(client, client.add([draw(tmp_path / "photos", 90)]))
    use = client.use(tmp_path / "two")
    assert gated.reached.wait(60)
    add = client.add([draw(tmp_path / "new", 5, first=90)])
    gated.go.set()
    done = until(client, add)[-1]
    assert isinstance(done, Done)
    assert (done.indexed, done.goes_on) == (5, True)
    seen = figures(library)
    assert seen["one"] == 95
    assert seen["two"] < 90
    until(client, use)
    assert (figures(library), serving(library)) == ({"one": 95, "two": 95}, "two")


def test_a_switch_that_was_left_half_done_goes_on_by_itself(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    gated = Gated(tmp_path / "two", after=4)
    by_name = {"one": load_fake(tmp_path / "one"), "two": gated}
    first = serve(lambda folder: by_name[folder.name])
    client = first.client()
    until(client, client.add([draw(tmp_path / "photos", 120)]))
    client.use(tmp_path / "two")
    assert gated.reached.wait(60)
    client.close()
    gated.go.set()
    wait_until_free(library)
    half = figures(library)["two"]
    assert 0 < half < 120
    assert serving(library) == "one"
    eyes = {name: load_fake(tmp_path / name) for name in ("one", "two")}
    again = serve(lambda folder: eyes[folder.name]).client()
    events = until_switched(again)
    assert isinstance(events[0], Switching)
    assert (serving(library), eyes["two"].seen) == ("two", 120 - half)


def test_photos_that_are_away_hold_nothing_up_and_are_seen_when_they_return(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    client = serve().client()
    here, drive = draw(tmp_path / "here", 20), draw(tmp_path / "drive", 30, first=20)
    until(client, client.add([here, drive]))
    drive.rename(tmp_path / "unplugged")
    (here / "0003.png").rename(tmp_path / "aside.png")
    until(client, client.refresh())
    until(client, client.use(tmp_path / "two"))
    assert (serving(library), figures(library)) == ("two", {"one": 50, "two": 19})
    with View(library) as view:
        assert view.unseen() == 31  # and no search by words finds them meanwhile
    (tmp_path / "unplugged").rename(drive)
    (tmp_path / "aside.png").rename(here / "0003.png")
    done = until(client, client.refresh())[-1]
    assert isinstance(done, Done)
    assert (done.indexed, done.unchanged, done.goes_on) == (0, 50, True)
    events = until_switched(client)
    assert any(isinstance(event, Committed) for event in events)  # they can be found now
    assert figures(library) == {"one": 50, "two": 50}
    with View(library) as view:
        assert view.unseen() == 0


def test_where_nothing_can_be_read_the_encoder_that_serves_goes_on_serving(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    client = serve().client()
    drive = draw(tmp_path / "drive", 10)
    until(client, client.add([drive]))
    drive.rename(tmp_path / "unplugged")
    events = until(client, client.use(tmp_path / "two"))
    assert isinstance(events[-1], Trouble)
    assert "Connect their drive" in events[-1].message
    assert serving(library) == "one"
    (tmp_path / "unplugged").rename(drive)
    until(client, client.refresh())
    until_switched(client)
    assert serving(library) == "two"


def test_an_encoder_that_does_not_work_is_refused_and_nothing_changes(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    class Blind(ColourEncoder):
        def images(self, batch: Images) -> Vectors:
            return np.zeros((len(batch), 8), np.float32)

    def load(folder: Path) -> Encoder:
        eyes = load_fake(folder)
        return Blind(eyes.spec) if eyes.spec.name == "two" else eyes

    client = serve(load).client()
    until(client, client.add([draw(tmp_path / "photos", 10)]))
    for folder in (tmp_path / "two", tmp_path / "nowhere"):
        ended = until(client, client.use(folder))[-1]
        assert isinstance(ended, Trouble)
        assert "Install" in ended.message
    assert (serving(library), figures(library)) == ("one", {"one": 10})


def test_an_encoder_that_breaks_on_the_way_is_given_up(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    class Failing(ColourEncoder):
        def images(self, batch: Images) -> Vectors:
            if self.seen > 20:
                raise BadEncoder("It broke. Install it again.")
            return super().images(batch)

    def load(folder: Path) -> Encoder:
        eyes = load_fake(folder)
        return Failing(eyes.spec) if eyes.spec.name == "two" else eyes

    client = serve(load).client()
    until(client, client.add([draw(tmp_path / "photos", 60)]))
    ended = until(client, client.use(tmp_path / "two"))[-1]
    assert isinstance(ended, Trouble)
    assert "It broke" in ended.message
    assert serving(library) == "one"
    until(client, client.use(tmp_path / "three"))
    assert serving(library) == "three"


def test_another_choice_ends_the_wait_for_the_one_before(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    gated = Gated(tmp_path / "two", after=2)
    eyes: dict[str, Encoder] = {name: load_fake(tmp_path / name) for name in ("one", "three")}
    client = serve(lambda folder: {**eyes, "two": gated}[folder.name]).client()
    until(client, client.add([draw(tmp_path / "photos", 60)]))
    first = client.use(tmp_path / "two")
    assert gated.reached.wait(60)
    second = client.use(tmp_path / "three")
    gated.go.set()
    ended = until(client, first)[-1]
    assert isinstance(ended, Trouble)
    assert "three" in ended.message
    until(client, second)
    assert serving(library) == "three"


def test_an_encoder_can_be_forgotten_unless_it_serves(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    client = serve().client()
    until(client, client.add([draw(tmp_path / "photos", 20)]))
    until(client, client.use(tmp_path / "two"))
    with View(library) as view:
        one, two = (known.digest for known in view.encoders())
    refused = until(client, client.forget(two))[-1]
    assert isinstance(refused, Trouble)
    assert "searched with two" in refused.message
    assert isinstance(until(client, client.forget(one))[-1], Forgotten)
    assert isinstance(until(client, client.forget(one))[-1], Forgotten)
    assert (serving(library), figures(library)) == ("two", {"two": 20})


def test_both_encoders_have_snapshots_and_one_that_is_forgotten_has_none(
    serve: Serve, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.vectors.MIN_TAIL", 10)
    monkeypatch.setattr("indexer.snapshots.MIN_TAIL", 10)
    client = serve().client()
    until(client, client.add([draw(tmp_path / "photos", 40)]))
    until(client, client.use(tmp_path / "two"))
    with View(library) as view:
        one, two = (known.digest for known in view.encoders())
        assert len(VectorIndex(view, two, 8)) >= 30
        assert len(VectorIndex(view, one, 8)) >= 16  # the next may be on its way
        until(client, client.forget(one))
        assert len(VectorIndex(view, one, 8)) == 0
    assert {path.name[:16] for path in library.vectors.iterdir()} == {two[:16]}


def test_a_new_version_of_ours_is_learned_by_itself_while_the_old_one_serves(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    shipped = tmp_path / "shipped"
    old = write_encoder(shipped / "ours", named="ours")
    first = serve(first=shipped / "ours", shipped=shipped)
    client = first.client()
    until(client, client.add([draw(tmp_path / "photos", 30)]))
    client.close()
    wait_until_free(library)
    shutil.rmtree(shipped)  # an update of the program
    write_encoder(shipped / "ours", named="ours, better")
    manifest = shipped / "ours" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace("ours, better", "ours", 1), "utf-8")
    searcher = Searcher(library, load=load_fake)
    assert searcher.search(Query("red", everything=True)).digest == old.digest
    searcher.close()
    again = serve(first=shipped / "ours", shipped=shipped).client()
    until_switched(again)
    with View(library) as view:
        known = view.serving()
        assert known is not None
        assert (known.name, known.digest != old.digest) == ("ours", True)
        assert view.counts(known.digest).vectors == view.counts(old.digest).vectors == 30
        assert known.folder is not None
        assert library.kept_encoders in known.folder.parents


def test_an_encoder_that_was_replaced_in_its_place_is_followed_by_its_namesake(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    old = write_encoder(library.encoders / "mine", named="mine")
    client = serve(first=library.encoders / "mine").client()
    until(client, client.add([draw(tmp_path / "photos", 30)]))
    client.close()
    wait_until_free(library)
    manifest = library.encoders / "mine" / "manifest.json"
    write_encoder(manifest.parent, named="other weights")
    manifest.write_text(manifest.read_text("utf-8").replace("other weights", "mine", 1), "utf-8")
    until_switched(serve().client())
    with View(library) as view:
        known = view.serving()
        assert known is not None
        assert (known.name, known.digest != old.digest) == ("mine", True)
        assert view.counts(known.digest).vectors == 30


def test_an_encoder_that_is_nowhere_any_more_gives_way_to_the_one_at_hand(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    client = serve().client()
    until(client, client.add([draw(tmp_path / "photos", 30)]))
    client.close()
    wait_until_free(library)
    shutil.rmtree(tmp_path / "one")
    again = serve(first=tmp_path / "two").client()
    until_switched(again)
    assert (serving(library), figures(library)) == ("two", {"one": 30, "two": 30})


def test_whoever_can_not_wait_for_a_drive_chooses_another_encoder(
    serve: Serve, library: Library, tmp_path: Path
) -> None:
    write_encoder(tmp_path / "drive" / "far", named="far")
    library.encoders.mkdir(parents=True)
    (library.encoders / "far").symlink_to(tmp_path / "drive" / "far")
    client = serve(first=library.encoders / "far").client()
    until(client, client.add([draw(tmp_path / "photos", 20)]))
    client.close()
    wait_until_free(library)
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    again = serve().client()
    until(again, again.use(tmp_path / "one"))
    assert (serving(library), figures(library)) == ("one", {"far": 20, "one": 20})
