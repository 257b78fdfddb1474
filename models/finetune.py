"""Tune a CLIP on a small set of one's own, without losing what it knows.

    python -m models.finetune --start runs/both --run runs/mine --train lora:8 \\
        --photos holidays --captions holidays.tsv --tokenizer tokenizer.bpe

Four guards against learning two hundred photos by heart: little may change (`freeze.py`); pairs are
held out, scored every `--check` steps, and the best model counts; the tuning ends once `--patience`
checks brought nothing better; and last, its weights are averaged with those it started from
(`average.py`), as much of each as the held-out pairs like best.

The result is `<run>/tuned/checkpoint.pt`, from which `--start <run>/tuned` goes on.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.average import best_average, copy_of
from models.cached import Encodes
from models.data import Pack, Photos, shrink
from models.device import best_device
from models.errors import BadData
from models.evaluate import Retrieval, retrieval
from models.freeze import choose, still_norms
from models.layouts import Captioned, pairs_of, read_captions
from models.lora import merge_low_rank
from models.loss import contrastive
from models.pack import pack
from models.pair_lesson import PairLesson
from models.photo_files import source_of
from models.script import as_script
from models.settings import Settings, add_settings, settings_of
from models.sizes import build, size_of
from models.skips import Skips
from models.tokenizer import Tokenizer
from models.train import CHECKPOINT, Objective, start_from, train

BEST = "best.pt"
ROWS = 64  # held-out rows encoded at a time
HELD_OUT = 5  # one photo in so many is held out


class Enough(Exception):
    """No error: the held-out pairs bring nothing better any more, and the loop ends early."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Pairs that are never trained on, row i of one belongs to row i of the other."""

    pixels: Tensor  # (m, 3, s, s) float32 0..255
    tokens: Tensor  # (m, l) int64

    def vectors(self, clip: nn.Module) -> tuple[Tensor, Tensor]:
        """(m, d) and (m, d) unit rows, as the model gives them when it is not learning."""
        encoder: Encodes = clip  # type: ignore[assignment]  # nn.Module hides what it has
        was_training, device = clip.training, next(clip.parameters()).device
        clip.eval()
        with torch.no_grad():
            pixels, tokens = (torch.split(rows, ROWS) for rows in (self.pixels, self.tokens))
            images = torch.cat([encoder.images(rows.to(device)).cpu() for rows in pixels])
            texts = torch.cat([encoder.texts(rows.to(device)).cpu() for rows in tokens])
        clip.train(was_training)
        return images, texts

    def loss(self, clip: nn.Module) -> float:
        """The contrastive loss over all pairs at once: what stopping and averaging go by."""
        images, texts = self.vectors(clip)
        scale: Tensor = clip.scale()  # type: ignore[operator]  # nn.Module hides what it has
        return float(contrastive(images, texts, scale.detach().cpu()))

    def recall(self, clip: nn.Module) -> Retrieval:
        """The figures that people read."""
        images, texts = (rows.numpy().astype(np.float32) for rows in self.vectors(clip))
        return retrieval(images, texts, np.arange(len(images), dtype=np.int64))


class Watch:
    """An objective that looks at the held-out pairs now and then, and keeps the best model."""

    def __init__(
        self, clip: nn.Module, objective: Objective, held_out: HeldOut, run: Path, stop: "Stop"
    ) -> None:
        """Goes on from the best of a run that was killed."""
        self.clip, self.objective, self.held_out, self.stop = clip, objective, held_out, stop
        self.path = run / BEST
        self.still = still_norms(clip)
        best = torch.load(self.path, "cpu", weights_only=True) if self.path.exists() else {}
        self.best_step: int = best.get("step", 0)
        self.best_loss: float = best.get("loss", float("inf"))

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The losses of a step. Raises Enough."""
        if step % self.stop.check_steps == 0:
            self.look(step)
            if step - self.best_step >= self.stop.patience * self.stop.check_steps:
                raise Enough
        for norm in self.still:
            norm.eval()
        return self.objective(step)

    def look(self, step: int) -> None:
        """Score the model as it is after `step` steps, and keep it where it is the best so far."""
        loss = self.held_out.loss(self.clip)
        if loss < self.best_loss:
            self.best_step, self.best_loss = step, loss
            part = self.path.with_suffix(".part")
            torch.save({"model": self.clip.state_dict(), "step": step, "loss": loss}, part)
            part.replace(self.path)


@dataclass(frozen=True, slots=True)
class Stop:
    """When it has learnt enough."""

    check_steps: int = 20
    patience: int = 5  # checks without a better one


@dataclass(frozen=True, slots=True)
class Tuned:
    """What came out, in figures."""

    best_step: int
    alpha: float  # share of the tuned weights
    start_loss: float  # on the held-out pairs, as the next two
    tuned_loss: float
    loss: float
    start: Retrieval
    end: Retrieval


def tune(
    clip: nn.Module,
    objective: Objective,
    held_out: HeldOut,
    settings: Settings,
    run: Path,
    what: str = "all",
    stop: Stop | None = None,
) -> Tuned:
    """Tune `clip` and leave it with the averaged weights, also in `run/tuned`. Raises BadData."""
    run.mkdir(parents=True, exist_ok=True)
    start, start_loss, start_recall = copy_of(clip), held_out.loss(clip), held_out.recall(clip)
    torch.manual_seed(settings.seed)
    choose(clip, what)
    watch = Watch(clip, objective, held_out, run, stop or Stop())
    try:
        train(clip, watch, settings, run)
        watch.look(settings.steps)
    except Enough:
        pass
    clip.load_state_dict(torch.load(watch.path, "cpu", weights_only=True)["model"])
    merge_low_rank(clip)
    alpha, loss = best_average(clip, start, copy_of(clip), lambda: held_out.loss(clip))
    out = run / "tuned" / CHECKPOINT
    out.parent.mkdir(exist_ok=True)
    part = out.with_suffix(".part")
    torch.save({"model": clip.state_dict(), "step": watch.best_step}, part)
    part.replace(out)
    end = held_out.recall(clip)
    return Tuned(watch.best_step, alpha, start_loss, watch.best_loss, loss, start_recall, end)


def tokens_of(pairs: Sequence[Captioned], tokenizer: Tokenizer, length: int) -> list[Tensor]:
    """(captions, l) int32 tokens of each photo."""
    return [torch.from_numpy(tokenizer.batch(pair.captions, length)).int() for pair in pairs]


def main() -> None:
    """Tune on one set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", required=True, type=Path)
    parser.add_argument("--start", required=True, type=Path, help="the run to begin with")
    parser.add_argument("--size", default="default", help="see models/sizes.py")
    parser.add_argument("--train", default="lora:8", help="all, lora:8, blocks:2 or projections")
    parser.add_argument("--photos", required=True, type=Path, help="a folder or a zip")
    parser.add_argument("--captions", required=True, type=Path, help="see models/layouts.py")
    parser.add_argument("--split", default="train")
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--check", type=int, default=20, help="steps between two looks")
    parser.add_argument("--patience", type=int, default=5, help="looks without a better one")
    add_settings(parser)
    options = parser.parse_args()
    tokenizer, size = Tokenizer.read(options.tokenizer), size_of(options.size)
    size = replace(size, text=replace(size.text, vocabulary=tokenizer.size))
    settings = replace(settings_of(options), side=size.image.side, early_share=0.0)
    clip = build(size)
    start_from(clip, options.start)
    skips, source = Skips(), source_of(options.photos)
    pairs = pairs_of(source, read_captions(options.captions), options.split, skips)
    options.run.mkdir(parents=True, exist_ok=True)
    pairs = pack(source, pairs, options.run / "photos.bin", skips)
    photos = Photos((Pack.open(options.run / "photos.bin"),))
    tokens = tokens_of(pairs, tokenizer, size.text.context_length)
    rows = np.arange(len(pairs), dtype=np.int64)
    apart = rows[rows % HELD_OUT == 0]
    if len(apart) < 2 or settings.batch > len(rows) - len(apart):
        raise BadData(f"{len(rows)} photos are too few for a batch of {settings.batch}. {skips}")
    pixels = shrink(photos.pixels(apart), settings.side)
    held_out = HeldOut(pixels, torch.stack([tokens[row][0] for row in apart]).long())
    for row in apart:
        tokens[row] = tokens[row][:0]  # a photo without a caption is never drawn
    clip.to(best_device())
    lesson = PairLesson(clip, photos, tokens, settings)
    stop = Stop(options.check, options.patience)
    done = tune(clip, lesson, held_out, settings, options.run, options.train, stop)
    print(json.dumps(asdict(done), indent=1), skips, sep="\n")


if __name__ == "__main__":
    as_script(main)
