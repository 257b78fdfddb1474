"""Operations that bring numbers to mean zero and deviation one, or to unit length."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from models.mil.errors import UnknownOperation
from models.mil.operands import Function, axes_of


def layer_norm(
    x: Tensor,
    axes: Tensor | None = None,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: Tensor | float = 1e-5,
) -> Tensor:
    """Over `axes`; `gamma` and `beta` have their shape."""
    along = axes_of(axes, x.dim())
    last = list(range(x.dim() - len(along), x.dim()))
    moved = x.movedim(along, last)  # torch wants them at the end
    shape = list(moved.shape[-len(along) :])
    done = functional.layer_norm(moved, shape, gamma, beta, float(epsilon))
    return done.movedim(last, along)


def batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: Tensor | float = 1e-5,
) -> Tensor:
    """With a mean and a variance for each channel, which are given."""
    return functional.batch_norm(x, mean, variance, gamma, beta, eps=float(epsilon))


def instance_norm(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    epsilon: Tensor | float = 1e-5,
) -> Tensor:
    """Each channel of each picture by itself."""
    return functional.instance_norm(x, weight=gamma, bias=beta, eps=float(epsilon))


def l2_norm(x: Tensor, epsilon: Tensor | float = 1e-6) -> Tensor:
    """Unit length over the last three axes together."""
    if x.dim() < 3:
        raise UnknownOperation(f"l2_norm of rank {x.dim()}")
    return x / torch.sqrt(x.square().sum((-3, -2, -1), keepdim=True) + epsilon)


OPERATIONS: Mapping[str, Function] = {
    "batch_norm": batch_norm,
    "instance_norm": instance_norm,
    "l2_norm": l2_norm,
    "layer_norm": layer_norm,
}
