"""Switching to another real encoder while somebody searches all the time, killed half-way."""

import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.channel import call
from indexer.client import Client
from indexer.events import Switched
from indexer.library import Library
from indexer.pipeline import BATCH
from indexer.view import View
from models.installed import load
from tests.searching import Seeker, mixed
from tests.serving import until
from tests.tiny_encoder import write_tiny
from tests.waiting import wait_until_free

HOME = Path(__file__).resolve().parent.parent.parent
PHOTOS = 200
WORDS = ("a red dog", "snow on a mountain", "two people at the sea", "a birthday cake")


class Process:
    """A counting indexer, and a client of it."""

    def __init__(self, library: Library, first: Path, notes: Path, *hold: object) -> None:
        command = [sys.executable, "-m", "tests.counting_indexer"]
        self.process = subprocess.Popen(
            [*command, str(library.root), str(first), str(notes), *map(str, hold)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=HOME,
        )
        self.hear("ready")
        self.client = Client(call(library.socket), None)

    def hear(self, word: str) -> None:
        """Wait until it says so."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == f"{word}\n"

    def kill(self) -> None:
        """SIGKILL, as a machine that runs out of memory does it."""
        self.process.kill()
        self.end()

    def end(self) -> None:
        """Hang up and wait for its end."""
        self.client.close()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self.process.wait(60)


def draw(folder: Path) -> Path:
    """Photos of noise in large cells: all different, and small."""
    random = np.random.default_rng(7)
    folder.mkdir()
    for number in range(PHOTOS):
        cells = random.integers(0, 256, (6, 8, 3), np.uint8)
        Image.fromarray(np.kron(cells, np.ones((8, 8, 1), np.uint8))).save(folder / f"{number}.png")
    return folder


@pytest.mark.slow
def test_searches_go_on_through_a_switch_that_is_killed_half_way(tmp_path: Path) -> None:
    library, notes = Library.at(tmp_path / "library"), tmp_path / "notes"
    one, two = (
        write_tiny(library.encoders / name, name, seed) for seed, name in enumerate(("one", "two"))
    )
    indexer = Process(library, library.encoders / "one", notes, "two", PHOTOS // 2)
    until(indexer.client, indexer.client.add([draw(tmp_path / "photos")]))
    seeker = Seeker(library, WORDS, limit=PHOTOS, pause_s=0.01)
    seeker.start()
    try:
        indexer.client.use(library.encoders / "two")
        indexer.hear("held")
        indexer.kill()
        with View(library) as view:
            half = view.counts(two.digest).vectors
            serving = view.serving()
            assert serving is not None
            assert (serving.digest, 0 < half < PHOTOS) == (one.digest, True)
        indexer = Process(library, library.encoders / "one", notes)
        assert any(isinstance(event, Switched) for event in indexer.client.events())
        while not seeker.answered_by(two.digest):
            assert not seeker.failures
            threading.Event().wait(0.01)
    finally:
        seeker.stop()
        indexer.end()
    assert seeker.failures == []
    assert {answer.results.digest for answer in seeker.answers} == {one.digest, two.digest}
    assert all(len(answer.results.hits) == PHOTOS for answer in seeker.answers)
    eyes = [load(library.encoders / name) for name in ("one", "two")]
    assert mixed(library, eyes, seeker.answers) == []
    other = replace(seeker.answers[0].results, digest=two.digest)
    assert mixed(library, eyes, [replace(seeker.answers[0], results=other)])  # it would be seen
    seen = Counter(notes.read_text().splitlines())
    again = sum(count - 1 for count in seen.values())
    assert len(seen) == 2 * PHOTOS + 1  # and the grey picture that the second was tried with
    assert again <= BATCH
    wait_until_free(library)
    with View(library) as view:
        assert [view.counts(spec.digest).vectors for spec in (one, two)] == [PHOTOS, PHOTOS]
