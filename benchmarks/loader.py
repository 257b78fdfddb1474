"""Does drawing a batch cost less than a tenth of learning from it?

    python benchmarks/loader.py [--packs flickr8k-train.bin] [--photos flickr8k.zip]

Without data it draws photos of its own. A batch from a pack is what training waits for; straight
from JPEGs is what packing saves, and what shards cost. Seconds are of processor time, so that other
work on the machine counts for nothing; `waits` is what the loop waits for a batch drawn ahead.
Ends with status 1 above the bound.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from models.ahead import Ahead
from models.clip import Clip
from models.conv_tower import ImageConfig
from models.data import PACK_SIDE, Photos, open_packs, rows_of_step
from models.drawn import draw_folder
from models.layouts import Captioned
from models.loss import contrastive
from models.pack import pack
from models.photo_files import Source, source_of, square
from models.settings import Settings
from models.skips import Skips
from models.text_tower import TextConfig
from models.train import optimizer_of

BOUND = 0.1  # of a step
BATCH = 64
STEPS = 6
DRAWN = 192  # photos, where none are given
SETTINGS = Settings(batch=BATCH, early_share=0.0)


def cost_s(work: Callable[[int], object]) -> float:
    """Processor seconds of one call, the median of several; the first is to warm up."""
    times = []
    for step in range(STEPS + 1):
        before = time.process_time()
        work(step)
        times.append(time.process_time() - before)
    return median(times[1:])


def from_pack(photos: Photos, step: int) -> Tensor:
    """The pictures of a step: read from the pack, cropped, mirrored."""
    rows = rows_of_step(0, step, BATCH, len(photos))
    return SETTINGS.augmented(photos.pixels(rows), step, np.random.default_rng([0, step]))


def from_files(source: Source, names: Sequence[str], step: int) -> Tensor:
    """The same from files that must be decoded first."""
    rows = rows_of_step(0, step, BATCH, len(names))
    squares = [square(source.read(names[row]), PACK_SIDE, names[row]) for row in rows]
    pixels = torch.from_numpy(np.stack(squares)).permute(0, 3, 1, 2)
    return SETTINGS.augmented(pixels, step, np.random.default_rng([0, step]))


class Learner:
    """The default towers and their optimiser."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        self.clip = Clip(ImageConfig(), TextConfig(), 256)
        self.clip.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch
        self.optimizer = optimizer_of(self.clip, SETTINGS)
        self.tokens = torch.randint(1, 8000, (BATCH, 16))

    def step(self, pixels: Tensor) -> None:
        """What `train` does with a batch."""
        with torch.autocast("cpu", torch.bfloat16):
            images, texts = self.clip.images(pixels), self.clip.texts(self.tokens)
            loss = contrastive(images, texts, self.clip.scale())
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        self.optimizer.step()


def waits_s(learner: Learner, photos: Photos) -> float:
    """Seconds by the clock that a step waits for its batch when one thread draws ahead."""
    waited = []
    with Ahead(lambda step: from_pack(photos, step), STEPS + 1) as ahead:
        for step in range(STEPS + 1):
            before = time.monotonic()
            pixels = ahead(step)
            waited.append(time.monotonic() - before)
            learner.step(pixels)
    return median(waited[1:])


def main() -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packs", nargs="*", default=[], type=Path)
    parser.add_argument("--photos", type=Path, help="a folder or a zip")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if not options.photos:
            draw_folder(folder / "photos", DRAWN, size=(640, 480), formats=("jpg",))
        source = source_of(options.photos or folder / "photos")
        names = source.names()
        if not options.packs:
            some = [Captioned(name, ("a photo",)) for name in names[: 4 * DRAWN]]
            pack(source, some, folder / "photos.bin", Skips())
        photos = open_packs(options.packs or [folder / "photos.bin"])
        learner = Learner()
        fixed = from_pack(photos, 0)
        step_s = cost_s(lambda _: learner.step(fixed))
        print(f"a step of {BATCH} pairs at {SETTINGS.side} px: {step_s * 1000:.0f} ms")
        costs = {
            "from a pack": cost_s(lambda step: from_pack(photos, step)),
            "from JPEGs": cost_s(lambda step: from_files(source, names, step)),
            "waits, from a pack drawn ahead": waits_s(learner, photos),
        }
        for name, cost in costs.items():
            print(f"{name}: {cost * 1000:.1f} ms a batch, {cost / step_s:.1%} of a step")
        return int(costs["from a pack"] > BOUND * step_s)


if __name__ == "__main__":
    sys.exit(main())
