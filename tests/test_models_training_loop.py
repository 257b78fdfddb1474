"""One lesson in chunks, in shares, and under torchrun."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.data import PACK_SIDE, Photos, open_packs
from models.drawn import draw
from models.errors import BadData
from models.pair_lesson import PairLesson, loss_of, tokens_of
from models.settings import Settings
from models.sigmoid import FIRST_BIAS
from models.sizes import SIZES, build
from models.tokenizer import Tokenizer
from models.train import CHECKPOINT, LOG, train, weights
from models.train_tokenizer import learn

PAIRS = 16
ROOT = Path(__file__).parent.parent
SETTINGS = Settings(
    batch=8, side=32, early_side=32, bfloat16=False, threads=1, steps=2, warmup_steps=1
)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Models this small lose more to a second thread than they gain, most of all on busy cores."""
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of drawn photos, its table and its tokenizer."""
    folder = tmp_path_factory.mktemp("pack")
    drawn = [draw(seed, (PACK_SIDE, PACK_SIDE)) for seed in range(PAIRS)]
    np.stack([np.asarray(one.picture) for one in drawn]).tofile(folder / "drawn.bin")
    (folder / "drawn.tsv").write_text("".join(f"{n}\t{n}.jpg\t\n" for n in range(PAIRS)))
    rows = [f"{n}.jpg\ttrain\t{one.sentence}\n" for n, one in enumerate(drawn)]
    (folder / "captions.tsv").write_text("".join(rows))
    Tokenizer(learn({one.sentence: 1 for one in drawn}, 50)).write(folder / "tokenizer.bpe")
    return folder


@pytest.fixture
def lesson(folder: Path) -> PairLesson:
    tokenizer = Tokenizer.read(folder / "tokenizer.bpe")
    photos: Photos = open_packs([folder / "drawn.bin"])
    torch.manual_seed(0)
    size = SIZES["tiny-vit"]
    clip = build(replace(size, text=replace(size.text, vocabulary=tokenizer.size)))
    tokens = tokens_of(photos, folder / "captions.tsv", tokenizer, 16)
    return PairLesson(clip, photos, tokens, SETTINGS)


def test_chunks_hold_the_rows_of_the_batch_as_bytes(lesson: PairLesson) -> None:
    plain = lesson.draw(3)
    lesson.settings = replace(SETTINGS, chunk=3)
    chunked = lesson.draw(3)
    assert chunked.pixels.dtype == torch.uint8
    assert chunked.owner.equal(plain.owner)
    assert chunked.tokens.equal(plain.tokens)
    assert chunked.pixels.shape == plain.pixels.shape


def test_a_batch_in_one_chunk_is_the_plain_batch_but_for_rounding(lesson: PairLesson) -> None:
    plain = lesson.draw(3)
    want = lesson.score(plain)["contrastive"]
    lesson.settings = replace(SETTINGS, chunk=100)
    chunked = lesson.draw(3)
    assert (chunked.pixels.float() - plain.pixels).abs().max() <= 0.5
    assert float(lesson.score(chunked)["contrastive"].detach()) == pytest.approx(
        float(want.detach()), abs=0.05
    )


def test_shares_make_up_the_batch(lesson: PairLesson) -> None:
    whole = lesson.draw(5).owner.tolist()
    shares = [lesson.draw(5, share, 2).owner.tolist() for share in range(2)]
    assert sorted(shares[0] + shares[1]) == sorted(whole)
    assert len(shares[0]) == len(shares[1]) == 4


def test_only_one_of_many_processes_writes(lesson: PairLesson, tmp_path: Path) -> None:
    clip = lesson.clip
    assert isinstance(clip, torch.nn.Module)
    train(clip, lesson, SETTINGS, tmp_path, writes=False)
    assert list(tmp_path.iterdir()) == []


def test_too_little_memory_stops_a_training_with_a_way_out(
    lesson: PairLesson, tmp_path: Path
) -> None:
    clip = lesson.clip
    assert isinstance(clip, torch.nn.Module)

    def greedy(step: int) -> dict[str, torch.Tensor]:
        return {"contrastive": torch.empty(1 << (55 + step))}

    with pytest.raises(BadData, match="Too little memory for a batch of 8"):
        train(clip, greedy, SETTINGS, tmp_path)


def test_the_sigmoid_loss_learns_its_bias_with_the_towers(
    lesson: PairLesson, tmp_path: Path
) -> None:
    clip = lesson.clip
    assert isinstance(clip, torch.nn.Module)
    lesson.loss = loss_of(replace(SETTINGS, loss="sigmoid"), clip)
    train(clip, lesson, SETTINGS, tmp_path)
    assert float(weights(tmp_path)["model"]["sigmoid.bias"]) != FIRST_BIAS
    with pytest.raises(BadData, match="infonce or sigmoid"):
        loss_of(replace(SETTINGS, loss="hinge"), clip)


@pytest.mark.slow
def test_torchrun_trains_and_goes_on(folder: Path, tmp_path: Path) -> None:
    for steps in (1, 2):
        words = (
            f"--standalone --nproc-per-node 2 -m -- models.parallel --run {tmp_path}/run "
            f"--packs {folder}/drawn.bin --captions {folder}/captions.tsv "
            f"--tokenizer {folder}/tokenizer.bpe --steps {steps} --batch 8 --chunk 2 --threads 1 "
            "--loss sigmoid --side 32 --early_side 32 --log_steps 1 --checkpoint_steps 1"
        )
        done = subprocess.run(
            [sys.executable, "-m", "torch.distributed.run", *words.split()],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    log = [json.loads(line) for line in (tmp_path / "run" / LOG).read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2], "each step logged once, by one process"
    assert (tmp_path / "run" / CHECKPOINT).exists()
