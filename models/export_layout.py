"""The layers of a Transformer laid out as Apple advises for its Neural Engine.

Channels come second and places last, (n, c, 1, l), so that a linear layer is a 1 x 1 convolution;
each head is a slice of the channels, so that nothing is reshaped and one transpose is left in a
layer. After "Deploying Transformers on the Apple Neural Engine" (Apple 2022,
https://machinelearning.apple.com/research/neural-engine-transformers); the code is ours.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Parts:
    """What a layer of a Transformer is made of, whoever wrote it."""

    heads: int
    attention_norm: nn.LayerNorm
    weight: Tensor  # (3w, w): asks, keys and values
    bias: Tensor  # (3w,)
    out: nn.Linear
    mlp_norm: nn.LayerNorm
    widen: nn.Linear
    activation: nn.Module
    narrow: nn.Linear


class ChannelNorm(nn.Module):
    """A LayerNorm over the channels of (n, c, 1, l)."""

    def __init__(self, norm: nn.LayerNorm) -> None:
        super().__init__()
        arrays = (norm.weight.detach(), norm.bias.detach())
        self.gain, self.offset = (array.reshape(1, -1, 1, 1) for array in arrays)
        self.eps = norm.eps

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, 1, l) -> (n, c, 1, l)."""
        x = x - x.mean(dim=1, keepdim=True)
        x = x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + self.eps)
        return x * self.gain + self.offset


def convolved(weight: Tensor, bias: Tensor | None) -> nn.Conv2d:
    """A linear layer (o, i) as a convolution of 1 x 1."""
    outputs, inputs = weight.shape
    layer = nn.Conv2d(inputs, outputs, 1, bias=bias is not None)
    layer.weight = nn.Parameter(weight.reshape(outputs, inputs, 1, 1), requires_grad=False)
    if bias is not None:
        layer.bias = nn.Parameter(bias, requires_grad=False)
    return layer


class ShapedLayer(nn.Module):
    """One layer: attention with its heads apart, then the small network of each place."""

    def __init__(self, parts: Parts, mask: Tensor | None) -> None:
        super().__init__()
        self.attention_norm, self.mlp_norm = (
            ChannelNorm(norm) for norm in (parts.attention_norm, parts.mlp_norm)
        )
        weights, biases = parts.weight.chunk(3), parts.bias.chunk(3)
        self.width = weights[0].shape[0] // parts.heads  # of one head
        scale = self.width**-0.5  # it goes into the asking, and costs nothing there
        self.ask = convolved(weights[0] * scale, biases[0] * scale)
        self.key, self.value = (convolved(weights[at], biases[at]) for at in (1, 2))
        self.out = convolved(parts.out.weight, parts.out.bias)
        self.mlp = nn.Sequential(
            convolved(parts.widen.weight, parts.widen.bias),
            parts.activation,
            convolved(parts.narrow.weight, parts.narrow.bias),
        )
        # (1, keys, 1, asks), to add
        self.mask = None if mask is None else mask.T.reshape(1, len(mask), 1, len(mask))

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, 1, l) -> (n, c, 1, l)."""
        y = self.attention_norm(x)
        asks, values = self.ask(y).split(self.width, 1), self.value(y).split(self.width, 1)
        keys = self.key(y).transpose(1, 3).split(self.width, 3)  # each (n, l, 1, w)
        mixed = []
        for ask, key, value in zip(asks, keys, values, strict=True):
            fit = torch.einsum("bchq,bkhc->bkhq", ask, key)  # coremltools knows these two forms
            fit = (fit if self.mask is None else fit + self.mask).softmax(dim=1)
            mixed.append(torch.einsum("bkhq,bchk->bchq", fit, value))
        x = x + self.out(torch.cat(mixed, dim=1))
        thought: Tensor = self.mlp(self.mlp_norm(x))
        return x + thought


class ShapedVision(nn.Module):
    """A ViT with a class token, from pixels to the vector before it is made a unit row."""

    def __init__(
        self,
        normalise: nn.Module,
        patches: nn.Conv2d,
        summary: Tensor,
        places: Tensor,
        first_norm: nn.LayerNorm,
        layers: list[Parts],
        norm: nn.LayerNorm,
        projection: Tensor,
    ) -> None:
        super().__init__()
        self.normalise, self.patches = normalise, patches
        width = len(summary)
        self.summary = summary.detach().reshape(1, width, 1, 1)
        self.places = places.detach().T.reshape(1, width, 1, -1)
        self.first_norm, self.norm = ChannelNorm(first_norm), ChannelNorm(norm)
        self.layers = nn.Sequential(*(ShapedLayer(parts, None) for parts in layers))
        self.projection = convolved(projection, None)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, s, s) RGB 0..255 -> (n, d)."""
        x = self.patches(self.normalise(pixels)).flatten(2).unsqueeze(2)  # (n, w, 1, g*g)
        x = torch.cat([self.summary.expand(x.shape[0], -1, -1, -1), x], dim=3) + self.places
        x = self.layers(self.first_norm(x))
        vector: Tensor = self.projection(self.norm(x[:, :, :, :1])).flatten(1)
        return vector


class ShapedText(nn.Module):
    """A text tower, from tokens to the vector before it is made a unit row."""

    def __init__(
        self,
        tokens: nn.Embedding,
        places: Tensor,
        layers: list[Parts],
        norm: nn.LayerNorm,
        projection: Tensor,
        bias: Tensor | None = None,
        mask: Tensor | None = None,
        reads_last: bool = False,
    ) -> None:
        super().__init__()
        length, width = places.shape
        self.tokens = tokens
        self.places = places.detach().T.reshape(1, width, 1, length)
        if mask is not None:
            mask = mask.clamp(min=-1e4)  # float16 has no room for less, and exp makes it zero
        self.layers = nn.Sequential(*(ShapedLayer(parts, mask) for parts in layers))
        self.norm = ChannelNorm(norm)
        self.projection = convolved(projection, bias)
        self.reads_last = reads_last
        self.order = torch.arange(length)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, l) whole numbers, l the context length -> (n, d)."""
        x = self.tokens(tokens).transpose(1, 2).unsqueeze(2) + self.places  # (n, w, 1, l)
        x = self.layers(x)
        if self.reads_last:
            x = x[:, :, :, -1:]
        else:  # a sum with one 1 in it instead of a search: nothing leaves the layout
            chosen = (self.order == tokens.argmax(dim=1, keepdim=True)).to(x.dtype)  # (n, l)
            x = (x * chosen[:, None, None, :]).sum(dim=3, keepdim=True)
        vector: Tensor = self.projection(self.norm(x)).flatten(1)
        return vector
