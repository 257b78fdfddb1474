"""Matrix products: linear layers, matmul, einsum, attention."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from models.mil.errors import UnknownOperation
from models.mil.operands import Function, several


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """X times `weight` transposed, plus `bias`."""
    return functional.linear(x, weight, bias)


def matmul(
    x: Tensor, y: Tensor, transpose_x: Tensor | bool = False, transpose_y: Tensor | bool = False
) -> Tensor:
    """Numpy's product of the last two axes. To turn a vector changes nothing."""
    x = x.transpose(-1, -2) if bool(transpose_x) and x.dim() > 1 else x
    y = y.transpose(-1, -2) if bool(transpose_y) and y.dim() > 1 else y
    return torch.matmul(x, y)


def einsum(values: tuple[Tensor, ...], equation: str) -> Tensor:
    """Two tensors by an equation; an axis of size 1 stretches to its partner's."""
    operands = several(values)
    terms, arrow, _ = equation.replace(" ", "").partition("->")
    named = terms.split(",")
    if not arrow or "." in equation or len(named) != len(operands):
        raise UnknownOperation(f"the equation {equation!r} of einsum")
    return torch.einsum(equation, *operands)


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None
) -> Tensor:
    """Attention; where a bool mask is False, or a float one -inf, nothing is looked at."""
    return functional.scaled_dot_product_attention(query, key, value, attn_mask)


OPERATIONS: Mapping[str, Function] = {
    "einsum": einsum,
    "linear": linear,
    "matmul": matmul,
    "scaled_dot_product_attention": scaled_dot_product_attention,
}
