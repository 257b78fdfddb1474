"""The Vision Transformer: a picture is a sentence of patches.

    picture (n, 3, s, s) -> squares of p px -> an embedding each, (n, g*g, w) with g = s / p
      -> one more token in front, which says nothing yet and will gather the answer
      -> plus a learnt vector for each place -> Transformer -> that first token, (n, w)

Dosovitskiy et al. 2020, https://arxiv.org/abs/2010.11929, with the one change that CLIP makes: a
normalisation before the first layer too (Radford et al. 2021, section 2.4,
https://arxiv.org/abs/2103.00020). Nothing tells it that neighbours are neighbours: that it learns.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.pixels import CLIP_MEAN, CLIP_STD, Normalise
from models.transformer import Activation, transformer


@dataclass(frozen=True, slots=True)
class VitConfig:
    """A Vision Transformer; as it stands, that of ViT-B/32."""

    side: int = 224  # px
    patch: int = 32  # px; half of it makes four times as many tokens
    width: int = 768
    heads: int = 12
    layers: int = 12
    activation: Activation = "gelu"
    mean: tuple[float, float, float] = CLIP_MEAN
    std: tuple[float, float, float] = CLIP_STD


class VisionTransformer(nn.Module):
    """From bytes to one vector, by attention alone."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        width, grid = config.width, config.side // config.patch
        self.normalise = Normalise(config.mean, config.std)
        # One linear map for every patch is a convolution that steps from patch to patch.
        self.patches = nn.Conv2d(3, width, config.patch, stride=config.patch, bias=False)
        self.summary = nn.Parameter(torch.randn(width) * width**-0.5)
        self.places = nn.Parameter(torch.randn(grid * grid + 1, width) * width**-0.5)
        self.first_norm = nn.LayerNorm(width)
        self.layers = transformer(
            width, config.heads, config.layers, causal=False, activation=config.activation
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, s, s) RGB 0..255, bytes or floats -> (n, w) float32."""
        x = self.patches(self.normalise(pixels))  # (n, w, g, g)
        x = x.flatten(2).transpose(1, 2)  # (n, g*g, w), row by row from the top left
        summary = self.summary.to(x.dtype).expand(x.shape[0], 1, -1)
        x = torch.cat([summary, x], dim=1) + self.places
        x = self.layers(self.first_norm(x))
        vector: Tensor = self.norm(x[:, 0]).float()
        return vector
