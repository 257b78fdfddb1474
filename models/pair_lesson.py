"""What both towers learn from photos with captions: each finds its own among a batch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.cached import Encodes, InChunks
from models.data import Photos, captions_of, rows_of_step
from models.errors import BadData
from models.loss import contrastive
from models.settings import Settings
from models.sigmoid import PairwiseSigmoid
from models.tokenizer import Tokenizer

Loss = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]  # as `contrastive`


@dataclass(frozen=True, slots=True)
class PairDraw:
    """The rows of one step, or one process's share of them."""

    pixels: Tensor  # (n, 3, s, s) 0..255: float32, or bytes where chunks are to save memory
    tokens: Tensor  # (n, l) int64
    owner: Tensor  # (n,) int64: which photo


class PairLesson:
    """The objective of both towers on photos with captions: each finds its own in the batch."""

    def __init__(
        self,
        clip: Encodes,
        photos: Photos,
        tokens: list[Tensor],
        settings: Settings,
        loss: Loss = contrastive,
    ) -> None:
        """`tokens` holds the (captions, l) tokens of each photo."""
        self.loss = loss
        self.clip, self.photos, self.tokens, self.settings = clip, photos, tokens, settings
        self.told = np.flatnonzero([len(texts) > 0 for texts in tokens]).astype(np.int64)

    def draw(self, step: int, share: int = 0, shares: int = 1) -> PairDraw:
        """The batch of a step, or every `shares`-th row of it, from the seed and the step alone."""
        settings = self.settings
        rng = np.random.default_rng([settings.seed, step, share])
        rows = self.told[rows_of_step(settings.seed, step, settings.batch, len(self.told))]
        rows = rows[share::shares]
        chosen = [self.tokens[row][rng.integers(len(self.tokens[row]))] for row in rows]
        tokens = torch.stack(chosen)
        tokens = tokens[:, : int(tokens.argmax(dim=1).max()) + 1].long()
        if not settings.chunk:
            pixels = settings.augmented(self.photos.pixels(rows), step, rng)
            return PairDraw(pixels, tokens, torch.from_numpy(rows))
        pixels = torch.cat(
            [
                settings.augmented(self.photos.pixels(part), step, rng).round().to(torch.uint8)
                for part in np.split(rows, range(settings.chunk, len(rows), settings.chunk))
            ]
        )
        return PairDraw(pixels, tokens, torch.from_numpy(rows))

    def score(self, draw: PairDraw) -> dict[str, Tensor]:
        """The loss of a batch."""
        clip = InChunks(self.clip, self.settings.chunk) if self.settings.chunk else self.clip
        scale = clip.scale()
        images = clip.images(draw.pixels.to(scale.device))
        texts = clip.texts(draw.tokens.to(scale.device))
        return {"contrastive": self.loss(images, texts, scale, draw.owner.to(scale.device))}

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The loss of a step."""
        return self.score(self.draw(step))


def tokens_of(
    photos: Photos, captions: Path, tokenizer: Tokenizer, context_length: int
) -> list[Tensor]:
    """(captions, l) int16 tokens of each photo, (0, l) for those without a caption."""
    of_file = captions_of(captions, "train")
    files = [Path(file).name for pack in photos.packs for file in pack.files]
    rows = [tokenizer.batch(of_file.get(file, []), context_length) for file in files]
    return [torch.from_numpy(row).short() for row in rows]


def loss_of(settings: Settings, clip: nn.Module) -> Loss:
    """The loss that the settings name; what it learns itself becomes a part of `clip`."""
    if settings.loss == "infonce":
        return contrastive
    if settings.loss != "sigmoid":
        raise BadData(f"--loss {settings.loss}: it takes infonce or sigmoid.")
    sigmoid = PairwiseSigmoid()
    clip.add_module("sigmoid", sigmoid)
    return sigmoid
