"""LoRA: learn a correction of low rank to each linear layer, and leave the layer itself alone.

    y = W x + gain * up (down x)        W: (o, i) stays; down: (r, i) and up: (o, r) learn

With r = 8 a layer of 512 x 512 learns 8,192 numbers instead of 262,144: too few to forget by.
`up` starts at zero, so the first step starts from the very model that is tuned; and since all of
it is linear, the correction is added into W at the end and costs nothing from then on.
Hu et al. 2021, https://arxiv.org/abs/2106.09685.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

GAIN = 2.0  # as in the paper's code, where alpha is twice the rank


class LowRank(nn.Module):
    """A linear layer that stays, and its correction."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        outputs, inputs = linear.weight.shape
        weight = linear.weight
        self.down = nn.Parameter(weight.new_empty(rank, inputs))
        self.up = nn.Parameter(weight.new_zeros(outputs, rank))
        nn.init.normal_(self.down, std=inputs**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) -> (..., outputs)."""
        correction = functional.linear(functional.linear(x, self.down), self.up)
        corrected: Tensor = self.linear(x) + GAIN * correction
        return corrected

    def merged(self) -> nn.Linear:
        """One linear layer that does the same."""
        with torch.no_grad():
            self.linear.weight += GAIN * self.up @ self.down
        return self.linear


def add_low_rank(model: nn.Module, rank: int) -> int:
    """Wrap every linear layer inside `model`. Gives how many there were."""
    found = [
        (parent, name, child)
        for parent in model.modules()
        for name, child in parent.named_children()
        if isinstance(child, nn.Linear)
    ]
    for parent, name, linear in found:
        setattr(parent, name, LowRank(linear, rank))
    return len(found)


def merge_low_rank(model: nn.Module) -> None:
    """Put plain linear layers back, with what was learnt inside them."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, LowRank):
                setattr(parent, name, child.merged())
