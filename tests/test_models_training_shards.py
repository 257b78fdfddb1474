"""Training on shards: a run that was killed goes on with the samples it had not seen."""

import json
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.ahead import Ahead
from models.drawn import draw
from models.settings import Settings
from models.shards import Shards
from models.sizes import SIZES, build
from models.skips import Skips
from models.tokenizer import Tokenizer
from models.train import LOG, train
from models.train_shards import ShardDraw, ShardLesson
from models.train_tokenizer import learn

SETTINGS = Settings(
    batch=4,
    steps=6,
    side=32,
    early_side=32,
    warmup_steps=1,
    bfloat16=False,
    threads=1,
    log_steps=1,
    checkpoint_steps=2,
)


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two shards of five drawn photos each."""
    folder = tmp_path_factory.mktemp("shards")
    for number in range(2):
        with tarfile.open(folder / f"{number}.tar", "w") as file:
            for seed in range(5 * number, 5 * number + 5):
                one, photo = draw(seed, (64, 48)), BytesIO()
                one.picture.save(photo, "JPEG")
                for suffix, content in (("jpg", photo.getvalue()), ("txt", one.sentence.encode())):
                    entry = tarfile.TarInfo(f"{seed}.{suffix}")
                    entry.size = len(content)
                    file.addfile(entry, BytesIO(content))
    return sorted(folder.glob("*.tar"))


def losses(shards: list[Path], run: Path, stop_at: int = -1) -> list[float]:
    tokenizer = Tokenizer(learn({draw(seed, (64, 48)).sentence: 1 for seed in range(10)}, 50))
    torch.manual_seed(0)
    size = SIZES["tiny-vit"]
    clip = build(replace(size, text=replace(size.text, vocabulary=tokenizer.size)))
    rows = ShardDraw(Shards(shards, 0, Skips()), tokenizer, 16, SETTINGS)
    with Ahead(rows, SETTINGS.steps) as ahead:
        lesson = ShardLesson(clip, ahead)

        def objective(step: int) -> dict[str, Tensor]:
            if step == stop_at:
                raise KeyboardInterrupt
            return lesson(step)

        train(clip, objective, SETTINGS, run)
    lines = [json.loads(line) for line in (run / LOG).read_text().splitlines()]
    return [line["contrastive"] for line in lines]


def test_a_run_over_shards_that_was_killed_has_the_losses_of_one_that_was_not(
    shards: list[Path], tmp_path: Path
) -> None:
    whole = losses(shards, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        losses(shards, tmp_path / "killed", stop_at=5)
    assert losses(shards, tmp_path / "killed")[-2:] == whole[-2:]
    assert len(set(whole)) == 6
