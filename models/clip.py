"""CLIP from scratch: a tower for pictures, a tower for words, and one space for both.

            picture (3, s, s)                     "a dog on grass"
                   |                                     |
             image tower                         tokens, text tower
                   |                                     |
         linear projection (d)                 linear projection (d)
                   |                                     |
              unit length ------ dot x scale ------ unit length

The towers share no weights. They are trained so that a picture and its own sentence point the
same way and every other pair of the batch does not (Radford et al. 2021,
https://arxiv.org/abs/2103.00020). Beside the towers only `scale` is learnt, the inverse of the
temperature: how much a difference in cosine counts.

Letters in shapes: n rows of a batch, s side in px, l tokens, w width, h heads, d dimension.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

FIRST_SCALE = 1 / 0.07  # where CLIP starts
LARGEST_SCALE = 100.0  # where CLIP stops: beyond it training becomes unstable


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


# Dense convolutions while channels are few: on a CPU with bfloat16 they train as fast as depthwise
# ones with a third of the work, and learn more from each photo. For 128 px: 64, 32, 16, 8, 4 px.
SMALL = (
    Block("dense", 48, stride=2, middle=3, expansion=2),
    Block("dense", 48, stride=1, middle=3, expansion=2),
    Block("dense", 96, stride=2, middle=3, expansion=3),
    Block("dense", 96, stride=1, middle=3, expansion=2),
    Block("dense", 96, stride=1, middle=3, expansion=2),
    Block("dense", 160, stride=2, middle=3, expansion=3),
    Block("dense", 160, stride=1, middle=3, expansion=1),
    Block("dense", 160, stride=1, middle=3, expansion=1),
    Block("light", 160, stride=1, first=3, expansion=4),
    Block("light", 160, stride=1, first=3, expansion=4),
    Block("light", 224, stride=2, first=3, middle=3, expansion=4),
    Block("light", 224, stride=1, first=3, expansion=4),
    Block("light", 224, stride=1, first=3, expansion=4),
    Block("light", 224, stride=1, first=3, expansion=4),
)


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """The image tower: a strided stem, blocks, and a head that is averaged over all places."""

    side: int = 128
    mean: tuple[float, float, float] = (0.48145466, 0.4578275, 0.40821073)  # CLIP's own
    std: tuple[float, float, float] = (0.26862954, 0.26130258, 0.27577711)
    stem: int = 32
    blocks: tuple[Block, ...] = SMALL
    width: int = 960  # channels that are averaged and then projected


@dataclass(frozen=True, slots=True)
class TextConfig:
    """The text tower: a causal Transformer, read out at the end token."""

    vocabulary: int = 8192
    context_length: int = 32
    width: int = 256
    heads: int = 4
    layers: int = 4


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


class Attention(nn.Module):
    """Each token gathers from those before it what it asks for (Vaswani et al. 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(n, l, w) -> (n, l, w)."""
        n, length, width = x.shape
        parts = self.ask_key_value(x).reshape(n, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # each (n, h, l, w / h)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        gathered: Tensor = self.out(mixed.transpose(1, 2).reshape(n, length, width))
        return gathered


class Layer(nn.Module):
    """Attention, then a small network for each token alone; both add to what is there."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, l, w) -> (n, l, w)."""
        gathered: Tensor = x + self.attention(self.attention_norm(x))
        thought: Tensor = self.mlp(self.mlp_norm(gathered))
        return gathered + thought


class TextTower(nn.Module):
    """A Transformer that sees only backwards, so that the end token has seen it all.

    What stands behind the end token changes nothing: rows may be padded to any length.
    """

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocabulary, config.width)
        self.places = nn.Parameter(torch.empty(config.context_length, config.width))
        self.layers = nn.Sequential(
            *(Layer(config.width, config.heads) for _ in range(config.layers))
        )
        self.norm = nn.LayerNorm(config.width)
        # CLIP's own: small embeddings, and residual branches that start quieter in deeper towers.
        nn.init.normal_(self.tokens.weight, std=0.02)
        nn.init.normal_(self.places, std=0.01)
        quiet = config.width**-0.5 * (2 * config.layers) ** -0.5
        for name, weight in self.layers.named_parameters():
            if name.endswith(("attention.out.weight", "mlp.2.weight")):
                nn.init.normal_(weight, std=quiet)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, l) int64, l at most the context length -> (n, width)."""
        x = self.tokens(tokens) + self.places[: tokens.shape[1]]
        x = self.norm(self.layers(x))
        end = tokens.argmax(dim=1)  # the end token has the largest number of all
        read: Tensor = x[torch.arange(tokens.shape[0], device=tokens.device), end]
        return read.float()


class Clip(nn.Module):
    """Both towers, their projections to `dimension`, and the learnt scale."""

    def __init__(self, image: ImageConfig, text: TextConfig, dimension: int) -> None:
        super().__init__()
        self.image_tower = ImageTower(image)
        self.text_tower = TextTower(text)
        self.image_projection = nn.Linear(image.width, dimension, bias=False)
        self.text_projection = nn.Linear(text.width, dimension, bias=False)
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))

    def images(self, pixels: Tensor) -> Tensor:
        """(n, 3, s, s) RGB 0..255 -> (n, d) unit rows."""
        vectors: Tensor = self.image_projection(self.image_tower(pixels))
        return functional.normalize(vectors, dim=1)

    def texts(self, tokens: Tensor) -> Tensor:
        """(n, l) int64 -> (n, d) unit rows."""
        vectors: Tensor = self.text_projection(self.text_tower(tokens))
        return functional.normalize(vectors, dim=1)

    def scale(self) -> Tensor:
        """The factor on cosines: positive, at most 100."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)
