"""After any churn the library says what a fresh look would, whether it scanned or watched."""

import os
import random
import shutil
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from indexer.library import Library
from indexer.moves import content_hash
from indexer.scan import Scan
from indexer.view import View
from tests.fakes import load_fake, write_encoder
from tests.serving import Serving, until

FILES = 120
OPERATIONS = 207  # as many as the reliability page promises
SETTLES_S = 60.0


class Churn:
    """Random changes to a folder of small photos, from a seed."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.made = 0
        for _ in range(FILES):
            self.write()

    def step(self) -> None:
        """One operation."""
        kinds: list[Callable[[], None]] = [
            *(self.write, self.write, self.edit, self.edit, self.move, self.move),
            *(self.rename, self.copy, self.delete, self.replace_folder, self.move_folder),
        ]
        self.random.choice(kinds)()

    def write(self) -> None:
        self.made += 1
        path = self.somewhere() / f"{self.made:04}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.draw(path)

    def edit(self) -> None:
        self.draw(self.a_file())

    def move(self) -> None:
        path, folder = self.a_file(), self.somewhere()
        folder.mkdir(parents=True, exist_ok=True)
        path.rename(folder / path.name)

    def rename(self) -> None:
        self.made += 1
        path = self.a_file()
        path.rename(path.with_name(f"{self.made:04}{path.suffix}"))

    def copy(self) -> None:
        self.made += 1
        path = self.a_file()
        shutil.copy2(path, path.with_name(f"{self.made:04}.png"))

    def delete(self) -> None:
        self.a_file().unlink()

    def replace_folder(self) -> None:
        folder = self.somewhere()
        if folder.is_dir():
            new = folder.with_name("new")
            shutil.copytree(folder, new)
            shutil.rmtree(folder)
            new.rename(folder)

    def move_folder(self) -> None:
        folder, to = self.somewhere(), self.somewhere()
        if folder.is_dir() and not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(to)

    def draw(self, path: Path) -> None:
        colour = self.random.randrange(1 << 24)
        Image.new("RGB", (8, 8), (colour >> 16, colour >> 8 & 255, colour & 255)).save(path)

    def a_file(self) -> Path:
        files = sorted(path for path in self.root.rglob("*.png"))
        return self.random.choice(files)

    def somewhere(self) -> Path:
        return self.root / self.random.choice("abcdef") / self.random.choice("gh")


def here(root: Path) -> dict[str, tuple[int, int, bytes | None]]:
    """What lies on the disk."""
    return {one.path: (one.size_bytes, one.mtime_ns, content_hash(one.path)) for one in Scan(root)}


def known(view: View) -> dict[str, tuple[int, int, bytes | None]]:
    """What the library shows."""
    photos = view.photos([int(number) for number in view.table().ids]).values()
    return {str(one.path): (one.size_bytes, one.mtime_ns, one.hash) for one in photos}


@pytest.mark.slow
@pytest.mark.parametrize(
    "watches",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="waits for inotify's events"),
        ),
    ],
)
@pytest.mark.parametrize("seed", [1])
def test_the_library_is_as_a_fresh_one_after_churn(
    tmp_path: Path, seed: int, watches: bool
) -> None:
    root = tmp_path / "photos"
    churn = Churn(root, seed)
    write_encoder(tmp_path / "fake")
    serving = Serving(Library.at(tmp_path / "library"), tmp_path / "fake", load_fake)
    client = serving.client()
    if watches:
        client.watch()
    until(client, client.add([root]))
    pause = threading.Event()
    for number in range(OPERATIONS):
        churn.step()
        if not watches and number % 40 == 0:
            until(client, client.refresh())
        if watches and number % 20 == 0:
            pause.wait(0.3)  # bursts, with time to settle between some of them
    if not watches:
        until(client, client.refresh())
    with View(serving.library) as view:
        end_s = time.monotonic() + SETTLES_S
        while known(view) != here(root) and time.monotonic() < end_s:
            pause.wait(0.1)
        assert known(view) == here(root)
        counts = view.counts()
        assert (counts.pending, counts.failed) == (0, 0)
        contents = {value[2] for value in here(root).values()}
        assert counts.vectors >= len(contents)
    assert os.listdir(root)  # noqa: PTH208 - the churn left something to compare
    serving.end()
