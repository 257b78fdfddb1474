"""Operations that make one number of many along axes: sums, means, extremes, norms, argmax."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from models.mil.errors import UnknownOperation
from models.mil.operands import Function, axes_of, axis_of


def _along_axes(function: Callable[[Tensor, list[int], bool], Tensor]) -> Function:
    """The operation that reduces by `function` of tensor, axes and whether axes of size 1 stay."""

    def reduce(x: Tensor, axes: Tensor | None = None, keep_dims: Tensor | bool = False) -> Tensor:
        return function(x, axes_of(axes, x.dim()), bool(keep_dims)) if x.dim() else x

    return reduce


def _along_axis(function: Callable[[Tensor, int, bool], Tensor]) -> Function:
    """The operation that finds a place by `function` of tensor, axis and whether the axis stays."""

    def find(
        x: Tensor,
        axis: Tensor | None = None,
        keep_dims: Tensor | bool = False,
        output_dtype: str = "int32",
    ) -> Tensor:
        if output_dtype not in ("int32", "uint16"):
            raise UnknownOperation(f"places of kind {output_dtype!r}")
        along = x.dim() - 1 if axis is None else axis_of(axis, x.dim())
        return function(x, along, bool(keep_dims))

    return find


def _product(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    for axis in reversed(axes):  # from the back, so that the others keep their numbers
        x = x.prod(axis, keepdim=keep)
    return x


def _first(x: Tensor, axis: int, keep: bool) -> Tensor:
    """The first of equals, as numpy has it; MIL leaves it open, torch too."""
    best = x == x.amax(axis, keepdim=True)
    return best.to(torch.uint8).argmax(axis, keepdim=keep)


def _mean(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    if not x.is_floating_point():
        raise UnknownOperation("reduce_mean of whole numbers")
    return x.mean(axes, keepdim=keep)


OPERATIONS: Mapping[str, Function] = {
    "reduce_argmax": _along_axis(_first),
    "reduce_argmin": _along_axis(lambda x, axis, keep: _first(-x, axis, keep)),
    "reduce_l1_norm": _along_axes(lambda x, axes, keep: x.abs().sum(axes, keepdim=keep)),
    "reduce_l2_norm": _along_axes(lambda x, axes, keep: x.square().sum(axes, keepdim=keep).sqrt()),
    "reduce_log_sum": _along_axes(lambda x, axes, keep: x.sum(axes, keepdim=keep).log()),
    "reduce_log_sum_exp": _along_axes(lambda x, axes, keep: x.logsumexp(axes, keepdim=keep)),
    "reduce_max": _along_axes(lambda x, axes, keep: x.amax(axes, keepdim=keep)),
    "reduce_mean": _along_axes(_mean),
    "reduce_min": _along_axes(lambda x, axes, keep: x.amin(axes, keepdim=keep)),
    "reduce_prod": _along_axes(_product),
    "reduce_sum": _along_axes(lambda x, axes, keep: x.sum(axes, keepdim=keep)),
    "reduce_sum_square": _along_axes(lambda x, axes, keep: x.square().sum(axes, keepdim=keep)),
}
