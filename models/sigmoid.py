"""SigLIP's loss: every picture and sentence of a batch is asked alone, "do you belong together?".

Where InfoNCE (`loss.py`) lets a picture choose among all sentences, here each of the n x n pairs is
a yes-or-no question of its own. No sum runs over the whole batch, so the loss bears small and huge
batches alike. Zhai et al. 2023, https://arxiv.org/abs/2303.15343.

    >>> same = torch.eye(2)
    >>> round(PairwiseSigmoid()(same, same).item(), 4)  # at the start nearly all is "no"
    0.6932
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

# Where SigLIP starts. Of n x n pairs only n belong together: with a bias of 0 the first steps would
# do nothing but learn to say no.
FIRST_SCALE = 10.0
FIRST_BIAS = -10.0


class PairwiseSigmoid(nn.Module):
    """The loss with the two numbers that it learns: how much a cosine counts, and from where on."""

    def __init__(self) -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(math.log(FIRST_SCALE)))
        self.bias = nn.Parameter(torch.tensor(FIRST_BIAS))

    def forward(self, images: Tensor, texts: Tensor, owner: Tensor | None = None) -> Tensor:
        """The loss a picture, a scalar.

        `images` and `texts` are (n, d) unit rows, row i of one belongs to row i of the other.
        `owner` (n,) int64 names what a row shows. Pairs of two rows of one owner are copies of
        each other: neither a yes that was shown nor a no, so they are not asked.
        """
        with torch.autocast(images.device.type, enabled=False):  # bfloat16 knows 31.75 and 32 only
            logits = self.log_scale.exp() * images.float() @ texts.float().T + self.bias  # (n, n)
        belongs = torch.eye(len(logits), device=logits.device)
        asked = torch.ones_like(belongs)
        if owner is not None:
            copies = (owner[:, None] == owner[None, :]).float()
            asked = asked - copies + belongs  # a row is a copy of itself, and that one is asked
        answers = functional.logsigmoid(logits * (2 * belongs - 1))
        return -(answers * asked).sum() / len(logits)
