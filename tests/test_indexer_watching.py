"""An indexer that watches: what changes in its folders is in the library soon, and nothing more."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from indexer.client import Client
from indexer.events import Committed, Done, Doubt, Event, FoldersChanged
from indexer.library import Library
from indexer.photo import Answer, FolderState
from indexer.view import View
from indexer.watch import Watcher
from tests.fakes import ColourEncoder, load_fake, write_encoder
from tests.serving import Serving, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="waits for inotify's events")


class Watched:
    """A library with one folder that is watched, and one client that listens."""

    def __init__(self, place: Path) -> None:
        self.library = Library.at(place / "library")
        self.folder = place / "photos"
        self.folder.mkdir()
        self.encoders: list[ColourEncoder] = []
        write_encoder(place / "fake")
        encoders = self.encoders  # no circle through self: sockets are closed in order at the end

        def load(folder: Path) -> ColourEncoder:
            encoders.append(load_fake(folder))
            return encoders[-1]

        soon = partial(Watcher, quiet_s=0.1, together_s=0.05)
        self.serving = Serving(self.library, place / "fake", load, watch_with=soon)
        self.view = View(self.library)
        self.client: Client | None = None

    def draw(self, *names: str) -> None:
        for name in names:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            colour = tuple(hash_byte for hash_byte in name.encode()[-7:-4])
            image = Image.new("RGB", (24, 24), colour)
            image.putpixel((0, 0), (len(name), 0, 0))
            image.save(path)

    def begin(self) -> None:
        self.client = self.serving.client()
        self.client.watch()
        until(self.client, self.client.add([self.folder]))

    def until(self, is_it: Callable[[Event], bool]) -> list[Event]:
        """What is told up to the event for which `is_it`."""
        assert self.client is not None
        events = []
        for event in self.client.events():
            events.append(event)
            if is_it(event):
                return events
        raise AssertionError(f"the indexer went away after {events}")

    def until_done(self) -> Done:
        done = self.until(lambda event: isinstance(event, Done))[-1]
        assert isinstance(done, Done)
        return done

    def ids(self) -> dict[str, int]:
        """The photos that can be shown, by path in the folder."""
        photos = self.view.photos([int(n) for n in self.view.table().ids]).values()
        return {os.path.relpath(photo.path, self.folder): photo.id for photo in photos}

    @property
    def seen(self) -> int:
        """How many pictures were encoded so far."""
        return sum(one.seen for one in self.encoders)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    one = Watched(tmp_path)
    yield one
    one.view.close()
    one.serving.end()


def test_what_comes_and_goes_is_a_run_of_its_own(watched: Watched) -> None:
    watched.draw("red.png", "blue.png")
    watched.begin()
    watched.draw("green.png")
    done = watched.until_done()
    assert (done.found, done.indexed, done.missing, done.requests) == (1, 1, 0, ())
    (watched.folder / "red.png").unlink()
    assert watched.until_done().missing == 1
    assert set(watched.ids()) == {"blue.png", "green.png"}


def test_a_folder_that_joins_while_others_are_watched_is_watched_too(
    watched: Watched, tmp_path: Path
) -> None:
    watched.begin()
    assert watched.client is not None
    (tmp_path / "more").mkdir()
    until(watched.client, watched.client.add([tmp_path / "more"]))
    Image.new("RGB", (9, 9), "red").save(tmp_path / "more" / "a.png")
    assert watched.until_done().indexed == 1
    watched.client.remove(tmp_path / "more")
    watched.until(lambda event: isinstance(event, FoldersChanged))
    Image.new("RGB", (9, 9), "blue").save(tmp_path / "more" / "b.png")
    watched.draw("green.png")
    assert watched.until_done().found == 1


def test_a_photo_that_is_being_written_waits(watched: Watched) -> None:
    watched.draw("red.png")
    data = (watched.folder / "red.png").read_bytes()
    watched.begin()
    with (watched.folder / "slow.png").open("wb") as file:
        file.write(data[:40])
        file.flush()
        watched.draw("blue.png")
        assert watched.until_done().found == 1
        assert set(watched.ids()) == {"red.png", "blue.png"}
        assert watched.view.counts().photos == 2
        file.write(data[40:])
    assert watched.until_done().indexed == 1
    assert watched.view.counts().failed == 0


def test_a_tree_that_is_renamed_or_moved_keeps_its_rows_and_is_not_read_again(
    watched: Watched, tmp_path: Path
) -> None:
    names = [f"in/{n}/{m}{n}.png" for n in range(4) for m in range(15)]
    watched.draw(*names)
    watched.begin()
    before, seen = watched.ids(), watched.seen
    assert len(before) == 60
    (watched.folder / "in").rename(watched.folder / "out")
    done = watched.until(lambda event: isinstance(event, Committed | Done | Doubt))[-1]
    assert isinstance(done, Committed)
    assert watched.ids() == {path.replace("in/", "out/"): n for path, n in before.items()}
    done = watched.until_done()
    assert (done.found, done.unchanged, done.indexed, done.missing) == (60, 60, 0, 0)
    assert watched.seen == seen
    assert watched.view.counts().photos == 60


def test_a_copy_is_a_photo_of_its_own_with_the_same_vector(watched: Watched) -> None:
    watched.draw("red.png")
    watched.begin()
    shutil.copy2(watched.folder / "red.png", watched.folder / "copy.png")
    assert watched.until_done().indexed == 1
    counts = watched.view.counts()
    assert (counts.indexed, counts.vectors, watched.seen) == (2, 1, 1)


def test_a_folder_that_goes_away_keeps_its_photos_and_is_back_without_a_glance(
    watched: Watched, tmp_path: Path
) -> None:
    watched.draw(*(f"{n:03}.png" for n in range(20)))
    watched.begin()
    seen = watched.seen
    watched.folder.rename(tmp_path / "unplugged")
    watched.until(lambda event: isinstance(event, FoldersChanged))
    assert watched.view.folders()[0].state is FolderState.AWAY
    assert watched.view.counts().indexed == 20
    (tmp_path / "unplugged").rename(watched.folder)
    watched.until(lambda event: isinstance(event, FoldersChanged))
    assert watched.view.folders()[0].state is FolderState.AVAILABLE
    assert (watched.view.counts().indexed, watched.seen) == (20, seen)
    watched.draw("later.png")
    assert watched.until_done().indexed == 1


@pytest.mark.parametrize("answer", Answer)
def test_where_many_photos_are_gone_the_person_is_asked(watched: Watched, answer: Answer) -> None:
    watched.draw(*(f"{n:03}.png" for n in range(30)), "in/one.png")
    watched.begin()
    assert watched.client is not None
    for number in range(20):
        (watched.folder / f"{number:03}.png").unlink()
    doubt = watched.until(lambda event: isinstance(event, Doubt))[-1]
    assert doubt == Doubt(str(watched.folder), 20, 31)
    assert watched.view.counts().missing == 0
    until(watched.client, watched.client.add([watched.folder], answer))
    missing, state = {
        Answer.FORGET: (20, FolderState.AVAILABLE),
        Answer.KEEP: (0, FolderState.KEPT),
    }[answer]
    assert watched.view.counts().missing == missing
    assert watched.view.folders()[0].state is state
    events = until(watched.client, watched.client.refresh())
    assert not any(isinstance(event, Doubt) for event in events)
    assert watched.view.counts().missing == missing


def test_a_few_photos_that_are_gone_are_no_question(watched: Watched) -> None:
    watched.draw(*(f"{n:03}.png" for n in range(30)))
    watched.begin()
    for number in range(6):
        (watched.folder / f"{number:03}.png").unlink()
    assert watched.until_done().missing == 6
