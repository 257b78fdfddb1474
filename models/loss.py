"""The loss that pulls a picture and its sentence together and everything else apart.

Symmetric InfoNCE, the multi-class N-pair loss of CLIP: each picture of a batch chooses among all
sentences, and each sentence among all pictures. In plain numbers, for two pairs and scale 1:

    >>> same = torch.eye(2)
    >>> round(float(contrastive(same, same, torch.tensor(1.0))), 4)  # log(1 + e^-1)
    0.3133
"""

import torch
from torch import Tensor
from torch.nn import functional


def contrastive(
    images: Tensor, texts: Tensor, scale: Tensor, owner: Tensor | None = None
) -> Tensor:
    """The mean loss of both directions, a scalar.

    `images` and `texts` are (n, d) unit rows, row i of one belongs to row i of the other.
    `owner` (n,) int64 names what a row shows. Rows of one owner are copies of one pair: to call
    them negatives would push a picture from its own sentence, so they are left out of the sum.
    """
    wide = torch.promote_types(images.dtype, torch.float32)
    with torch.autocast(images.device.type, enabled=False):  # bfloat16 knows 31.75 and 32 only
        logits = scale * images.to(wide) @ texts.to(wide).T  # (n, n)
    if owner is not None:
        copies = owner[:, None] == owner[None, :]
        copies.fill_diagonal_(False)
        logits = logits.masked_fill(copies, float("-inf"))
    target = torch.arange(len(logits), device=logits.device)
    to_text = functional.cross_entropy(logits, target)
    to_image = functional.cross_entropy(logits.T, target)
    return (to_text + to_image) / 2


def imitation(vectors: Tensor, teacher: Tensor) -> Tensor:
    """One minus the mean cosine of (n, d) rows to their teacher's, a scalar: 0 when all agree."""
    return 1 - functional.cosine_similarity(vectors, teacher, dim=1).mean()
