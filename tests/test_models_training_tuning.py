"""Fine-tuning: what may change changes, what helps nobody is not kept, and a kill loses nothing."""

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from models.average import average, best_average, copy_of
from models.clip import Clip
from models.conv_tower import Block, ImageConfig
from models.errors import BadData
from models.finetune import HeldOut, Stop, tune
from models.freeze import choose, still_norms
from models.lora import LowRank, add_low_rank, merge_low_rank
from models.loss import contrastive
from models.settings import Settings
from models.sizes import SIZES, build
from models.text_tower import TextConfig
from models.towers import TwoTowers
from models.train import CHECKPOINT, start_from

WORDS = 8
SETTINGS = Settings(
    steps=12,
    batch=8,
    rate=2e-3,
    warmup_steps=2,
    bfloat16=False,
    threads=1,
    log_steps=4,
    checkpoint_steps=4,
)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Models this small lose more to a second thread than they gain, most of all on busy cores."""
    torch.set_num_threads(1)


@pytest.fixture
def clip() -> TwoTowers:
    torch.manual_seed(0)
    return build(SIZES["tiny-vit"])


def pixels_and_tokens(n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Pairs that can be learnt: the colour of a picture is the word in its sentence."""
    chance = torch.Generator().manual_seed(seed)
    word = torch.arange(n) % WORDS
    bits = torch.stack([word % 2, word // 2 % 2, word // 4], dim=1)
    colour = bits * 200 + torch.randint(0, 56, (n, 3), generator=chance)
    tokens = torch.zeros(n, 16, dtype=torch.int64)
    tokens[:, 0], tokens[:, 1], tokens[:, 2] = 598, 300 + word, 599
    return colour[:, :, None, None].expand(n, 3, 32, 32).float(), tokens


class Pairs:
    """The objective over one small set, the whole of it at each step."""

    def __init__(self, clip: TwoTowers, stop_at: int = -1) -> None:
        self.clip, self.stop_at = clip, stop_at
        self.pixels, self.tokens = pixels_and_tokens(3 * WORDS)
        self.owner = torch.arange(3 * WORDS) % WORDS
        self.steps: list[int] = []

    def __call__(self, step: int) -> dict[str, Tensor]:
        if step == self.stop_at:
            raise KeyboardInterrupt
        self.steps.append(step)
        images, texts = self.clip.images(self.pixels), self.clip.texts(self.tokens)
        return {"contrastive": contrastive(images, texts, self.clip.scale(), self.owner)}


def held_out() -> HeldOut:
    return HeldOut(*pixels_and_tokens(WORDS, seed=1))


def learning(model: nn.Module) -> set[str]:
    return {name for name, weight in model.named_parameters() if weight.requires_grad}


def test_a_correction_of_low_rank_starts_as_nothing_and_ends_in_the_layer(clip: TwoTowers) -> None:
    pixels, tokens = pixels_and_tokens(4)
    names = list(clip.state_dict())
    before = clip.texts(tokens)
    assert add_low_rank(clip.text_tower, 4) == 2 * 4, "of two layers, four linear maps each"
    torch.testing.assert_close(clip.texts(tokens), before)
    for part in clip.modules():
        if isinstance(part, LowRank):
            nn.init.normal_(part.up, std=0.1)
    corrected = clip.texts(tokens)
    assert not torch.allclose(corrected, before, atol=1e-2)
    merge_low_rank(clip)
    torch.testing.assert_close(clip.texts(tokens), corrected, rtol=1e-5, atol=1e-5)
    assert list(clip.state_dict()) == names, "as if nothing had been there"
    clip.images(pixels)


@pytest.mark.parametrize(
    ("train", "learns", "stays"),
    [
        ("all", "image_tower.patches.weight", None),
        ("projections", "text_projection.weight", "text_tower.norm.weight"),
        ("blocks:1", "image_tower.layers.1.mlp.0.weight", "image_tower.layers.0.mlp.0.weight"),
        ("blocks:1", "text_tower.norm.weight", "text_tower.tokens.weight"),
        ("lora:2", "image_tower.layers.0.mlp.0.up", "image_tower.layers.0.mlp.0.linear.weight"),
    ],
)
def test_only_what_is_chosen_learns(
    clip: TwoTowers, train: str, learns: str, stays: str | None
) -> None:
    choose(clip, train)
    assert {learns, "image_projection.weight", "log_scale"} <= learning(clip)
    assert stays not in learning(clip)


@pytest.mark.parametrize("train", ["some", "blocks:", "blocks:0", "lora:x", "all:3"])
def test_another_choice_is_refused_with_those_there_are(clip: TwoTowers, train: str) -> None:
    with pytest.raises(BadData, match="all, projections, blocks:2 or lora:8"):
        choose(clip, train)


def test_frozen_normalisation_keeps_its_statistics(tmp_path: Path) -> None:
    torch.manual_seed(0)
    blocks = (Block(8, stride=2, expansion=2),) * 2
    image = ImageConfig(side=32, stem=8, blocks=blocks, width=32)
    model = Clip(image, TextConfig(600, 16, 32, 2, 1), 16)
    before = copy_of(model)
    pairs = Pairs(model)
    tune(model, pairs, held_out(), SETTINGS, tmp_path, "blocks:1", Stop(100))
    after = model.state_dict()
    assert after["image_tower.stem.0.1.running_mean"].equal(
        before["image_tower.stem.0.1.running_mean"]
    )
    assert len(still_norms(model)) == 3, "those of the stem and of the first block"


def test_averages_lie_between_start_and_tuned_and_the_best_is_chosen(clip: TwoTowers) -> None:
    start = copy_of(clip)
    with torch.no_grad():
        clip.log_scale.add_(1.0)
    tuned = copy_of(clip)
    wish = start["log_scale"] + 0.3  # a loss with its least between the two

    def loss() -> float:
        return float((clip.log_scale.detach() - wish).abs())

    alpha, least = best_average(clip, start, tuned, loss)
    assert alpha == 0.3
    assert least < 1e-5
    torch.testing.assert_close(clip.state_dict()["log_scale"], wish)
    for name, value in average(start, tuned, 0.0).items():
        assert value.equal(start[name]), name


@pytest.mark.parametrize("train", ["all", "lora:4"])
def test_tuning_helps_on_pairs_that_were_held_out(
    clip: TwoTowers, tmp_path: Path, train: str
) -> None:
    names = list(clip.state_dict())
    done = tune(clip, Pairs(clip), held_out(), SETTINGS, tmp_path, train, Stop(2, patience=9))
    assert done.tuned_loss < done.start_loss
    assert done.loss <= done.tuned_loss + 1e-6, "averaging may leave the tuned weights as they are"
    torch.manual_seed(9)
    again = build(SIZES["tiny-vit"])
    start_from(again, tmp_path / "tuned")
    assert list(again.state_dict()) == names
    assert held_out().loss(again) == pytest.approx(done.loss, abs=1e-6)


def test_what_only_hurts_is_stopped_early_and_not_kept(clip: TwoTowers, tmp_path: Path) -> None:
    start = copy.deepcopy(clip)
    pairs = Pairs(clip)
    pairs.tokens = pairs.tokens.roll(1, 0)  # sentences of other photos
    scores = iter(range(100))

    class Worse(HeldOut):
        def loss(self, clip: nn.Module) -> float:  # noqa: ARG002  # no model does better
            return float(next(scores))

    done = tune(
        clip,
        pairs,
        Worse(*pixels_and_tokens(WORDS)),
        SETTINGS,
        tmp_path,
        "all",
        Stop(2, patience=2),
    )
    assert done.best_step == 0
    assert pairs.steps == [0, 1, 2, 3], "two looks that brought nothing"
    for name, value in start.state_dict().items():
        assert clip.state_dict()[name].equal(value), name


def test_a_tuning_that_was_killed_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    results = []
    for run, stops in (("whole", [-1]), ("killed", [7, -1])):
        for stop in stops:
            torch.manual_seed(0)
            clip = build(SIZES["tiny-vit"])
            arguments = (held_out(), SETTINGS, tmp_path / run, "lora:2", Stop(3, patience=9))
            if stop >= 0:
                with pytest.raises(KeyboardInterrupt):
                    tune(clip, Pairs(clip, stop), *arguments)
            else:
                results.append((tune(clip, Pairs(clip), *arguments), clip.state_dict()))
    (whole, weights), (killed, others) = results
    assert killed == whole
    for name, value in weights.items():
        assert value.equal(others[name]), name
    assert (tmp_path / "killed" / "tuned" / CHECKPOINT).exists()
