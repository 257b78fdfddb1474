"""How each weight moves: kernels and matrices by Muon, all the rest by AdamW.

Muon makes each step of a matrix orthogonal, so that all its directions learn at one speed instead
of a few loud ones first (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon). A kernel
is the matrix of its outputs by all that each of them sees. Our image tower learns from half as many
photos what AdamW teaches it; MODEL_CARD.md of the default encoder has the figures.
"""

from typing import Any

import torch
from torch import Tensor, nn

MOMENTUM = 0.9  # Jordan's .95 is for runs ten times as long


class Optimizer:
    """Both, as one: `step`, `zero_grad`, and a state that can be saved and loaded."""

    def __init__(self, model: nn.Module, rate: float, muon_rate: float, weight_decay: float):
        """`muon_rate` 0 leaves everything to AdamW. Only weights that may change are taken."""
        free = [weight for weight in model.parameters() if weight.requires_grad]
        kernels = kernels_of(model) if muon_rate else []
        orthogonal = {id(kernel) for kernel in kernels}
        rest = [weight for weight in free if id(weight) not in orthogonal]
        groups: list[dict[str, Any]] = [
            {"params": [weight for weight in rest if weight.ndim >= 2]},
            {"params": [weight for weight in rest if weight.ndim < 2], "weight_decay": 0.0},
        ]
        self.adamw = torch.optim.AdamW(
            groups, lr=rate, betas=(0.9, 0.98), weight_decay=weight_decay
        )
        self._pairs = [
            (kernel, nn.Parameter(as_matrix(kernel.detach(), kernel))) for kernel in kernels
        ]
        self.muon: torch.optim.Muon | None = None
        if self._pairs:
            self.muon = torch.optim.Muon(
                [matrix for _, matrix in self._pairs],
                lr=muon_rate,
                weight_decay=weight_decay,
                momentum=MOMENTUM,
            )
        self._tops = [group["lr"] for group in self.param_groups]

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of both."""
        return self.adamw.param_groups + (self.muon.param_groups if self.muon else [])

    def set_share(self, share: float) -> None:
        """Set all learning rates to a share of their tops."""
        for group, top in zip(self.param_groups, self._tops, strict=True):
            group["lr"] = top * share

    def zero_grad(self) -> None:
        """Forget all gradients."""
        self.adamw.zero_grad()
        for kernel, _ in self._pairs:
            kernel.grad = None

    def step(self) -> None:
        """Move every weight that has a gradient."""
        self.adamw.step()
        if self.muon is None:
            return
        for kernel, matrix in self._pairs:  # `matrix` is a view of the kernel: it moves it
            matrix.grad = None if kernel.grad is None else as_matrix(kernel.grad, kernel)
        self.muon.step()  # type: ignore[no-untyped-call]  # torch has no types here

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` takes."""
        return {
            "adamw": self.adamw.state_dict(),
            "muon": self.muon.state_dict() if self.muon else None,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on as the one that was saved. Raises ValueError where that was another kind."""
        if state.keys() != {"adamw", "muon"} or (state["muon"] is None) != (self.muon is None):
            raise ValueError("it learnt with another optimizer: see --muon_rate")
        self.adamw.load_state_dict(state["adamw"])
        if self.muon is not None:
            self.muon.load_state_dict(state["muon"])


def kernels_of(model: nn.Module) -> list[nn.Parameter]:
    """The weights inside the layers of towers that mix channels.

    Not among them: depthwise kernels and the first layer, whose rows are too short to have
    directions; embeddings, whose rows are looked up one by one; and projections to a vector.
    """
    layers = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d)]
    mixing = [layer for layer in layers if layer.groups == 1 and layer.in_channels > 3]
    weights = [weight for layer in mixing for weight in layer.parameters()]
    return [weight for weight in weights if weight.ndim == 4 and weight.requires_grad]


def as_matrix(values: Tensor, kernel: Tensor) -> Tensor:
    """(o, i, h, w) -> (o, i * h * w), columns in the order in which `kernel` lies in memory."""
    if kernel.is_contiguous(memory_format=torch.channels_last):
        values = values.permute(0, 2, 3, 1)
    return values.reshape(len(values), -1)
