"""`sightword index FOLDER --watch`, in processes of its own, with the encoder that is shipped."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from indexer.library import Library
from indexer.lock import lock
from indexer.query import Query
from indexer.search import Searcher
from models.drawn import draw_folder

HOME = Path(__file__).resolve().parent.parent.parent
SOON_S = 10.0  # 1.7 s where the machine has nothing else to do; it takes 4 s where it has too much
STOP_S = 2.0


class Watching:
    """The program, at it; `until` reads what it says."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "index", str(folder), "--watch", "--json", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HOME,
        )

    def until(self, event: str) -> dict[str, Any]:
        """The next line with this event."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said: dict[str, Any] = json.loads(line)
            if said["event"] == event:
                return said
        raise AssertionError(f"it ended before {event!r}")

    def until_said(self, words: str) -> None:
        """Read on stderr up to a line with these words."""
        assert self.process.stderr is not None
        assert any(words in line for line in self.process.stderr)

    def stop(self) -> tuple[int, str]:
        """Ctrl-C: the exit status and the last words."""
        self.process.send_signal(signal.SIGINT)
        _, words = self.process.communicate(timeout=STOP_S)
        return self.process.returncode, words


@pytest.fixture
def watching(photo_folder: Path) -> Iterator[Watching]:
    one = Watching(photo_folder)
    yield one
    if one.process.poll() is None:
        one.process.kill()
        one.process.communicate()


def found(searcher: Searcher) -> set[str]:
    """The names of all that a search gives."""
    results = searcher.search(Query(words="a drawing", limit=100, everything=True))
    return {hit.path.name for hit in results.hits}


@pytest.mark.slow
def test_a_new_photo_is_found_soon_after_its_last_byte(
    watching: Watching, photo_folder: Path, tmp_path: Path
) -> None:
    fresh = draw_folder(tmp_path / "fresh", 4, seed=77)
    assert watching.until("done")["indexed"] == 16
    library = Library.at(Path(os.environ["SIGHTWORD_LIBRARY"]))
    took_s: list[float] = []
    pause = threading.Event()
    searcher = Searcher(library)
    assert len(found(searcher)) == 16
    for number, drawn in enumerate(fresh):
        name = f"new {number}{drawn.path.suffix}"
        shutil.copyfile(drawn.path, photo_folder / name)
        began_s = time.monotonic()
        while name not in found(searcher):
            assert time.monotonic() < began_s + 60
            pause.wait(0.05)
        took_s.append(time.monotonic() - began_s)
        assert watching.until("done")["indexed"] == 1
    searcher.close()
    print("found after", ", ".join(f"{one:.2f} s" for one in took_s))
    assert min(took_s) < SOON_S  # the best of four: whatever else the machine has to do
    status, words = watching.stop()
    assert status == 130, words
    lock(library).close()  # nobody is left behind


@pytest.mark.slow
def test_a_folder_that_goes_and_comes_is_said_and_keeps_its_photos(
    watching: Watching, photo_folder: Path, tmp_path: Path
) -> None:
    watching.until("done")
    photo_folder.rename(tmp_path / "unplugged")
    watching.until_said(f"{photo_folder} isn't connected")
    (tmp_path / "unplugged").rename(photo_folder)
    watching.until_said(f"{photo_folder} is connected again")
    draw_folder(photo_folder / "later", 1, seed=5)
    assert watching.until("done")["indexed"] == 1
    status, _ = watching.stop()
    assert status == 130


@pytest.mark.slow
def test_a_question_is_asked_and_answered_by_commands(photo_folder: Path) -> None:
    def index(*options: str) -> tuple[list[dict[str, Any]], str]:
        command = [sys.executable, "-m", "app", "index", str(photo_folder), "--json", *options]
        done = subprocess.run(command, capture_output=True, text=True, cwd=HOME, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()], done.stderr

    index()
    for path in sorted(photo_folder.iterdir())[:12]:
        path.unlink()
    said, words = index()
    asked = {"event": "doubt", "folder": str(photo_folder), "missing": 12, "photos": 16}
    assert asked in said
    assert said[-1]["missing"] == 0
    assert "--forget" in words
    assert "--keep" in words
    kept, _ = index("--keep")
    assert kept[-1]["missing"] == 0
    silent, words = index()
    assert asked not in silent
    assert "gone" not in words
    assert index("--forget")[0][-1]["missing"] == 12
