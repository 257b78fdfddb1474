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
from typing import Literal

import torch
from torch import Tensor, nn

from models.pixels import CLIP_MEAN, CLIP_STD


@dataclass(frozen=True, slots=True)
class Block:
    """One step of the image tower. Kernels are sides in px; 0 leaves that convolution out.

    `kind` "dense" mixes place and channel in one convolution, best while channels are few and
    pixels many; "light" is MobileNetV4's universal inverted bottleneck, which keeps the two
    apart and so affords many channels (Qin et al. 2024, https://arxiv.org/abs/2404.10518).
    """

    kind: Literal["dense", "light"]
    width: int  # channels that leave the block
    stride: int
    expansion: int  # widened channels, as a multiple of those that enter
    first: int = 0  # "light": kernel of a depthwise convolution before the channels are widened
    middle: int = 0  # kernel among the widened channels; "dense": of the widening convolution


# Dense convolutions all the way: a CPU with bfloat16 has matrix units, which depthwise ones leave
# idle. For the same seconds they teach more than blocks that are light below 8 px (MODEL_CARD.md).
# For 128 px: 64, 32, 16, 8, 4 px.
SMALL = (
    Block("dense", 48, stride=2, middle=3, expansion=2),
    Block("dense", 48, stride=1, middle=3, expansion=2),
    Block("dense", 96, stride=2, middle=3, expansion=3),
    Block("dense", 96, stride=1, middle=3, expansion=2),
    Block("dense", 96, stride=1, middle=3, expansion=2),
    Block("dense", 192, stride=2, middle=3, expansion=2),
    *[Block("dense", 192, stride=1, middle=3, expansion=1)] * 5,
    Block("dense", 320, stride=2, middle=3, expansion=2),
    *[Block("dense", 320, stride=1, middle=3, expansion=1)] * 3,
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


class Depthwise(nn.Conv2d):
    """A convolution that looks at each channel alone, always in float32.

    In bfloat16 and with a stride, torch 2.13 on a CPU takes 65 times longer for its gradient.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c, h / stride, w / stride)."""
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """A convolution that keeps the size (but for its stride), and batch normalisation."""
    layer = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outputs))


def depthwise(channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """The same with each channel alone."""
    layer = Depthwise(channels, channels, kernel, stride, kernel // 2, groups=channels, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(channels))


class Bottleneck(nn.Module):
    """Widen, look around, narrow; and add what came in where the shape allows."""

    def __init__(self, inputs: int, block: Block) -> None:
        super().__init__()
        wide = inputs * block.expansion
        layers: list[nn.Module] = []
        stride = block.stride
        if block.kind == "dense":
            layers += [convolution(inputs, wide, block.middle, stride), nn.ReLU()]
        else:
            if block.first:  # the stride is taken by the middle kernel where there is one
                first_stride = 1 if block.middle else stride
                layers += [depthwise(inputs, block.first, first_stride)]
            layers += [convolution(inputs, wide, 1), nn.ReLU()]
            if block.middle:
                layers += [depthwise(wide, block.middle, stride), nn.ReLU()]
        layers += [convolution(wide, block.width, 1)]
        self.layers = nn.Sequential(*layers)
        self.adds = stride == 1 and inputs == block.width

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
