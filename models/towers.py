"""Join two towers into one CLIP: a projection each, unit rows, and the learnt scale.

Whatever the towers are, this is all there is between them. The common space has no axis of its own:
the two projections are learnt together, and only what they make of pairs gives it meaning.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

FIRST_SCALE = 1 / 0.07  # where CLIP starts
LARGEST_SCALE = 100.0  # where CLIP stops: beyond it training becomes unstable


class TwoTowers(nn.Module):
    """An image tower, a text tower, a linear projection behind each, and the scale.

    The scale is the inverse of the temperature, learnt as its logarithm so that a step of the
    optimiser changes it by a share and never below zero.
    """

    def __init__(
        self,
        image_tower: nn.Module,
        image_projection: nn.Linear,
        text_tower: nn.Module,
        text_projection: nn.Linear,
    ) -> None:
        super().__init__()
        self.image_tower = image_tower  # an optimiser's checkpoint counts weights in this order
        self.text_tower = text_tower
        self.image_projection = image_projection
        self.text_projection = text_projection
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))
        for projection in (image_projection, text_projection):
            nn.init.normal_(projection.weight, std=projection.in_features**-0.5)

    def images(self, pixels: Tensor) -> Tensor:
        """(n, 3, s, s) RGB 0..255, bytes or floats -> (n, d) unit rows."""
        return functional.normalize(self.image_projection(self.image_tower(pixels)), dim=1)

    def texts(self, tokens: Tensor) -> Tensor:
        """(n, l) int64 -> (n, d) unit rows."""
        return functional.normalize(self.text_projection(self.text_tower(tokens)), dim=1)

    def scale(self) -> Tensor:
        """The factor on cosines: positive, at most 100."""
        return self.log_scale.exp().clamp(max=LARGEST_SCALE)
