"""The bends between layers: relu and its kin, gelu, softmax."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from models.mil.errors import UnknownOperation
from models.mil.operands import Function, axis_of


def gelu(x: Tensor, mode: str = "EXACT") -> Tensor:
    """Raises UnknownOperation: another mode than these three."""
    if mode == "EXACT":
        return functional.gelu(x)
    if mode == "TANH_APPROXIMATION":
        return functional.gelu(x, approximate="tanh")
    if mode == "SIGMOID_APPROXIMATION":
        return x * torch.sigmoid(1.702 * x)
    raise UnknownOperation(f"the mode {mode!r} of gelu")


def softmax(x: Tensor, axis: Tensor | None = None) -> Tensor:
    """Shares that sum to one along `axis`, the last one unless it is given."""
    return torch.softmax(x, -1 if axis is None else axis_of(axis, x.dim()))


def relu(x: Tensor) -> Tensor:
    """Nothing under zero."""
    return torch.relu(x)


def relu6(x: Tensor) -> Tensor:
    """Nothing under zero, nothing over six."""
    return x.clamp(0, 6)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e^-x)."""
    return torch.sigmoid(x)


def silu(x: Tensor) -> Tensor:
    """X times its sigmoid."""
    return functional.silu(x)


def sigmoid_hard(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """`alpha` x + `beta`, kept between zero and one."""
    return (alpha * x + beta).clamp(0, 1)


def leaky_relu(x: Tensor, alpha: Tensor) -> Tensor:
    """`alpha` x under zero."""
    return torch.where(x >= 0, x, alpha * x)


def elu(x: Tensor, alpha: Tensor) -> Tensor:
    """`alpha` (e^x - 1) under zero."""
    return torch.where(x > 0, x, alpha * torch.expm1(x))


def prelu(x: Tensor, alpha: Tensor) -> Tensor:
    """A leaky relu with a slope of its own for each channel."""
    return functional.prelu(x, alpha)


def clamped_relu(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """A leaky relu that stops at `beta`."""
    return torch.minimum(torch.where(x >= 0, x, alpha * x), beta)


def linear_activation(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """`alpha` x + `beta`."""
    return alpha * x + beta


def scaled_tanh(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """`alpha` tanh(`beta` x)."""
    return alpha * torch.tanh(beta * x)


def softplus(x: Tensor) -> Tensor:
    """log(1 + e^x)."""
    return functional.softplus(x)


def softsign(x: Tensor) -> Tensor:
    """X / (1 + |x|)."""
    return functional.softsign(x)


def thresholded_relu(x: Tensor, alpha: Tensor) -> Tensor:
    """X from `alpha` on, zero under it."""
    return torch.where(x >= alpha, x, torch.zeros_like(x))


OPERATIONS: Mapping[str, Function] = {
    "clamped_relu": clamped_relu,
    "elu": elu,
    "gelu": gelu,
    "leaky_relu": leaky_relu,
    "linear_activation": linear_activation,
    "prelu": prelu,
    "relu": relu,
    "relu6": relu6,
    "scaled_tanh": scaled_tanh,
    "sigmoid": sigmoid,
    "sigmoid_hard": sigmoid_hard,
    "silu": silu,
    "softmax": softmax,
    "softplus": softplus,
    "softsign": softsign,
    "thresholded_relu": thresholded_relu,
}
