"""Every size of CLIP that we can build, from tiny to those of the paper.

    >>> clip = build(size_of("tiny-vit"))
    >>> clip.images(torch.zeros(2, 3, 32, 32, dtype=torch.uint8)).shape
    torch.Size([2, 64])

To grow or shrink one, replace what you want to change: `replace(SIZES["RN50"].image, width=80)`.
"""

from dataclasses import dataclass, replace

import torch
from torch import nn

from models.conv_tower import ImageConfig, ImageTower
from models.errors import BadData
from models.resnet import ModifiedResNet, ResNetConfig
from models.text_tower import TextConfig, TextTower
from models.towers import TwoTowers
from models.vit import VisionTransformer, VitConfig


@dataclass(frozen=True, slots=True)
class Size:
    """The two towers, and the dimension of the space where they meet."""

    image: ImageConfig | VitConfig | ResNetConfig
    text: TextConfig
    dimension: int


TINY_TEXT = TextConfig(vocabulary=600, context_length=16, width=64, heads=2, layers=2)
TINY_RESNET = ResNetConfig(side=64, blocks=(1, 1, 1, 1), width=8, heads=4)
LAPTOP_VIT = VitConfig(side=128, patch=16, width=192, heads=3, layers=12)
# Radford et al. 2021, tables 19 and 20: RN50 and both ViT-B have the same text tower.
PAPER_TEXT = TextConfig(vocabulary=49408, context_length=77, width=512, heads=8, layers=12)
# OpenAI trained with quick GELU. Whoever trained again with open_clip mostly did not, and weights
# must run as they were trained; the names are open_clip's.
QUICK_TEXT = replace(PAPER_TEXT, activation="quick-gelu")

SIZES = {
    # For tests: a step takes milliseconds.
    "tiny-vit": Size(VitConfig(side=32, patch=8, width=64, heads=2, layers=2), TINY_TEXT, 64),
    "tiny-resnet": Size(TINY_RESNET, TINY_TEXT, 64),
    # For a laptop: the towers of the default encoder, and a ViT beside its text tower.
    "default": Size(ImageConfig(), TextConfig(), 256),
    "laptop-vit": Size(LAPTOP_VIT, TextConfig(), 256),
    # For a GPU, and to run what others trained.
    "ViT-B-32": Size(VitConfig(), PAPER_TEXT, 512),
    "ViT-B-16": Size(VitConfig(patch=16), PAPER_TEXT, 512),
    "RN50": Size(ResNetConfig(), PAPER_TEXT, 1024),
    "ViT-B-32-quickgelu": Size(VitConfig(activation="quick-gelu"), QUICK_TEXT, 512),
    "ViT-B-16-quickgelu": Size(VitConfig(patch=16, activation="quick-gelu"), QUICK_TEXT, 512),
    "RN50-quickgelu": Size(ResNetConfig(), QUICK_TEXT, 1024),
}


def size_of(name: str) -> Size:
    """The size called `name`. Raises BadData, which lists the names."""
    if name not in SIZES:
        raise BadData(f"There is no size {name}. There are: {', '.join(SIZES)}.")
    return SIZES[name]


def build(size: Size) -> TwoTowers:
    """Both towers with random weights, joined."""
    image_tower, image_projection = image_half(size.image, size.dimension)
    text_projection = nn.Linear(size.text.width, size.dimension, bias=False)
    return TwoTowers(image_tower, image_projection, TextTower(size.text), text_projection)


def image_half(
    config: ImageConfig | VitConfig | ResNetConfig, dimension: int
) -> tuple[nn.Module, nn.Linear]:
    """The image tower that `config` asks for, and its projection."""
    if isinstance(config, VitConfig):
        return VisionTransformer(config), nn.Linear(config.width, dimension, bias=False)
    if isinstance(config, ResNetConfig):  # its projection ends an attention, hence the bias
        return ModifiedResNet(config), nn.Linear(config.features, dimension)
    return ImageTower(config), nn.Linear(config.width, dimension, bias=False)


def weights_of(size: Size) -> int:
    """How many numbers a CLIP of this size learns. No memory is taken to count them.

    >>> weights_of(SIZES["ViT-B-32"])
    151277313
    """
    with torch.device("meta"):
        return sum(weight.numel() for weight in build(size).parameters())
