"""SigLIP's loss: every picture and sentence of a batch is asked alone, "do you belong together?".

Where InfoNCE (`loss.py`) lets a picture choose among all sentences, here each of the n x n pairs is
a yes-or-no question of its own. No sum runs over the whole batch, so the loss bears small and huge
batches alike. Zhai et al. 2023, https://arxiv.org/abs/2303.15343.

    >>> same = torch.eye(2)
    >>> round(PairwiseSigmoid()(same, same, torch.tensor(10.0)).item(), 4)  # -log(1/2), and e^-10
    0.6932
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

# Where SigLIP starts. Of n x n pairs only n belong together: with a bias of 0 the first steps would
# do nothing but learn to say no.
FIRST_BIAS = -10.0


class PairwiseSigmoid(nn.Module):
    """The loss, and the bias that it learns: from which score on the answer is yes.

    It is called as `contrastive` is. The scale is that of the CLIP, learnt with it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.tensor(FIRST_BIAS))

    def forward(
        self, images: Tensor, texts: Tensor, scale: Tensor, owner: Tensor | None = None
    ) -> Tensor:
        """The loss a picture, a scalar.

        `images` and `texts` are (n, d) unit rows, row i of one belongs to row i of the other.
        `owner` (n,) int64 names what a row shows. Pairs of two rows of one owner are copies of
        each other: neither a yes that was shown nor a no, so they are not asked.
        """
        with torch.autocast(images.device.type, enabled=False):  # bfloat16 knows 31.75 and 32 only
            logits = scale * images.float() @ texts.float().T + self.bias  # (n, n)
        belongs = torch.eye(len(logits), device=logits.device)
        asked = torch.ones_like(belongs)
        if owner is not None:
            copies = (owner[:, None] == owner[None, :]).float()
            asked = asked - copies + belongs  # a row is a copy of itself, and that one is asked
        answers = functional.logsigmoid(logits * (2 * belongs - 1))
        return -(answers * asked).sum() / len(logits)
