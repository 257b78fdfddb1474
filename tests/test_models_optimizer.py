"""The optimizer: which weights go which way, however they lie in memory."""

from copy import deepcopy
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from models.conv_tower import Block, ImageConfig, ImageTower
from models.optimizer import Optimizer, kernels_of
from models.settings import Settings, rate_at

BLOCKS = (
    Block(16, stride=2, expansion=2),
    Block(24, stride=2, expansion=3),
)


def tower() -> ImageTower:
    torch.manual_seed(0)
    return ImageTower(ImageConfig(side=32, stem=8, blocks=BLOCKS, width=32))


def learn(model: nn.Module, optimizer: Optimizer, steps: int = 3) -> list[Tensor]:
    pixels = torch.randint(0, 256, (4, 3, 32, 32), generator=torch.Generator().manual_seed(1))
    for _ in range(steps):
        optimizer.zero_grad()
        model(pixels).square().mean().backward()
        optimizer.step()
    return [weight.detach().clone().contiguous() for weight in model.parameters()]


def test_only_layers_that_mix_channels_move_by_muon() -> None:
    model = tower()
    names = {id(weight): name for name, weight in model.named_parameters()}
    moved = [names[id(weight)] for weight in kernels_of(model)]
    assert len(moved) == 5  # two of each block, the head
    assert not any(name.startswith("stem") for name in moved)
    model.blocks.requires_grad_(False)
    assert len(kernels_of(model)) == 1


def test_a_step_of_a_kernel_is_orthogonal_and_as_large_as_the_rate_says() -> None:
    model = tower()
    before = [kernel.detach().clone() for kernel in kernels_of(model)]
    learn(model, Optimizer(model, rate=1e-3, muon_rate=0.1, weight_decay=0.0), steps=1)
    for old, new in zip(before, kernels_of(model), strict=True):
        step = (new.detach() - old).flatten(1) / 0.1
        step /= max(1, len(step) / step.shape[1]) ** 0.5
        lengths = torch.linalg.svdvals(step)
        assert 0.3 < float(lengths.median()) < 1.3  # five rounds bring them near one, not to it
        assert float(lengths.max()) < 1.4


def test_the_order_in_memory_changes_nothing() -> None:
    plain, turned = tower(), tower()
    turned.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's own hole
    settings = {"rate": 1e-3, "muon_rate": 0.02, "weight_decay": 0.05}
    start = [kernel.detach().clone() for kernel in kernels_of(plain)]
    learn(plain, Optimizer(plain, **settings), steps=1)
    learn(turned, Optimizer(turned, **settings), steps=1)
    for old, a, b in zip(start, kernels_of(plain), kernels_of(turned), strict=True):
        # Not the same to the last digit: Muon's rounds are in bfloat16.
        assert float((a - b).detach().norm()) < 0.1 * float((a - old).detach().norm())


def test_a_saved_optimizer_goes_on_where_it_was() -> None:
    model = tower()
    optimizer = Optimizer(model, rate=1e-3, muon_rate=0.02, weight_decay=0.05)
    learn(model, optimizer)
    again = tower()
    again.load_state_dict(model.state_dict())
    restored = Optimizer(again, rate=1e-3, muon_rate=0.02, weight_decay=0.05)
    restored.load_state_dict(deepcopy(optimizer.state_dict()))
    for a, b in zip(learn(model, optimizer), learn(again, restored), strict=True):
        assert torch.equal(a, b)


def test_another_kind_of_optimizer_is_refused() -> None:
    model = tower()
    with_muon = Optimizer(model, rate=1e-3, muon_rate=0.02, weight_decay=0.0)
    without = Optimizer(model, rate=1e-3, muon_rate=0.0, weight_decay=0.0)
    assert without.muon is None
    with pytest.raises(ValueError, match="muon_rate"):
        with_muon.load_state_dict(without.state_dict())
    with pytest.raises(ValueError, match="muon_rate"):
        without.load_state_dict({"state": {}, "param_groups": []})


def test_all_rates_follow_the_share() -> None:
    optimizer = Optimizer(tower(), rate=1e-3, muon_rate=0.02, weight_decay=0.0)
    optimizer.set_share(0.5)
    assert sorted({group["lr"] for group in optimizer.param_groups}) == [5e-4, 0.01]
    optimizer.set_share(1.0)
    assert sorted({group["lr"] for group in optimizer.param_groups}) == [1e-3, 0.02]


def test_a_run_with_a_late_fall_can_be_lengthened() -> None:
    short = Settings(steps=100, rate=1.0, warmup_steps=10, decay_share=0.2)
    long = replace(short, steps=1000)
    level = [rate_at(step, short) for step in range(82)]
    assert level == [rate_at(step, long) for step in range(82)]
    assert rate_at(91, short) == pytest.approx(0.5)
    assert rate_at(100, short) == pytest.approx(0)
