"""The mark of a pause: an empty file, named for the start of the computer that it belongs to."""

import errno
import os
from pathlib import Path

import pytest

from indexer.library import Library
from indexer.pausing import Pausing


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library.at(tmp_path / "library")
    library.root.mkdir()
    return library


def test_a_pause_is_remembered_on_a_full_disk(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        for write in ("write_text", "write_bytes"):
            disk.setattr(Path, write, full)
        Pausing(library, "monday").pause()
    assert [mark.stat().st_size for mark in library.root.iterdir()] == [0]
    assert Pausing(library, "monday").is_paused()


def test_marks_of_other_starts_and_of_older_programs_are_swept(library: Library) -> None:
    (library.root / "paused").write_text("monday")
    (library.root / "paused.new").touch()
    Pausing(library, "monday").pause()
    Pausing(library, "tuesday").pause()
    assert len(list(library.root.iterdir())) == 1
    assert not Pausing(library, "monday").is_paused()
    Pausing(library, "tuesday").resume()
    assert list(library.root.iterdir()) == []
