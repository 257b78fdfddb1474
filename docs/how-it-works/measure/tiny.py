"""Train a tiny CLIP on drawn pairs in half a minute: the bench that the lesson measures on.

Everything follows from seeds: which pictures are drawn, the first weights, and the order of the
batches. The pictures to be found are other ones than those learnt from, and no two of them have
the same sentence, so that there is one right answer.
"""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from models.data import rows_of_step  # noqa: E402
from models.drawn import Drawn, draw  # noqa: E402
from models.evaluate import retrieval  # noqa: E402
from models.loss import contrastive  # noqa: E402
from models.sizes import Size, build  # noqa: E402
from models.text_tower import TextConfig  # noqa: E402
from models.tokenizer import Tokenizer  # noqa: E402
from models.towers import TwoTowers  # noqa: E402
from models.train_tokenizer import learn  # noqa: E402
from models.vit import VitConfig  # noqa: E402

SEEDS = (0, 1, 2, 3, 4)
LEARN_FROM = 4000  # pairs
TO_FIND = 256  # pictures that were never learnt from
FIRST_TO_FIND = 1_000_000  # their first seed, far from those that are learnt from
SIDE = 32  # px
MERGES = 300
LONGEST = 32  # tokens

TINY = Size(
    VitConfig(side=SIDE, patch=8, width=64, heads=2, layers=2),
    TextConfig(vocabulary=512 + MERGES + 2, context_length=LONGEST, width=64, heads=2, layers=2),
    dimension=32,
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Drawn pictures with their sentences."""

    pixels: Tensor  # (n, 3, s, s) uint8
    tokens: Tensor  # (n, l) int64
    owner: Tensor  # (n,) int64, the same number where the sentence is the same

    def some(self, rows: NDArray[np.int64]) -> "Pairs":
        """The pairs at `rows`, without the padding that all their sentences end in."""
        tokens = self.tokens[rows]
        longest = int(tokens.argmax(dim=1).max()) + 1
        return Pairs(self.pixels[rows], tokens[:, :longest], self.owner[rows])


@dataclass(frozen=True, slots=True)
class Bench:
    """What to learn from, and what to find afterwards."""

    learn_from: Pairs
    to_find: Pairs
    tokenizer: Tokenizer  # its merges are learnt from the same sentences

    @classmethod
    def drawn(cls, count: int = LEARN_FROM) -> "Bench":
        """Draw it all, always the same."""
        learn_from = [draw(seed, (SIDE, SIDE)) for seed in range(count)]
        tokenizer = Tokenizer(learn((one.sentence for one in learn_from), MERGES))
        different: dict[str, Drawn] = {}
        seed = FIRST_TO_FIND
        while len(different) < TO_FIND:
            one = draw(seed, (SIDE, SIDE))
            different.setdefault(one.sentence, one)
            seed += 1
        to_find = pairs_of(list(different.values()), tokenizer)
        return cls(pairs_of(learn_from, tokenizer), to_find, tokenizer)


def pairs_of(drawn: list[Drawn], tokenizer: Tokenizer) -> Pairs:
    """Pictures and sentences as tensors."""
    pixels = np.stack([np.asarray(one.picture).transpose(2, 0, 1) for one in drawn])
    sentences = [one.sentence for one in drawn]
    number = {sentence: place for place, sentence in enumerate(dict.fromkeys(sentences))}
    return Pairs(
        torch.from_numpy(pixels.copy()),
        torch.from_numpy(tokenizer.batch(sentences, LONGEST)),
        torch.tensor([number[sentence] for sentence in sentences]),
    )


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to learn."""

    seed: int
    steps: int = 150
    batch: int = 128
    rate: float = 2e-3
    warmup_steps: int = 20
    fixed_scale: float | None = None  # None: learnt, as in CLIP

    def rate_at(self, step: int) -> float:
        """A straight warm-up, then half a cosine down to zero."""
        done = max(step - self.warmup_steps, 0) / (self.steps - self.warmup_steps)
        warm = min((step + 1) / self.warmup_steps, 1.0)
        return self.rate * warm * 0.5 * (1 + math.cos(math.pi * done))


def trained(bench: Bench, recipe: Recipe, make: Callable[[], TwoTowers] | None = None) -> TwoTowers:
    """A CLIP that has learnt from the bench's pairs; `make` gives another one than TINY."""
    torch.manual_seed(recipe.seed)
    clip = make() if make else build(TINY)
    optimizer = torch.optim.AdamW(clip.parameters(), betas=(0.9, 0.98), weight_decay=0.05)
    for step in range(recipe.steps):
        rows = rows_of_step(recipe.seed, step, recipe.batch, len(bench.learn_from.owner))
        pairs = bench.learn_from.some(rows)
        scale = torch.tensor(recipe.fixed_scale) if recipe.fixed_scale else clip.scale()
        images, texts = clip.images(pairs.pixels), clip.texts(pairs.tokens)
        loss = contrastive(images, texts, scale, pairs.owner)
        optimizer_step(optimizer, loss, recipe.rate_at(step))
    return clip.eval()


def optimizer_step(optimizer: torch.optim.Optimizer, loss: Tensor, rate: float) -> None:
    """One step downhill."""
    for group in optimizer.param_groups:
        group["lr"] = rate
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
    for group in optimizer.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
    optimizer.step()


def found_first(clip: TwoTowers, pairs: Pairs) -> float:
    """R@1: the share of sentences whose own picture comes first among all of them."""
    with torch.inference_mode():
        photos, texts = clip.images(pairs.pixels).numpy(), clip.texts(pairs.tokens).numpy()
    figures = retrieval(photos, texts, np.arange(len(texts)))
    return figures["text_to_photo"]["R@1"]
