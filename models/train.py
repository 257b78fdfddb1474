"""Train both towers on pairs of photos and captions: one flat loop, from a seed to a checkpoint.

    python -m models.train --run runs/both --start runs/text --packs flickr8k-train.bin \\
        --captions flickr8k.tsv --tokenizer tokenizer.bpe

The loop is the same for every kind of learning; `distill.py` gives it other objectives. It writes
`log.jsonl`, a line each `log_steps`, and `checkpoint.pt`, from which a run that was stopped goes
on with the very numbers it would have had.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from models.clip import Clip
from models.conv_tower import ImageConfig
from models.data import open_packs
from models.device import best_device, half_precision, memory_for
from models.errors import BadData
from models.optimizer import Optimizer
from models.pair_lesson import PairLesson, loss_of, tokens_of
from models.script import as_script
from models.settings import Settings, add_settings, rate_at, settings_of
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"

Objective = Callable[[int], dict[str, Tensor]]  # step -> named losses; their sum is minimised


def optimizer_of(model: nn.Module, settings: Settings) -> Optimizer:
    """What moves the weights, as the settings say."""
    return Optimizer(model, settings.rate, settings.muon_rate, settings.weight_decay)


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
        optimizer.set_share(rate_at(step, settings) / settings.rate)
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


def save(model: nn.Module, optimizer: Optimizer, step: int, settings: Settings, run: Path) -> None:
    """Write the checkpoint beside, then rename: a kill leaves the old one or the new one."""
    beside = run / (CHECKPOINT + ".part")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}
    torch.save({**state, "settings": asdict(settings)}, beside)
    beside.replace(run / CHECKPOINT)


def resume(model: nn.Module, optimizer: Optimizer, run: Path) -> int:
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


def clip_of(runs: Sequence[Path], text: TextConfig, dimension: int, seed: int = 0) -> Clip:
    """The default towers: random weights of `seed`, then those of `runs`. Raises BadData."""
    torch.manual_seed(seed)
    clip = Clip(ImageConfig(), text, dimension)
    for run in runs:
        start_from(clip, run)
    clip.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch
    return clip


def arguments(description: str | None) -> argparse.ArgumentParser:
    """What every command line that trains on captions has in common."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--run", required=True, type=Path)
    parser.add_argument("--start", nargs="*", default=[], type=Path, help="runs to begin with")
    parser.add_argument("--tokenizer", required=True, type=Path)
    parser.add_argument("--dimension", type=int, default=256)
    add_settings(parser)
    return parser


def pair_arguments(description: str | None) -> argparse.ArgumentParser:
    """The command line of `main`, and of `parallel.py`."""
    parser = arguments(description)
    parser.add_argument("--packs", required=True, nargs="+", type=Path)
    parser.add_argument("--captions", required=True, type=Path)
    return parser


def prepared(options: argparse.Namespace) -> tuple[Clip, PairLesson]:
    """The towers, where they are to learn, and their lesson."""
    settings, tokenizer = settings_of(options), Tokenizer.read(options.tokenizer)
    text = TextConfig(vocabulary=tokenizer.size)
    clip = clip_of(options.start, text, options.dimension, settings.seed)
    photos = open_packs(options.packs)
    tokens = tokens_of(photos, options.captions, tokenizer, text.context_length)
    loss = loss_of(settings, clip)
    clip.to(best_device())
    return clip, PairLesson(clip, photos, tokens, settings, loss)


def main() -> None:
    """Train on pairs."""
    options = pair_arguments(__doc__).parse_args()
    clip, lesson = prepared(options)
    train(clip, lesson, lesson.settings, options.run)


if __name__ == "__main__":
    as_script(main)
