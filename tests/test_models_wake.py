"""Waking: random weights that tell pictures apart, stay small, and in which every array counts."""

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from models.conv_tower import Block, ImageConfig
from models.encoder import Images, Vectors
from models.exportable import Exportable, UnitRows, of_ours
from models.gate import HALF, LEAST_DIRECTIONS, WOKEN, agreement, samples, spread_of
from models.installed import find
from models.pixels import CLIP_MEAN, CLIP_STD, Normalise
from models.pretrained import open_clip
from models.reference import ReferenceEncoder
from models.resnet import ResNetConfig
from models.sizes import TINY_TEXT, Size
from models.vit import VitConfig
from models.wake import PICTURES, wake, wake_tower
from tests.fakes import SPEC

SIDE, OTHERS = 64, 24  # px; pictures and sentences that nothing was woken with
LARGEST = 65504 / 100  # of float16, with a margin
BLOCKS = (
    Block(24, stride=2, expansion=2),
    Block(24, stride=1, expansion=2),
    Block(24, stride=1, expansion=2),
    Block(32, stride=2, expansion=2),
)
OURS: dict[str, VitConfig | ResNetConfig | ImageConfig] = {
    "vit": VitConfig(side=SIDE, patch=16, width=64, heads=2, layers=2),
    "resnet": ResNetConfig(side=SIDE, blocks=(1, 1, 1, 1), width=8, heads=4),
    "conv": ImageConfig(side=SIDE, stem=16, width=64, blocks=BLOCKS),
}
# A key's bias adds the same to all that one question compares, and softmax takes it away again.
NEVER_SEEN = ("k_proj.bias", "key.bias")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Hundreds of runs of milliseconds each: threads would spend them waiting for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def drawn() -> tuple[Images, list[str]]:
    return samples(replace(SPEC, image=replace(SPEC.image, side=SIDE)), PICTURES + OTHERS)


def ours(kind: str) -> Exportable:
    table = find() / "tokenizer.bpe"
    return of_ours(Size(OURS[kind], TINY_TEXT, 64), table, kind)


def their_vit() -> nn.Module:
    config = {"image_size": SIDE, "layers": 2, "width": 64, "head_width": 32, "patch_size": 16}
    return theirs(config)


def their_resnet() -> nn.Module:
    return theirs({"image_size": SIDE, "layers": (1, 1, 1, 1), "width": 8, "head_width": 32})


def theirs(vision: Mapping[str, object]) -> nn.Module:
    text = {"context_length": 16, "vocab_size": 600, "width": 64, "heads": 2, "layers": 1}
    tower: nn.Module = open_clip().CLIP(embed_dim=64, vision_cfg=vision, text_cfg=text).visual
    return tower


def mobile() -> nn.Module:
    """MobileCLIP's image tower, small: several branches side by side, layer scales of 0.00001."""
    open_clip()  # timm needs torchvision too, and this mends it
    from timm.models.fastvit import FastVit

    tower: nn.Module = FastVit(
        layers=(1, 1, 1),
        token_mixers=("repmixer", "repmixer", "attention"),
        embed_dims=(16, 32, 64),
        downsamples=(False, True, True),
        repmixer_kernel_size=3,
        mlp_ratios=(3, 3, 3),
        num_classes=64,
        cls_ratio=2.0,
    )
    return tower


THEIRS = {"vit of open_clip": their_vit, "resnet of open_clip": their_resnet, "mobile": mobile}


def tower_of(name: str, pictures: Tensor) -> nn.Module:
    """A random image tower, woken."""
    torch.manual_seed(0)
    if name in OURS:
        tower = ours(name).images
    else:
        whole = nn.Sequential(Normalise(CLIP_MEAN, CLIP_STD), THEIRS[name]())
        tower = UnitRows(whole).eval()
    wake_tower(tower, pictures, seed=0)
    return tower


def rows_of(tower: nn.Module, inputs: Tensor) -> Vectors:
    with torch.inference_mode():
        return np.asarray(tower(inputs).numpy(), np.float32)


@pytest.mark.parametrize("name", [*OURS, *THEIRS])
def test_a_woken_tower_tells_pictures_apart_and_each_of_its_arrays_counts(
    name: str, drawn: tuple[Images, list[str]]
) -> None:
    pictures = torch.from_numpy(drawn[0])
    tower = tower_of(name, pictures[:PICTURES])
    others = pictures[PICTURES:]
    want = rows_of(tower, others)
    spread = spread_of(want)
    assert spread.cosine < WOKEN
    assert spread.directions >= LEAST_DIRECTIONS
    unseen = arrays_that_can_be_turned(tower, lambda: rows_of(tower, others), want)
    assert [array for array in unseen if not array.endswith(NEVER_SEEN)] == []


def arrays_that_can_be_turned(
    tower: nn.Module, run: Callable[[], Vectors], want: Vectors
) -> list[str]:
    """The names of weights whose sign may change without the gate's seeing it."""
    unseen = []
    for name, weight in tower.named_parameters():
        with torch.no_grad():
            weight.neg_()
            if agreement(want, run()).worst >= HALF:
                unseen.append(name)
            weight.neg_()
    return unseen


def test_a_random_tower_is_degenerate_before(drawn: tuple[Images, list[str]]) -> None:
    torch.manual_seed(0)
    tower = UnitRows(nn.Sequential(Normalise(CLIP_MEAN, CLIP_STD), their_resnet())).eval()
    assert spread_of(rows_of(tower, torch.from_numpy(drawn[0][:OTHERS]))).cosine > 0.99


def test_both_towers_are_woken_and_every_array_of_the_text_tower_counts(
    drawn: tuple[Images, list[str]],
) -> None:
    exportable = ours("vit")
    wake(exportable, *drawn)
    encoder = ReferenceEncoder(exportable)
    pictures, sentences = drawn[0][PICTURES:], drawn[1][PICTURES:]
    assert spread_of(encoder.images(pictures)).cosine < WOKEN
    want = encoder.texts(sentences)
    assert spread_of(want).cosine < WOKEN
    assert spread_of(want).directions >= LEAST_DIRECTIONS
    run = lambda: encoder.texts(sentences)  # noqa: E731 - read once, below
    assert arrays_that_can_be_turned(exportable.texts, run, want) == []


@pytest.mark.parametrize("name", ["resnet", "mobile"])
def test_no_activation_comes_near_the_end_of_float16(
    name: str, drawn: tuple[Images, list[str]]
) -> None:
    pictures = torch.from_numpy(drawn[0])
    tower = tower_of(name, pictures[:PICTURES])
    largest: list[float] = []

    def note(module: nn.Module, given: object, made: Tensor) -> None:
        largest.append(float(made.abs().max()))

    for module in tower.modules():
        module.register_forward_hook(note)
    rows_of(tower, pictures[PICTURES:])
    assert max(largest) < LARGEST


def test_the_same_seed_wakes_the_same_and_another_differs(
    drawn: tuple[Images, list[str]],
) -> None:
    pictures = torch.from_numpy(drawn[0][:PICTURES])
    asleep = ours("conv").images
    towers = [copy.deepcopy(asleep) for _ in range(3)]
    for tower, seed in zip(towers, (5, 5, 6), strict=True):
        wake_tower(tower, pictures, seed)
    first, again, other = (rows_of(tower, pictures[:8]) for tower in towers)
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=0.01)
