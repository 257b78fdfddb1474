"""How a run learns: each value with its default, on the command line, and what follows from it."""

import argparse
import math
from dataclasses import dataclass, fields

import numpy as np
from torch import Tensor

from models.data import augment


@dataclass(frozen=True, slots=True)
class Settings:
    """How to learn. Each value can be set on the command line: --batch 512."""

    seed: int = 0
    steps: int = 1000
    batch: int = 256  # pairs; more of them make a harder question
    loss: str = "infonce"  # or "sigmoid": SigLIP's
    chunk: int = 0  # of them encoded at a time, to need less memory (`cached.py`); 0: all at once
    rate: float = 1e-3  # AdamW's, at the top of the warm-up
    muon_rate: float = 0.0  # Muon's, for the kernels of the image tower; 0: AdamW moves them too
    warmup_steps: int = 100  # until Adam's second moments mean something
    decay_share: float = 1.0  # of the steps after the warm-up: over the last of them the rates fall
    weight_decay: float = 0.05  # on matrices and kernels; vectors (norms, biases) stay free
    largest_gradient: float = 1.0  # norm; one strange batch must not undo a hundred
    side: int = 128  # px
    early_side: int = 96  # px: the first photos teach as much in half the time when they are small
    early_share: float = 0.5  # of the steps
    smallest_crop: float = 0.5  # of the photo's area
    mirror: bool = True  # half of the photos; not where sentences tell left from right
    bfloat16: bool = True  # inside the towers; weights, losses and unit rows stay float32
    threads: int = 2
    log_steps: int = 20
    checkpoint_steps: int = 100  # about two minutes of work to lose

    def side_at(self, step: int) -> int:
        """The side in px of the pictures of a step."""
        return self.early_side if step < self.early_share * self.steps else self.side

    def augmented(self, pixels: Tensor, step: int, rng: np.random.Generator) -> Tensor:
        """(n, 3, 160, 160) of a pack -> what the tower sees of it at a step."""
        return augment(pixels, self.side_at(step), self.smallest_crop, rng, self.mirror)


def rate_at(step: int, settings: Settings) -> float:
    """The learning rate: a straight warm-up, a level, then half a cosine down to zero.

    With a small `decay_share` a run can be lengthened: its level does not depend on its end
    (Hägele et al. 2024, https://arxiv.org/abs/2405.18392).

    >>> s = Settings(steps=300, rate=1.0, warmup_steps=100)
    >>> [round(rate_at(step, s), 3) for step in (0, 99, 200, 300)]
    [0.01, 1.0, 0.5, 0.0]
    """
    if step < settings.warmup_steps:
        return settings.rate * (step + 1) / settings.warmup_steps
    falling_steps = settings.decay_share * (settings.steps - settings.warmup_steps)
    left = min(max((settings.steps - step) / max(falling_steps, 1), 0), 1)
    return settings.rate * 0.5 * (1 - math.cos(math.pi * left))


def add_settings(parser: argparse.ArgumentParser) -> None:
    """An option a field of Settings."""
    for field in fields(Settings):
        kind = type(field.default)
        if kind is bool:
            parser.add_argument(
                f"--{field.name}", action=argparse.BooleanOptionalAction, default=field.default
            )
        else:
            parser.add_argument(f"--{field.name}", type=kind, default=field.default)


def settings_of(options: argparse.Namespace) -> Settings:
    """The settings among parsed options."""
    return Settings(**{field.name: getattr(options, field.name) for field in fields(Settings)})
