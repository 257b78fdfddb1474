"""Train both towers on shards of photos with captions, for sets that outgrow a disk.

    python -m models.train_shards --run runs/wide --shards shards/*.tar --tokenizer tokenizer.bpe

The loop, the log and the checkpoints are those of `train.py`. A thread reads, decodes and crops the
next batches while this one trains; a run that was killed reads over what it has seen.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.ahead import Ahead
from models.cached import Encodes
from models.device import best_device
from models.loss import contrastive
from models.script import as_script
from models.settings import Settings, settings_of
from models.shards import ShardBatch, Shards
from models.skips import Skips
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer
from models.train import arguments, clip_of, train

Rows = tuple[Tensor, Tensor, Tensor]  # pixels, tokens, owner


class ShardDraw:
    """Batches of shards by their step. Steps must be asked for in order, from any first one on."""

    def __init__(
        self, shards: Shards, tokenizer: Tokenizer, context_length: int, settings: Settings
    ) -> None:
        self.shards, self.tokenizer, self.settings = shards, tokenizer, settings
        self.context_length = context_length
        self._batches: Iterator[ShardBatch] | None = None

    def __call__(self, step: int) -> Rows:
        """(n, 3, s, s) float32 0..255, (n, l) int64, (n,) int64."""
        if self._batches is None:
            self._batches = self.shards.batches(self.settings.batch, first=step)
        batch = next(self._batches)
        rng = np.random.default_rng([self.settings.seed, step])
        whole = torch.from_numpy(batch.pixels).permute(0, 3, 1, 2)
        tokens = self.tokenizer.batch(batch.captions, self.context_length)
        pixels = self.settings.augmented(whole, step, rng)
        return pixels, torch.from_numpy(tokens), torch.from_numpy(batch.owner)


class ShardLesson:
    """The objective: each photo finds its own caption in the batch."""

    def __init__(self, clip: Encodes, draw: Ahead[Rows]) -> None:
        self.clip, self.draw = clip, draw

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The loss of a step."""
        scale = self.clip.scale()
        pixels, tokens, owner = (rows.to(scale.device) for rows in self.draw(step))
        images, texts = self.clip.images(pixels), self.clip.texts(tokens)
        return {"contrastive": contrastive(images, texts, scale, owner)}


def main() -> None:
    """Train on shards."""
    parser = arguments(__doc__)
    parser.add_argument("--shards", required=True, nargs="+", type=Path)
    options = parser.parse_args()
    settings, skips = settings_of(options), Skips()
    tokenizer = Tokenizer.read(options.tokenizer)
    text = TextConfig(vocabulary=tokenizer.size)
    clip = clip_of(options.start, text, options.dimension, settings.seed)
    clip.to(best_device())
    shards = Shards(options.shards, settings.seed, skips)
    draw = ShardDraw(shards, tokenizer, text.context_length, settings)
    with Ahead(draw, settings.steps) as ahead:  # one thread: steps come in order
        train(clip, ShardLesson(clip, ahead), settings, options.run)
    print(skips)


if __name__ == "__main__":
    as_script(main)
