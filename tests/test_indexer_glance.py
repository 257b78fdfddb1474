"""A look at single files finds what a scan of their folder would."""

import os
from pathlib import Path

from indexer.glance import Glance
from indexer.library import DATABASE
from indexer.scan import Scan


def test_single_files_are_found_as_a_scan_finds_them(tmp_path: Path) -> None:
    root, outside = tmp_path / "photos", tmp_path / "outside"
    (outside / "in").mkdir(parents=True)
    (outside / "in" / "far.jpg").touch()
    for folder in ("a/b", ".hidden/in", "library/thumbnails", "b.jpg"):
        (root / folder).mkdir(parents=True)
    (root / "library" / DATABASE).touch()
    (root / "link").symlink_to(outside)
    for name in ("1.jpg", "a/2.HEIC", "a/b/3.png", "a/4.txt", ".5.jpg", ".hidden/in/6.jpg"):
        (root / name).write_bytes(b"x")
    (root / "library" / "thumbnails" / "7.jpg").touch()
    (root / "8.jpg").symlink_to(outside / "in" / "far.jpg")
    (root / "9.jpg").symlink_to(outside / "nowhere.jpg")
    os.utime(root / "1.jpg", ns=(0, 1 << 62))
    asked = [str(path) for path in root.rglob("*")]
    asked += [str(root / "link" / "in" / "far.jpg"), str(root / "gone" / "10.jpg")]
    glance = Glance(asked, [root])
    key = lambda found: found.path  # noqa: E731 - twice below
    assert sorted(glance, key=key) == sorted(Scan(root), key=key)
    assert not glance.unreadable


def test_what_was_asked_beside_photos_is_told_with_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "a.XMP").touch()
    (tmp_path / ".b.xmp").touch()
    asked = [str(tmp_path / name) for name in ("a.XMP", ".b.xmp", "c.xmp")]
    glance = Glance(asked, [tmp_path])
    assert list(glance) == []
    stamp = (tmp_path / "a.XMP").stat().st_mtime_ns
    assert glance.sidecars == {asked[0]: stamp, asked[2]: None}


def test_a_root_that_is_a_library_of_ours_has_no_photos(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    (tmp_path / "a.jpg").touch()
    assert list(Glance([str(tmp_path / "a.jpg")], [tmp_path])) == []
