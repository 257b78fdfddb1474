"""Turn an upright picture into the square that an image tower wants.

The steps are those of CLIP (Radford et al. 2021; `_transform` in openai/CLIP's clip.py): RGB,
short side to `side`, bicubic, the middle cut out. They are written with Pillow and numpy alone
and are checked against what torchvision gives for the original, number by number.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.spec import ImageSpec

FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


def preprocess(picture: Image.Image, spec: ImageSpec) -> NDArray[np.uint8]:
    """The (3, side, side) uint8 RGB square of `picture`, which stays as it is."""
    rgb = picture if picture.mode == "RGB" else picture.convert("RGB")
    resample = FILTERS[spec.interpolation]
    if spec.resize == "squash":
        square = rgb.resize((spec.side, spec.side), resample)
    else:
        sized = rgb.resize(short_side_to(spec.side, *rgb.size), resample)
        square = sized.crop(middle(spec.side, *sized.size))
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def short_side_to(side: int, w: int, h: int) -> tuple[int, int]:
    """The size in px at which the short side is `side`; the long side is cut, not rounded.

    >>> short_side_to(224, 640, 427)
    (335, 224)
    """
    return (int(side * w / h), side) if w > h else (side, int(side * h / w))


def middle(side: int, w: int, h: int) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) of the square in the middle, rounded half to even.

    >>> middle(224, 335, 224)
    (56, 0, 280, 224)
    """
    left, top = round((w - side) / 2), round((h - side) / 2)
    return left, top, left + side, top + side


def normalise(batch: NDArray[np.uint8], spec: ImageSpec) -> NDArray[np.float32]:
    """The (n, 3, s, s) float32 that the first layer sees. Our exported towers do this inside."""
    mean = np.array(spec.mean, np.float32).reshape(3, 1, 1)
    std = np.array(spec.std, np.float32).reshape(3, 1, 1)
    return (batch.astype(np.float32) / np.float32(255) - mean) / std
