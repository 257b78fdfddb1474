"""What a walk over a folder finds, and what it leaves alone."""

import os
from pathlib import Path

from indexer.library import DATABASE
from indexer.scan import Scan


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
