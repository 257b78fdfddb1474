"""What is heard of a folder that is watched: real files, real inotify, and no sleep."""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.library import DATABASE
from indexer.mounts import Mount, MountTable
from indexer.settle import Touch
from indexer.watch import POLL_S, QUIET_S, Watcher

if sys.platform != "linux":
    pytest.skip("inotify is Linux's", allow_module_level=True)

from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, InotifyFD, WatchDescriptor

from indexer.watch_inotify import InotifyTree

LAST = "the-last.jpg"  # its events come behind all others of the same tree


class Ear:
    """Hears what a tree tells, as paths below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.news: list[tuple[str, Touch]] = []
        self.short = 0
        self._changed = threading.Condition()

    def touch(self, path: str, touch: Touch) -> None:
        with self._changed:
            self.news.append((os.path.relpath(path, self.root), touch))
            self._changed.notify_all()

    def fell_short(self, root: str) -> None:
        assert root == str(self.root)
        self.short += 1

    def wait_for(self, *news: tuple[str, Touch]) -> None:
        """Wait until all of `news` were heard."""
        with self._changed:
            heard = self._changed.wait_for(lambda: set(news) <= set(self.news), timeout=30)
            assert heard, f"{news} not among {self.news}"

    def until_now(self) -> set[tuple[str, Touch]]:
        """All that was heard by now, and forgotten then."""
        (self.root / LAST).touch()
        (self.root / LAST).unlink()
        self.wait_for((LAST, Touch.WHOLE))
        with self._changed:
            got = {one for one in self.news if one[0] != LAST}
            self.news.clear()
        return got


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "in" / "photos"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def watch(root: Path) -> Iterator[Callable[[], tuple[InotifyTree, Ear]]]:
    """Call it to watch `root`."""
    trees = []

    def begin() -> tuple[InotifyTree, Ear]:
        ear = Ear(root)
        trees.append(InotifyTree(str(root), ear))
        return trees[-1], ear

    yield begin
    for tree in trees:
        tree.close()


Watch = Callable[[], tuple[InotifyTree, Ear]]


def test_a_file_is_being_written_until_it_is_closed(watch: Watch, root: Path) -> None:
    _, ear = watch()
    with (root / "a.jpg").open("wb") as file:
        file.write(b"half of it")
        file.flush()
        ear.wait_for(("a.jpg", Touch.WRITING))
        assert ("a.jpg", Touch.WHOLE) not in ear.news
    ear.wait_for(("a.jpg", Touch.WHOLE))


def test_moves_deletions_and_links_are_heard(watch: Watch, root: Path, tmp_path: Path) -> None:
    (root / "a.jpg").touch()
    (root / "b.jpg").touch()
    (tmp_path / "c.jpg").touch()
    _, ear = watch()
    (root / "a.jpg").rename(root / "d.jpg")
    (root / "b.jpg").unlink()
    (tmp_path / "c.jpg").rename(root / "c.jpg")
    (root / "e.jpg").symlink_to(root / "c.jpg")
    (root / "f.part").touch()
    (root / "f.part").rename(root / "f.jpg")
    assert {path for path, _ in ear.until_now()} == {f"{name}.jpg" for name in "abcdef"}


def test_what_lies_beside_a_photo_to_tell_of_it_is_heard(watch: Watch, root: Path) -> None:
    _, ear = watch()
    (root / "a.jpg.xmp").touch()
    assert {path for path, _ in ear.until_now()} == {"a.jpg.xmp"}


def test_what_is_hidden_or_no_photo_is_not_heard(watch: Watch, root: Path) -> None:
    (root / ".thumbs").mkdir()
    _, ear = watch()
    for name in (".a.jpg", "._b.jpg", "c.txt", ".thumbs/d.jpg", ".xmp"):
        (root / name).write_bytes(b"x")
    (root / ".later").mkdir()
    (root / ".later" / "e.jpg").write_bytes(b"x")
    assert ear.until_now() == set()


def test_a_library_among_the_photos_is_not_watched(watch: Watch, root: Path) -> None:
    (root / "library").mkdir()
    (root / "library" / DATABASE).touch()
    (root / "later").mkdir()
    _, ear = watch()
    (root / "library" / "a.jpg").touch()
    assert ear.until_now() == set()
    (root / "later" / DATABASE).touch()
    ear.wait_for(("later", Touch.FOLDER))
    (root / "later" / "a.jpg").touch()
    assert ear.until_now() == {("later", Touch.FOLDER)}


def test_folders_that_come_are_watched_at_once_and_looked_through(
    watch: Watch, root: Path, tmp_path: Path
) -> None:
    _, ear = watch()
    (tmp_path / "new" / "deep").mkdir(parents=True)
    (tmp_path / "new").rename(root / "new")
    ear.wait_for(("new", Touch.FOLDER))
    (root / "new" / "deep" / "a.jpg").touch()
    ear.wait_for(("new/deep/a.jpg", Touch.WHOLE))
    (root / "made").mkdir()
    ear.wait_for(("made", Touch.FOLDER))
    (root / "made" / "b.jpg").touch()
    ear.wait_for(("made/b.jpg", Touch.WHOLE))


def test_a_folder_that_was_renamed_is_heard_by_its_new_name(watch: Watch, root: Path) -> None:
    (root / "old" / "deep").mkdir(parents=True)
    _, ear = watch()
    (root / "old").rename(root / "new")
    ear.wait_for(("old", Touch.FOLDER), ("new", Touch.FOLDER))
    ear.until_now()
    (root / "new" / "deep" / "a.jpg").touch()
    assert {path for path, _ in ear.until_now()} == {"new/deep/a.jpg"}


def test_a_folder_that_was_moved_out_is_watched_no_more(
    watch: Watch, root: Path, tmp_path: Path
) -> None:
    (root / "old").mkdir()
    _, ear = watch()
    (root / "old").rename(tmp_path / "old")
    assert ear.until_now() == {("old", Touch.FOLDER)}
    (tmp_path / "old" / "a.jpg").touch()
    assert ear.until_now() == set()


@pytest.mark.parametrize("levels", [0, 1])
def test_a_root_that_goes_and_comes_is_doubtful_and_watched_again(
    watch: Watch, root: Path, tmp_path: Path, levels: int
) -> None:
    (root / "in").mkdir()
    moved = [root, *root.parents][levels]
    _, ear = watch()
    moved.rename(tmp_path / "away")
    ear.wait_for((".", Touch.FOLDER))
    ear.news.clear()
    (tmp_path / "away").rename(moved)
    ear.wait_for((".", Touch.FOLDER))
    ear.until_now()
    (root / "in" / "a.jpg").touch()
    assert {path for path, _ in ear.until_now()} == {"in/a.jpg"}


def test_a_root_that_does_not_exist_is_awaited(watch: Watch, root: Path) -> None:
    shutil.rmtree(root.parent)
    _, ear = watch()
    root.mkdir(parents=True)
    ear.wait_for((".", Touch.FOLDER))
    ear.until_now()
    (root / "a.jpg").touch()
    assert {path for path, _ in ear.until_now()} == {"a.jpg"}


def test_lost_events_make_the_whole_folder_doubtful(watch: Watch, root: Path) -> None:
    (root / "in").mkdir()
    tree, ear = watch()
    assert tree._fd is not None
    lost = InotifyEvent(WatchDescriptor(-1), InotifyConstants.IN_Q_OVERFLOW, 0, b"")
    tree._fd.handle_event(lost)  # as its thread does with what the kernel sends
    assert ear.news == [(".", Touch.FOLDER)]
    (root / "in" / "a.jpg").touch()
    ear.wait_for(("in/a.jpg", Touch.WHOLE))


def test_an_overflow_of_the_kernels_queue_is_told(watch: Watch, root: Path) -> None:
    tree, ear = watch()
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if limit > 100_000:
        pytest.skip("the kernel's queue is too long to fill")
    with tree._lock:  # its thread can take nothing meanwhile
        for number in range(limit + 2000):
            # Names differ, for the kernel joins equal neighbours.
            (root / f"{number % 7}.jpg").touch()
    ear.wait_for((".", Touch.FOLDER))


def test_where_watches_run_out_the_folder_is_looked_through(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "three"):
        (root / name).mkdir()
    given = []
    real = InotifyFD.add_callback

    def add_two(self: InotifyFD, path: bytes, *rest: object) -> WatchDescriptor:
        if path.startswith(os.fsencode(root)):
            given.append(path)
            if len(given) > 2:
                raise OSError(28, "inotify watch limit reached")
        return real(self, path, *rest)  # type: ignore[arg-type] # passed on as they came

    monkeypatch.setattr(InotifyFD, "add_callback", add_two)
    ear = Ear(root)
    tree = InotifyTree(str(root), ear)
    assert ear.short == 1
    assert ear.news == [(".", Touch.FOLDER)]
    ear.news.clear()
    (root / "a.jpg").touch()
    ear.wait_for((".", Touch.FOLDER))
    tree.close()


# The watcher: what it makes of what trees tell


class Still:
    """A tree that tells nothing by itself."""

    open = 0

    def __init__(self) -> None:
        Still.open += 1

    def close(self) -> None:
        Still.open -= 1


class Table(MountTable):
    """A table of mounts that a test writes."""

    def __init__(self, *rows: Mount) -> None:
        super().__init__()
        self.rows, self.changed = rows, False

    def read(self) -> tuple[Mount, ...]:
        return self.rows

    def has_changed(self) -> bool:
        changed, self.changed = self.changed, False
        return changed


DISK = Mount("/", "ext4", "8:1 /dev/sda1", False)


def test_only_shares_are_polled_and_only_seldom() -> None:
    now_s = [0.0]
    table = Table(DISK, Mount("/net", "nfs4", "nas:/p", True))
    watcher = Watcher(lambda *_: Still(), table, lambda: now_s[0])
    watcher.watch([Path("/net/photos"), Path("/home/photos")])
    assert Still.open == 1
    now_s[0] = POLL_S - 1
    assert not watcher.take()
    now_s[0] = POLL_S
    assert not watcher.take()
    now_s[0] += QUIET_S
    assert watcher.take().folders == {"/net/photos"}
    watcher.close()
    assert Still.open == 0


def test_a_drive_that_comes_makes_only_the_folder_on_it_doubtful() -> None:
    now_s = [0.0]
    table = Table(DISK)
    watcher = Watcher(lambda *_: Still(), table, lambda: now_s[0])
    watcher.watch([Path("/mnt/usb/photos"), Path("/home/photos")])
    table.rows, table.changed = (DISK, Mount("/mnt/usb", "exfat", "8:17 /dev/sdb1", False)), True
    watcher.take()
    now_s[0] = 1.0
    assert watcher.take().folders == {"/mnt/usb/photos"}
    watcher.close()


def test_folders_that_leave_are_forgotten() -> None:
    now_s = [0.0]
    watcher = Watcher(lambda *_: Still(), Table(DISK), lambda: now_s[0])
    watcher.watch([Path("/a"), Path("/b")])
    watcher.touch("/a/one.jpg", Touch.WHOLE)
    watcher.touch("/b/two.jpg", Touch.WHOLE)
    assert watcher.holds("/a/one.jpg")
    watcher.watch([Path("/b")])
    now_s[0] = 1.0
    assert watcher.take().files == {"/b/two.jpg"}
    assert Still.open == 1
    watcher.close()


def test_a_burst_in_a_real_folder_settles_to_its_files(root: Path) -> None:
    now_s = [0.0]
    heard = threading.Event()

    class Loud(Watcher):
        def touch(self, path: str, touch: Touch) -> None:
            super().touch(path, touch)
            if path.endswith(LAST) and touch is Touch.WHOLE:
                heard.set()

    watcher = Loud(clock=lambda: now_s[0])
    watcher.watch([root])
    for number in range(100):
        (root / f"{number}.jpg").write_bytes(b"x")
    (root / LAST).touch()
    assert heard.wait(30)
    assert not watcher.take()
    now_s[0] = QUIET_S
    assert len(watcher.take().files) == 101
    watcher.close()
