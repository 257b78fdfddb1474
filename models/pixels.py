"""Bring the bytes of a picture to the scale on which an image tower was trained."""

import torch
from torch import Tensor, nn

# Mean and spread of red, green and blue over CLIP's training photos, as shares of 255:
# `_transform` in https://github.com/openai/CLIP/blob/main/clip/clip.py
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class Normalise(nn.Module):
    """Minus the mean, over the spread, a colour at a time.

    It is the first layer of a tower, so that whoever runs the tower can feed it plain bytes.

    >>> grey = torch.full((1, 3, 1, 1), 127.5)
    >>> Normalise((0.5, 0.5, 0.0), (0.25, 0.25, 0.25))(grey).flatten().tolist()
    [0.0, 0.0, 2.0]
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        # Not among the weights: they belong to the recipe.
        self.register_buffer("mean", torch.tensor(mean).reshape(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).reshape(3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """(n, 3, h, w) RGB 0..255, bytes or floats -> (n, 3, h, w) float32, about -2..2."""
        # In CLIP's own order. To fold 255 into mean and spread saves a division and rounds in
        # another way; a ResNet of random weights made a thousand times more of that difference.
        return (pixels.float() / 255 - self.mean) / self.std
