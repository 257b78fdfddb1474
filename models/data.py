"""Photos and sentences for training: packs on disk, batches in memory.

A *pack* is a set of photos that was decoded once (`pack.py` makes it from a zip or a folder with
its TSV): `<set>.bin` holds (n, 160, 160, 3) uint8 RGB without a header and is mapped, never read
whole; `<set>.tsv` has a row a photo, `number<TAB>file<TAB>what it shows, or nothing`; and
`<set>.teacher.npy`, if an image network was run over the photos, its (n, f) float16 features.

What a batch holds follows from the seed and the step alone, so a run that was stopped goes on
with the very batches it would have seen.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from models.errors import BadData

JPEG = 0.5  # of the parts that are learnt from
FILTERS = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS)
PACK_SIDE = 160  # px: room to crop 128 from, 77 kB a photo


@dataclass(frozen=True, slots=True)
class Pack:
    """One set of photos, mapped."""

    path: Path  # of the .bin
    pixels: NDArray[np.uint8]  # (n, 160, 160, 3)
    files: tuple[str, ...]
    shows: tuple[str, ...]  # a class name such as "birthday cake", or ""
    teacher: NDArray[np.float16] | None  # (n, f)

    @property
    def name(self) -> str:
        """The set's name."""
        return self.path.stem

    @classmethod
    def open(cls, path: Path) -> "Pack":
        """The pack of a `.bin` file and of what lies beside it. Raises BadData."""
        try:
            rows = [line.split("\t") for line in path.with_suffix(".tsv").read_text().splitlines()]
            pixels = np.memmap(path, np.uint8, "r").reshape(-1, PACK_SIDE, PACK_SIDE, 3)
        except (OSError, ValueError) as error:
            raise BadData(f"{path} can not be used as a pack: {error}. Pack it again.") from error
        beside = path.with_suffix(".teacher.npy")
        teacher = np.load(beside) if beside.exists() else None
        if len(rows) != len(pixels) or (teacher is not None and len(teacher) != len(pixels)):
            raise BadData(
                f"{path} holds {len(pixels)} photos, its .tsv {len(rows)}. Pack it again."
            )
        files = tuple(row[1] for row in rows)
        shows = tuple(row[2] if len(row) > 2 else "" for row in rows)
        return cls(path, pixels, files, shows, teacher)


def captions_of(path: Path, split: str) -> dict[str, list[str]]:
    """The captions of each photo's file name in a `file<TAB>split<TAB>caption` table."""
    captions: dict[str, list[str]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{path} can not be read as a table of captions: {error}.") from error
    for number, line in enumerate(lines, start=1):
        try:
            file, of_split, caption = line.split("\t")
        except ValueError as error:
            raise BadData(f"{path}, line {number}: not file<TAB>split<TAB>caption.") from error
        if of_split == split and caption.strip():
            captions.setdefault(Path(file).name, []).append(caption)
    return captions


@dataclass(frozen=True, slots=True)
class Photos:
    """Several packs as one long row of photos."""

    packs: tuple[Pack, ...]

    def __len__(self) -> int:
        return sum(len(pack.pixels) for pack in self.packs)

    def starts(self) -> NDArray[np.int64]:
        """(packs,) where each pack begins in the row."""
        return np.cumsum([0, *(len(pack.pixels) for pack in self.packs[:-1])]).astype(np.int64)

    def pixels(self, rows: NDArray[np.int64]) -> Tensor:
        """(n, 3, 160, 160) uint8 of the photos at `rows`, in that order."""
        starts = self.starts()
        pack = np.searchsorted(starts, rows, side="right") - 1
        batch = np.stack(
            [self.packs[p].pixels[row - starts[p]] for p, row in zip(pack, rows, strict=True)]
        )
        return torch.from_numpy(batch).permute(0, 3, 1, 2)

    def teacher(self) -> NDArray[np.float16]:
        """(n, f) the image teacher's features of all photos. Raises BadData without them."""
        for pack in self.packs:
            if pack.teacher is None:
                raise BadData(f"Pack {pack.name} has no .teacher.npy to learn from.")
        return np.concatenate([pack.teacher for pack in self.packs if pack.teacher is not None])


def rows_of_step(seed: int, step: int, batch: int, n: int) -> NDArray[np.int64]:
    """Which of `n` rows make up batch `step`: every epoch is a fresh shuffle of all rows.

    >>> [rows_of_step(seed=0, step=step, batch=2, n=4).tolist() for step in (0, 1)]
    [[2, 0], [1, 3]]
    """
    steps_an_epoch = max(n // batch, 1)
    epoch, place = divmod(step, steps_an_epoch)
    order = np.random.default_rng([seed, epoch]).permutation(n).astype(np.int64)
    return order[place * batch : (place + 1) * batch]


def augment(
    pixels: Tensor, side: int, smallest: float, rng: np.random.Generator, mirror: bool
) -> Tensor:
    """(n, 3, side, side) float32 0..255: a random part of each photo, mirrored by chance.

    The part covers `smallest` to all of the photo's area, with its proportions changed by up to
    a fifth: enough that no photo comes twice the same way, and what it shows stays in view.
    Pillow averages where it shrinks, as in use, and takes a quarter of torch's `grid_sample`.
    Half of the parts go through JPEG at that size: small pictures often come so, and a tower that
    never saw its blocks loses a sixth of what it finds.
    """
    n, _, height, width = pixels.shape
    area = rng.uniform(smallest, 1, n)
    stretch = np.exp(rng.uniform(-0.2, 0.2, n))
    across = np.minimum(np.sqrt(area * stretch), 1) * width  # px
    down = np.minimum(np.sqrt(area / stretch), 1) * height
    left, top = rng.uniform(0, width - across), rng.uniform(0, height - down)
    mirrored = (rng.random(n) < 0.5) & mirror
    filters = rng.choice(FILTERS, n).tolist()
    is_jpeg, qualities = rng.random(n) < JPEG, rng.integers(40, 96, n).tolist()
    parts = np.empty((n, side, side, 3), np.uint8)
    for row, photo in enumerate(pixels.permute(0, 2, 3, 1).numpy()):
        box = (left[row], top[row], left[row] + across[row], top[row] + down[row])
        part = Image.fromarray(photo).resize((side, side), filters[row], box)
        seen = np.asarray(as_jpeg(part, qualities[row]) if is_jpeg[row] else part)
        parts[row] = seen[:, ::-1] if mirrored[row] else seen
    return torch.from_numpy(parts).permute(0, 3, 1, 2).float()


def as_jpeg(picture: Image.Image, quality: int) -> Image.Image:
    """The picture as JPEG gives it back."""
    stored = io.BytesIO()
    picture.save(stored, "JPEG", quality=quality)
    return Image.open(stored)


def shrink(pixels: Tensor, side: int) -> Tensor:
    """(n, 3, side, side) float32 0..255 of whole photos: what evaluation sees of a pack."""
    return functional.interpolate(
        pixels.float(), (side, side), mode="bicubic", antialias=True, align_corners=False
    ).clamp(0, 255)


def shuffled_by_length(
    lengths: NDArray[np.int64], batch: int, seed: int, epoch: int
) -> list[NDArray[np.int64]]:
    """An epoch of batches of sentences about equally long, so that little of it is padding."""
    rng = np.random.default_rng([seed, epoch])
    noisy = lengths + rng.uniform(0, 4, len(lengths))
    order = np.argsort(noisy, kind="stable")
    batches = [order[at : at + batch] for at in range(0, len(order) - batch + 1, batch)]
    return [batches[index] for index in rng.permutation(len(batches))]


def open_packs(paths: Sequence[Path]) -> Photos:
    """All packs named on a command line. Raises BadData."""
    return Photos(tuple(Pack.open(path) for path in paths))
