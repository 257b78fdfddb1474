"""The small image tower: convolutions that halve the picture five times, then one mean.

    picture (3, 128, 128)
           |  stem, and dense blocks                       64, 32, 16, 8, 4 px
    head (1280, 4, 4)
           |  mean over all places
     vector (1280)

It is made for a CPU, in training and in use. Letters in shapes: n rows of a batch, s side in px,
c channels, h and w places.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.pixels import CLIP_MEAN, CLIP_STD


@dataclass(frozen=True, slots=True)
class Block:
    """One step of the image tower: a convolution widens the channels, another narrows them."""

    width: int  # channels that leave the block
    stride: int
    expansion: int  # widened channels, as a multiple of those that enter
    kernel: int = 3  # side in px of the convolution that widens


# Dense convolutions all the way: a CPU with bfloat16 has matrix units, which depthwise ones leave
# idle. For the same seconds they teach more than MobileNetV4's blocks below 8 px (MODEL_CARD.md).
# For 128 px: 64, 32, 16, 8, 4 px.
SMALL = (
    Block(48, stride=2, expansion=2),
    Block(48, stride=1, expansion=2),
    Block(96, stride=2, expansion=3),
    Block(96, stride=1, expansion=2),
    Block(96, stride=1, expansion=2),
    Block(192, stride=2, expansion=2),
    *[Block(192, stride=1, expansion=1)] * 5,
    Block(320, stride=2, expansion=2),
    *[Block(320, stride=1, expansion=1)] * 3,
)


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """The image tower: a strided stem, blocks, and a head that is averaged over all places."""

    side: int = 128
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD
    stem: int = 32
    blocks: tuple[Block, ...] = SMALL
    width: int = 1280  # channels that are averaged and then projected


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size (but for its stride), and batch normalisation."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


class Bottleneck(nn.Module):
    """Look around and widen, then narrow; and add what came in where the shape allows."""

    def __init__(self, inputs: int, block: Block) -> None:
        super().__init__()
        wide = inputs * block.expansion
        self.layers = nn.Sequential(
            convolution(inputs, wide, block.kernel, block.stride),
            nn.ReLU(),
            convolution(wide, block.width, 1),
        )
        self.adds = block.stride == 1 and inputs == block.width

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, width, h / stride, w / stride)."""
        y: Tensor = self.layers(x)
        return x + y if self.adds else y


class ImageTower(nn.Module):
    """A small convolutional network from bytes to one vector."""

    mean: Tensor
    std: Tensor

    def __init__(self, config: ImageConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(config.mean).reshape(3, 1, 1) * 255)
        self.register_buffer("std", torch.tensor(config.std).reshape(3, 1, 1) * 255)
        self.stem = nn.Sequential(convolution(3, config.stem, 3, stride=2), nn.ReLU())
        blocks, width = [], config.stem
        for block in config.blocks:
            blocks.append(Bottleneck(width, block))
            width = block.width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Sequential(convolution(width, config.width, 1), nn.ReLU())

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, s, s) RGB 0..255, bytes or floats -> (n, width)."""
        x = (pixels.float() - self.mean) / self.std
        seen: Tensor = self.head(self.blocks(self.stem(x)))  # (n, width, s / 32, s / 32)
        return seen.float().mean(dim=(2, 3))
