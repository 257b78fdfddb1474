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

This is the CLIP of the default encoder, whose image tower is made of convolutions. `sizes.py` joins
others from the same parts.
"""

from torch import nn

from models.conv_tower import ImageConfig, ImageTower
from models.text_tower import TextConfig, TextTower
from models.towers import TwoTowers


class Clip(TwoTowers):
    """Both towers by their configurations, and their projections to `dimension`."""

    def __init__(self, image: ImageConfig, text: TextConfig, dimension: int) -> None:
        super().__init__(
            ImageTower(image),
            nn.Linear(image.width, dimension, bias=False),
            TextTower(text),
            nn.Linear(text.width, dimension, bias=False),
        )
