"""What FSEvents' words mean for us. The stream itself is a stand-in: it exists on a Mac only."""

import sys
import threading
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from indexer.settle import Touch

FLAGS = (
    *("is_directory", "is_created", "is_removed", "is_renamed", "is_modified"),
    *("is_inode_meta_mod", "is_change_owner", "is_xattr_mod"),
    *("must_scan_subdirs", "is_user_dropped", "is_kernel_dropped", "is_event_ids_wrapped"),
    *("is_root_changed", "is_mount", "is_unmount"),
)
WHOLE = ("/tmp/p", Touch.FOLDER)


def event(path: str, *flags: str) -> Any:
    assert set(flags) <= set(FLAGS)
    return SimpleNamespace(path=path, **{flag: flag in flags for flag in FLAGS})


def native_event(path: str, inode: int, flags: tuple[str, ...], number: int) -> Any:
    assert inode != number
    return event(path, *flags)


class Stream:
    """Stands in for the extension's stream: `tell` is what the system would call."""

    tell: Callable[[list[bytes], list[int], list[Any], list[int]], None]

    def __init__(self, paths: list[str], latency: float) -> None:
        assert len(paths) == 1
        assert latency < 0.1
        self._ended = threading.Event()

    def run(self, callback: Any, started: Callable[[], None]) -> None:
        Stream.tell = staticmethod(callback)
        started()
        self._ended.wait()

    def stop(self) -> None:
        self._ended.set()


@pytest.fixture
def fsevents(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`indexer.watch_fsevents` over a stand-in for the extension module of watchdog."""
    module = ModuleType("_watchdog_fsevents")
    module.Stream = Stream  # type: ignore[attr-defined] # a module made here
    module.NativeEvent = native_event  # type: ignore[attr-defined]
    loaded = ("watchdog.observers.fsevents", "indexer.watch_fsevents")
    for name in loaded:
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "_watchdog_fsevents", module)
    import indexer.watch_fsevents

    yield indexer.watch_fsevents
    for name in loaded:
        sys.modules.pop(name, None)


def told(fsevents: Any, path: str, *flags: str) -> tuple[str, Touch | None]:
    answer: tuple[str, Touch | None] = fsevents.told_by(
        event(path, *flags), "/tmp/p", "/private/tmp/p"
    )
    return answer


def test_photos_are_known_by_the_name_that_the_library_gives_their_folder(fsevents: Any) -> None:
    for flag in ("is_created", "is_removed", "is_renamed", "is_modified", "is_inode_meta_mod"):
        got = told(fsevents, "/private/tmp/p/in/a.HEIC", flag)
        assert got == ("/tmp/p/in/a.HEIC", Touch.NOTED)


@pytest.mark.parametrize("name", ["a.txt", ".a.jpg", "._a.jpg", ".Trashes/a.jpg", ".DS_Store"])
def test_what_is_no_photo_or_hidden_is_passed_over(fsevents: Any, name: str) -> None:
    assert told(fsevents, f"/private/tmp/p/{name}", "is_created")[1] is None


@pytest.mark.parametrize(
    "flag", ["is_user_dropped", "is_kernel_dropped", "is_event_ids_wrapped", "is_root_changed"]
)
def test_lost_events_and_a_lost_root_make_the_whole_folder_doubtful(
    fsevents: Any, flag: str
) -> None:
    assert told(fsevents, "/private/tmp/p/in", flag, "must_scan_subdirs") == WHOLE
    assert told(fsevents, "/", flag) == WHOLE


def test_what_comes_or_goes_as_a_whole_is_scanned_from_there(fsevents: Any) -> None:
    inside = ("/tmp/p/in", Touch.FOLDER)
    for flag in ("must_scan_subdirs", "is_mount", "is_unmount"):
        assert told(fsevents, "/private/tmp/p/in/", flag) == inside
    for flag in ("is_created", "is_removed", "is_renamed", "is_inode_meta_mod", "is_change_owner"):
        assert told(fsevents, "/private/tmp/p/in", flag, "is_directory") == inside
    assert told(fsevents, "/private/tmp/p/in", "is_xattr_mod", "is_directory")[1] is None


def test_the_stream_is_listened_to_until_it_is_closed(fsevents: Any) -> None:
    news: list[tuple[str, Touch]] = []
    heard = SimpleNamespace(touch=lambda path, touch: news.append((path, touch)))
    tree = fsevents.FSEventsTree("/nowhere/p", heard)
    flags: list[Any] = [("is_created",), ("is_modified",)]
    Stream.tell(["/nowhere/p/a.jpg", "/nowhere/p/b"], [1, 2], flags, [7, 8])  # type: ignore[list-item] # str, as the extension's own
    tree.close()
    assert news == [("/nowhere/p/a.jpg", Touch.NOTED)]
    assert not tree.is_alive()
