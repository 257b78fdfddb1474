"""Train both towers on pairs of photos and captions: one flat loop, from a seed to a checkpoint.

    python -m models.train --run runs/both --start runs/text --packs flickr8k-train.bin \\
        --captions flickr8k.tsv --tokenizer tokenizer.bpe

The loop is the same for every kind of learning; `distill.py` gives it other objectives. It writes
`log.jsonl`, a line each `log_steps`, and `checkpoint.pt`, from which a run that was stopped goes
on with the very numbers it would have had.
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.cached import Encodes, InChunks
from models.clip import Clip
from models.conv_tower import ImageConfig
from models.data import Photos, augment, captions_of, open_packs, rows_of_step
from models.device import best_device, half_precision, memory_for
from models.errors import BadData
from models.loss import contrastive
from models.sigmoid import PairwiseSigmoid
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"

Loss = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]  # as `contrastive`
Objective = Callable[[int], dict[str, Tensor]]  # step -> named losses; their sum is minimised


@dataclass(frozen=True, slots=True)
class Settings:
    """How to learn. Each value can be set on the command line: --batch 512."""

    seed: int = 0
    steps: int = 1000
    batch: int = 256  # pairs; more of them make a harder question
    loss: str = "infonce"  # or "sigmoid": SigLIP's
    chunk: int = 0  # of them encoded at a time, to need less memory (`cached.py`); 0: all at once
    rate: float = 1e-3  # AdamW's, at the top of the warm-up
    warmup_steps: int = 100  # until Adam's second moments mean something
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
    """The learning rate: a straight warm-up, then half a cosine down to zero.

    >>> s = Settings(steps=300, rate=1.0, warmup_steps=100)
    >>> [round(rate_at(step, s), 3) for step in (0, 99, 200, 300)]
    [0.01, 1.0, 0.5, 0.0]
    """
    if step < settings.warmup_steps:
        return settings.rate * (step + 1) / settings.warmup_steps
    done = (step - settings.warmup_steps) / max(settings.steps - settings.warmup_steps, 1)
    return settings.rate * 0.5 * (1 + math.cos(math.pi * min(done, 1)))


def optimizer_of(model: nn.Module, settings: Settings) -> torch.optim.AdamW:
    """AdamW over what may change, with weight decay on matrices and kernels alone."""
    free = [weight for weight in model.parameters() if weight.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [weight for weight in free if weight.ndim >= 2]},
        {"params": [weight for weight in free if weight.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups, lr=settings.rate, betas=(0.9, 0.98), weight_decay=settings.weight_decay
    )


def train(
    model: nn.Module, objective: Objective, settings: Settings, run: Path, writes: bool = True
) -> None:
    """Minimise `objective` over `model`, from the start or from the checkpoint in `run`.

    Of several processes that train one model together (`parallel.py`) only one `writes`.
    """
    torch.set_num_threads(settings.threads)
    run.mkdir(parents=True, exist_ok=True)
    device = next(model.parameters()).device
    optimizer = optimizer_of(model, settings)
    step = resume(model, optimizer, run)
    started_s = time.monotonic()
    model.train()
    while step < settings.steps:
        for group in optimizer.param_groups:
            group["lr"] = rate_at(step, settings)
        with memory_for(settings.batch):
            with half_precision(device, settings.bfloat16):
                losses = objective(step)
            loss = torch.stack(list(losses.values())).sum()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            nn.utils.clip_grad_norm_(model.parameters(), settings.largest_gradient)
            optimizer.step()
        step += 1
        if not writes:
            continue
        if step % settings.log_steps == 0 or step == settings.steps:
            log(run, step, losses, rate_at(step - 1, settings), time.monotonic() - started_s)
        if step % settings.checkpoint_steps == 0 or step == settings.steps:
            save(model, optimizer, step, settings, run)


def log(run: Path, step: int, losses: dict[str, Tensor], rate: float, seconds: float) -> None:
    """Add a line to the log: step, losses, learning rate, seconds since this start."""
    values = {name: round(float(loss.detach()), 6) for name, loss in losses.items()}
    line = json.dumps({"step": step, **values, "rate": rate, "seconds": round(seconds, 1)})
    with (run / LOG).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def save(
    model: nn.Module, optimizer: torch.optim.AdamW, step: int, settings: Settings, run: Path
) -> None:
    """Write the checkpoint beside, then rename: a kill leaves the old one or the new one."""
    beside = run / (CHECKPOINT + ".part")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save({**state, "settings": asdict(settings)}, beside)
    beside.replace(run / CHECKPOINT)


def resume(model: nn.Module, optimizer: torch.optim.AdamW, run: Path) -> int:
    """Load the checkpoint in `run`, if there is one. Gives the next step. Raises BadData."""
    if not (run / CHECKPOINT).exists():
        return 0
    state = weights(run)
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
    except (RuntimeError, ValueError) as error:
        raise BadData(f"{run / CHECKPOINT} is of another model: {error}") from error
    return int(state["step"])


def weights(run: Path) -> dict[str, Any]:
    """What `save` wrote. Raises BadData."""
    try:
        state: dict[str, Any] = torch.load(run / CHECKPOINT, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
        raise BadData(f"{run / CHECKPOINT} can not be read: {error}") from error
    return state


def start_from(model: nn.Module, run: Path) -> None:
    """Copy those weights of the checkpoint in `run` that `model` has too, by name.

    Raises BadData where none has, or where one has another shape.
    """
    own = model.state_dict()
    state = {name: value for name, value in weights(run)["model"].items() if name in own}
    if not state:
        raise BadData(f"{run / CHECKPOINT} holds no weight of this model.")
    try:
        model.load_state_dict({**own, **state})
    except RuntimeError as error:
        raise BadData(f"{run / CHECKPOINT} is of another model: {error}") from error


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


def tokens_of(
    photos: Photos, captions: Path, tokenizer: Tokenizer, context_length: int
) -> list[Tensor]:
    """(captions, l) int16 tokens of each photo, (0, l) for those without a caption."""
    of_file = captions_of(captions, "train")
    files = [Path(file).name for pack in photos.packs for file in pack.files]
    rows = [tokenizer.batch(of_file.get(file, []), context_length) for file in files]
    return [torch.from_numpy(row).short() for row in rows]


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The command line of `main`, and of `parallel.py`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--run", required=True, type=Path)
    parser.add_argument("--start", nargs="*", default=[], type=Path, help="runs to begin with")
    parser.add_argument("--packs", required=True, nargs="+", type=Path)
    parser.add_argument("--captions", required=True, type=Path)
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--dimension", type=int, default=256)
    add_settings(parser)
    return parser


def prepared(options: argparse.Namespace) -> tuple[Clip, PairLesson]:
    """The towers, where they are to learn, and their lesson."""
    settings = settings_of(options)
    torch.manual_seed(settings.seed)
    tokenizer = Tokenizer.read(options.tokenizer)
    config = TextConfig(vocabulary=tokenizer.size)
    clip = Clip(ImageConfig(), config, options.dimension)
    for run in options.start:
        start_from(clip, run)
    photos = open_packs(options.packs)
    tokens = tokens_of(photos, options.captions, tokenizer, config.context_length)
    clip.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch
    loss = loss_of(settings, clip)
    clip.to(best_device())
    return clip, PairLesson(clip, photos, tokens, settings, loss)


def loss_of(settings: Settings, clip: nn.Module) -> Loss:
    """The loss that the settings name; what it learns itself becomes a part of `clip`."""
    if settings.loss == "infonce":
        return contrastive
    if settings.loss != "sigmoid":
        raise BadData(f"--loss {settings.loss}: it takes infonce or sigmoid.")
    sigmoid = PairwiseSigmoid()
    clip.add_module("sigmoid", sigmoid)
    return sigmoid


def main() -> None:
    """Train on pairs."""
    options = arguments(__doc__).parse_args()
    clip, lesson = prepared(options)
    train(clip, lesson, lesson.settings, options.run)


if __name__ == "__main__":
    main()
