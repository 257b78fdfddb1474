"""What a walk over a folder finds, and what it leaves alone."""

import os
from pathlib import Path

import pytest

from indexer.library import DATABASE
from indexer.scan import Scan, ScanStopped, Stamp, known_as


def names(folder: Path) -> list[str]:
    return sorted(os.path.relpath(found.path, folder) for found in Scan(folder))


def touch(folder: Path, *paths: str) -> None:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(b"x")


def test_photos_are_found_by_extension_in_any_case_at_any_depth(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", "b/c/D.HEIC", "b/e.txt", "f", "g.jpg.part", "h.png")
    assert names(tmp_path) == ["a.jpg", "b/c/D.HEIC", "h.png"]


def test_what_is_hidden_stays_hidden(tmp_path: Path) -> None:
    touch(tmp_path, ".jpg", "._a.jpg", ".thumbs/b.jpg", "c.jpg")
    assert names(tmp_path) == ["c.jpg"]


def test_links_to_files_are_followed_and_links_to_folders_are_not(tmp_path: Path) -> None:
    touch(tmp_path, "in/a.jpg")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "b.jpg").symlink_to(tmp_path / "in" / "a.jpg")
    (tmp_path / "in" / "c.jpg").symlink_to(tmp_path / "nowhere.jpg")
    assert names(tmp_path / "in") == ["a.jpg", "b.jpg"]


def test_a_pipe_with_the_name_of_a_photo_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    assert names(tmp_path) == []


def test_a_library_that_lies_among_the_photos_is_left_out(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg", f"library/{DATABASE}", "library/thumbnails/00/0.jpg")
    assert names(tmp_path) == ["a.jpg"]


def test_size_and_time_are_those_of_the_file(tmp_path: Path) -> None:
    touch(tmp_path, "a.jpg")
    os.utime(tmp_path / "a.jpg", ns=(1, 1_234_567_890_123_456_789))
    (found,) = Scan(tmp_path)
    assert (found.size_bytes, found.mtime_ns) == (1, 1_234_567_890_123_456_789)


def test_a_folder_is_known_by_each_of_its_names(tmp_path: Path) -> None:
    root = tmp_path / "photos"
    (root / "in").mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(root)
    assert known_as(link, [root]) == root
    assert known_as(link / "in", [root]) == root / "in"
    assert known_as(Path(f"/{root}"), [root]) == root
    assert known_as(tmp_path, [root]) == tmp_path


def test_a_walk_can_be_stopped_between_folders(tmp_path: Path) -> None:
    touch(tmp_path, "a/b.jpg", "c/d.jpg")
    with pytest.raises(ScanStopped):
        list(Scan(tmp_path, is_stopped=lambda: True))


def test_a_folder_whose_files_may_not_be_read_is_no_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "locked/a.jpg", "b.jpg")

    class Locked:
        """A directory entry whose file may not be looked at."""

        def __init__(self, entry: os.DirEntry[bytes]) -> None:
            self.name, self.path = entry.name, entry.path
            self.is_dir, self.is_file = entry.is_dir, entry.is_file

        def stat(self) -> os.stat_result:
            raise PermissionError(13, "Permission denied", self.path)

    scan = Scan(tmp_path)
    real = Scan._photos

    def photos(self: Scan, entries: list[os.DirEntry[bytes]], waiting: list[bytes]) -> list[Stamp]:
        locked = [Locked(one) if b"locked" in one.path else one for one in entries if one.is_file()]
        folders = [one for one in entries if one.is_dir()]
        return real(self, [*folders, *locked], waiting)  # type: ignore[list-item] # stand-ins

    monkeypatch.setattr(Scan, "_photos", photos)
    assert [Path(found.path).name for found in scan] == ["b.jpg"]
    assert scan.unreadable == [str(tmp_path / "locked")]
