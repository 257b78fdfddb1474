"""Random changes to a folder of small photos, from a seed, as years of use make them."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

from indexer.moves import content_hash
from indexer.scan import Scan
from indexer.view import View
from tests.small_photos import write_photo

State = dict[str, tuple[int, int, bytes | None]]  # by path: size in bytes, mtime_ns, hash


class Churn:
    """Writes, edits, moves, renames, copies and deletes photos, and replaces whole folders."""

    def __init__(self, root: Path, seed: int, suffix: str = ".png") -> None:
        self.root = root
        self.seed = seed
        self.suffix = suffix
        self.random = random.Random(seed)
        self.made = 0
        self.drawn = 0
        self.done: list[str] = []  # what was done, for whoever must find out why

    def step(self) -> None:
        """One operation."""
        kinds: list[Callable[[], None]] = [
            *(self.write, self.write, self.edit, self.edit, self.move, self.move),
            *(self.rename, self.copy, self.delete, self.replace_folder, self.move_folder),
        ]
        kind = self.random.choice(kinds)
        self.done.append(kind.__name__)
        kind()

    def write(self) -> None:
        """A new photo."""
        path = self.somewhere() / self.new_name()
        path.parent.mkdir(parents=True, exist_ok=True)
        self.draw(path)

    def edit(self) -> None:
        """Another picture in the same file."""
        self.draw(self.a_file())

    def move(self) -> None:
        """To another folder, under the same name."""
        path, folder = self.a_file(), self.somewhere()
        folder.mkdir(parents=True, exist_ok=True)
        path.rename(folder / path.name)

    def rename(self) -> None:
        """In its folder."""
        path = self.a_file()
        path.rename(path.with_name(self.new_name()))

    def copy(self) -> None:
        """Beside itself, with its time."""
        path = self.a_file()
        shutil.copy2(path, path.with_name(self.new_name()))

    def delete(self) -> None:
        """For good."""
        self.a_file().unlink()

    def replace_folder(self) -> None:
        """By a copy of itself, as programs do that synchronise."""
        folder = self.somewhere()
        if folder.is_dir():
            new = folder.with_name("new")
            shutil.copytree(folder, new)
            shutil.rmtree(folder)
            new.rename(folder)

    def move_folder(self) -> None:
        """With all that is in it."""
        folder, to = self.somewhere(), self.somewhere()
        if folder.is_dir() and not to.exists():
            to.parent.mkdir(parents=True, exist_ok=True)
            folder.rename(to)

    def draw(self, path: Path) -> None:
        """A picture that no other is like."""
        self.drawn += 1
        write_photo(path, (self.seed, self.drawn, 7))

    def new_name(self) -> str:
        """That no photo had so far."""
        self.made += 1
        return f"{self.made:05}{self.suffix}"

    def a_file(self) -> Path:
        """One of the photos."""
        return self.random.choice(sorted(self.root.rglob(f"*{self.suffix}")))

    def somewhere(self) -> Path:
        """A folder that may be there."""
        return self.root / self.random.choice("abcdef") / self.random.choice("gh")


def here(root: Path) -> State:
    """What lies on the disk."""
    return {one.path: (one.size_bytes, one.mtime_ns, content_hash(one.path)) for one in Scan(root)}


def known(view: View) -> State:
    """What the library shows."""
    photos = view.photos([int(number) for number in view.table().ids]).values()
    return {str(one.path): (one.size_bytes, one.mtime_ns, one.hash) for one in photos}
