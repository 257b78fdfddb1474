"""CLIP's ResNet: the well-known one, with three changes.

1. A stem of three small convolutions instead of one large one.
2. No convolution skips pixels (but the very first): where the picture shrinks, pixels are
   averaged. To skip them lets fine patterns turn into false coarse ones (Zhang 2019,
   https://arxiv.org/abs/1904.11486).
3. At the top no average over places, but attention: the average *asks*, and places answer.

He et al. 2015, https://arxiv.org/abs/1512.03385; Radford et al. 2021, section 2.4,
https://arxiv.org/abs/2103.00020. Letters in shapes: n rows of a batch, c channels, h and w places.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.conv_tower import convolution
from models.pixels import CLIP_MEAN, CLIP_STD, Normalise

WIDEN = 4  # a block gives four times the channels that its 3 x 3 convolution works in


@dataclass(frozen=True, slots=True)
class ResNetConfig:
    """A ResNet with attention pooling; as it stands, RN50."""

    side: int = 224  # px, a multiple of 32
    blocks: tuple[int, int, int, int] = (3, 4, 6, 3)  # per stage; each stage halves the picture
    width: int = 64  # channels of the first stage's 3 x 3 convolutions; each stage doubles them
    heads: int = 32  # of the attention pool
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD

    @property
    def features(self) -> int:
        """Channels that leave the tower."""
        return self.width * 8 * WIDEN


class ResidualBlock(nn.Module):
    """Narrow, look around, widen; and add what came in, shrunk alike."""

    def __init__(self, inputs: int, narrow: int, stride: int) -> None:
        super().__init__()
        outputs = narrow * WIDEN
        shrink = nn.AvgPool2d(stride) if stride > 1 else nn.Identity()
        self.narrow = convolution(inputs, narrow, 1)
        self.look = convolution(narrow, narrow, 3)
        self.shrink = shrink
        self.widen = convolution(narrow, outputs, 1)
        for gain in self.widen[1].parameters():  # of the normalisation: the branch starts silent
            nn.init.zeros_(gain)
        same = stride == 1 and inputs == outputs
        self.shortcut = (
            nn.Identity() if same else nn.Sequential(shrink, convolution(inputs, outputs, 1))
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, inputs, h, w) -> (n, 4 x narrow, h / stride, w / stride)."""
        y = functional.relu(self.narrow(x))
        y = functional.relu(self.look(y))
        y = self.widen(self.shrink(y))
        return functional.relu(y + self.shortcut(x))


class AttentionPool(nn.Module):
    """One vector from all places: the mean of the places asks, and it and the places answer.

    What would be the output layer of this attention is CLIP's projection into the common space,
    and stands there (`sizes.build`); of all layers like it, it alone has a bias.
    """

    def __init__(self, width: int, heads: int, places: int) -> None:
        super().__init__()
        self.heads = heads
        self.places = nn.Parameter(torch.randn(places + 1, width) * width**-0.5)
        self.ask = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        for layer in (self.ask, self.key, self.value):
            nn.init.normal_(layer.weight, std=width**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c)."""
        x = x.flatten(2).transpose(1, 2)  # (n, h*w, c)
        x = torch.cat([x.mean(dim=1, keepdim=True), x], dim=1) + self.places
        ask, key, value = self.ask(x[:, :1]), self.key(x), self.value(x)
        ask, key, value = self._by_head(ask), self._by_head(key), self._by_head(value)
        mixed = functional.scaled_dot_product_attention(ask, key, value)  # (n, heads, 1, c / heads)
        return mixed.flatten(1)

    def _by_head(self, x: Tensor) -> Tensor:
        """(n, l, c) -> (n, heads, l, c / heads)."""
        n, length, width = x.shape
        return x.reshape(n, length, self.heads, width // self.heads).transpose(1, 2)


def stem(width: int) -> nn.Sequential:
    """(n, 3, s, s) -> (n, width, s / 4, s / 4)."""
    half = width // 2
    return nn.Sequential(
        *(convolution(3, half, 3, stride=2), nn.ReLU()),
        *(convolution(half, half, 3), nn.ReLU()),
        *(convolution(half, width, 3), nn.ReLU()),
        nn.AvgPool2d(2),
    )


class ModifiedResNet(nn.Module):
    """From bytes to one vector, by convolutions and a last look at all places."""

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.normalise = Normalise(config.mean, config.std)
        stages, inputs = [stem(config.width)], config.width
        for number, count in enumerate(config.blocks):
            narrow = config.width * 2**number
            blocks = [ResidualBlock(inputs, narrow, stride=1 if number == 0 else 2)]
            inputs = narrow * WIDEN
            blocks += [ResidualBlock(inputs, narrow, stride=1) for _ in range(count - 1)]
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)  # the stem is stage 0; the others count from 1
        self.pool = AttentionPool(inputs, config.heads, (config.side // 32) ** 2)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, s, s) RGB 0..255, bytes or floats -> (n, features) float32."""
        vector: Tensor = self.pool(self.stages(self.normalise(pixels))).float()
        return vector
