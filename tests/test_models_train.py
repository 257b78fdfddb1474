"""Training: it learns, it repeats, and it goes on exactly where it was stopped."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from models.clip import Clip
from models.conv_tower import Block, ImageConfig
from models.data import PACK_SIDE, Pack, Photos, open_packs, shrink
from models.drawn import draw
from models.errors import BadData
from models.evaluate import retrieval
from models.pair_lesson import PairLesson, tokens_of
from models.settings import Settings, rate_at
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer
from models.train import CHECKPOINT, LOG, optimizer_of, resume, start_from, train
from models.train_tokenizer import learn

IMAGE = ImageConfig(
    side=32,
    stem=16,
    blocks=(
        Block(32, stride=2, expansion=2),
        Block(48, stride=2, expansion=3),
    ),
    width=96,
)
SETTINGS = Settings(
    steps=8,
    batch=8,
    rate=3e-3,
    warmup_steps=2,
    side=32,
    early_side=32,
    bfloat16=False,
    threads=1,
    log_steps=1,
    checkpoint_steps=4,
)
PAIRS = 32


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Photos, Path, Tokenizer]:
    """A pack of drawn photos that all have different sentences, their table, and a tokenizer."""
    folder = tmp_path_factory.mktemp("pack")
    drawn: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]] = {}
    seed = 0
    while len(drawn) < PAIRS:
        one = draw(seed, (PACK_SIDE, PACK_SIDE))
        drawn.setdefault(one.sentence, np.asarray(one.picture))
        seed += 1
    np.stack(list(drawn.values())).tofile(folder / "drawn.bin")
    (folder / "drawn.tsv").write_text("".join(f"{row}\t{row}.jpg\t\n" for row in range(PAIRS)))
    table = folder / "captions.tsv"
    table.write_text("".join(f"{row}.jpg\ttrain\t{text}\n" for row, text in enumerate(drawn)))
    return open_packs([folder / "drawn.bin"]), table, Tokenizer(learn(drawn, 300))


def lesson_of(
    pairs: tuple[Photos, Path, Tokenizer], settings: Settings, seed: int = 0
) -> tuple[Clip, PairLesson]:
    photos, table, tokenizer = pairs
    torch.manual_seed(seed)
    text = TextConfig(tokenizer.size, context_length=24, width=64, heads=2, layers=2)
    clip = Clip(IMAGE, text, dimension=32)
    return clip, PairLesson(clip, photos, tokens_of(photos, table, tokenizer, 24), settings)


def losses(run: Path) -> list[float]:
    return [json.loads(line)["contrastive"] for line in (run / LOG).read_text().splitlines()]


@pytest.mark.slow
def test_it_learns_32_drawn_pairs_by_heart(
    pairs: tuple[Photos, Path, Tokenizer], tmp_path: Path
) -> None:
    settings = Settings(
        steps=100,
        batch=32,
        rate=3e-3,
        warmup_steps=10,
        side=32,
        early_side=32,
        smallest_crop=1.0,
        mirror=False,
        bfloat16=False,
        threads=1,
    )
    clip, lesson = lesson_of(pairs, settings)
    before = contrast(clip, lesson)
    train(clip, lesson, settings, tmp_path)
    assert before < 0.3
    assert contrast(clip, lesson) > 0.95  # two scenes may look alike at 32 px


def contrast(clip: Clip, lesson: PairLesson) -> float:
    """R@1 over the pairs, as they are, not mirrored."""
    clip.eval()
    with torch.inference_mode():
        images = clip.images(shrink(lesson.photos.pixels(np.arange(PAIRS)), 32)).numpy()
        texts = clip.texts(torch.cat(lesson.tokens).long()).numpy()
    return retrieval(images, texts, np.arange(PAIRS))["text_to_photo"]["R@1"]


def test_a_run_that_was_stopped_ends_with_the_very_same_weights(
    pairs: tuple[Photos, Path, Tokenizer], tmp_path: Path
) -> None:
    whole, lesson = lesson_of(pairs, SETTINGS)
    train(whole, lesson, SETTINGS, tmp_path / "whole")
    stopped, lesson = lesson_of(pairs, SETTINGS)
    with pytest.raises(KeyboardInterrupt):
        train(stopped, stop_at(6, lesson), SETTINGS, tmp_path / "stopped")
    again, lesson = lesson_of(pairs, SETTINGS, seed=99)  # what it starts with must not matter
    train(again, lesson, SETTINGS, tmp_path / "stopped")
    assert losses(tmp_path / "stopped")[-4:] == losses(tmp_path / "whole")[-4:]
    for name, weight in whole.state_dict().items():
        assert weight.equal(again.state_dict()[name]), name


def stop_at(last: int, lesson: PairLesson) -> Callable[[int], dict[str, Tensor]]:
    def objective(step: int) -> dict[str, Tensor]:
        if step == last:
            raise KeyboardInterrupt
        return lesson(step)

    return objective


def test_another_seed_draws_other_batches(
    pairs: tuple[Photos, Path, Tokenizer], tmp_path: Path
) -> None:
    runs: list[list[float]] = []
    for seed in (0, 0, 1):
        settings = replace(SETTINGS, seed=seed, steps=2)
        clip, lesson = lesson_of(pairs, settings)
        run = tmp_path / str(len(runs))
        train(clip, lesson, settings, run)
        runs.append(losses(run))
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


def test_the_rate_warms_up_and_falls_to_nothing() -> None:
    rates = [rate_at(step, Settings(steps=100, rate=1.0, warmup_steps=10)) for step in range(101)]
    assert rates[:10] == pytest.approx([0.1 * (step + 1) for step in range(10)])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0)


def test_a_checkpoint_of_another_model_is_refused(
    pairs: tuple[Photos, Path, Tokenizer], tmp_path: Path
) -> None:
    clip, lesson = lesson_of(pairs, SETTINGS)
    train(clip, lesson, replace(SETTINGS, steps=1), tmp_path)
    other = Clip(IMAGE, TextConfig(60, 8, 16, 2, 1), dimension=8)
    with pytest.raises(BadData, match="another model"):
        resume(other, optimizer_of(other, SETTINGS), tmp_path)
    with pytest.raises(BadData, match="another model"):
        start_from(other, tmp_path)
    with pytest.raises(BadData, match="no weight of this model"):
        start_from(torch.nn.Linear(2, 2), tmp_path)


def test_a_broken_checkpoint_is_named(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).write_bytes(b"not a checkpoint")
    with pytest.raises(BadData, match=CHECKPOINT):
        start_from(torch.nn.Linear(2, 2), tmp_path)


def test_a_pack_without_its_rows_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"\0" * (PACK_SIDE * PACK_SIDE * 3 + 1))
    (tmp_path / "a.tsv").write_text("0\ta.jpg\t\n")
    with pytest.raises(BadData, match=r"a\.bin"):
        Pack.open(tmp_path / "a.bin")
    with pytest.raises(BadData, match=r"b\.bin"):
        Pack.open(tmp_path / "b.bin")
