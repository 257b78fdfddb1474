"""Operations that slide a window over places: convolution and pooling, in one to three axes.

Padding that is wider on one side than on the other is laid on beforehand: torch's own is even.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from models.mil.errors import UnknownOperation
from models.mil.operands import Function, integer, integers

CONVOLVE = {1: functional.conv1d, 2: functional.conv2d, 3: functional.conv3d}
AVERAGE = {1: functional.avg_pool1d, 2: functional.avg_pool2d, 3: functional.avg_pool3d}
LARGEST = {1: functional.max_pool1d, 2: functional.max_pool2d, 3: functional.max_pool3d}


def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    strides: Tensor | None = None,
    pad_type: str = "valid",
    pad: Tensor | None = None,
    dilations: Tensor | None = None,
    groups: Tensor | None = None,
) -> Tensor:
    """(n, c, places) with `weight` (c', c / groups, window) -> (n, c', places')."""
    axes = _places(x)
    step, spread = _each(strides, axes), _each(dilations, axes)
    reach = [(size - 1) * one for size, one in zip(weight.shape[2:], spread, strict=True)]
    around = _padding(pad_type, pad, step, reach)
    even = [before for before, _ in around]
    if any(before != after for before, after in around):
        x, even = _laid_on(x, around, 0.0), [0] * axes
    count = 1 if groups is None else integer(groups)
    return CONVOLVE[axes](x, weight, bias, step, even, spread, count)


def avg_pool(
    x: Tensor,
    kernel_sizes: Tensor,
    pad_type: str,
    strides: Tensor | None = None,
    pad: Tensor | None = None,
    exclude_padding_from_average: Tensor | bool = False,
    ceil_mode: Tensor | bool = False,
) -> Tensor:
    """The mean under each window; zeros that were laid on count unless they are excluded."""
    axes = _places(x)
    window, step = integers(kernel_sizes), _each(strides, axes)
    around = _padding(pad_type, pad, step, [size - 1 for size in window])
    up, exclude = bool(ceil_mode), bool(exclude_padding_from_average)
    if not _fits(around, window):
        if up:
            raise UnknownOperation("avg_pool in ceil_mode with padding that torch has not")
        ones = _laid_on(torch.ones_like(x), around, 0.0)
        mean = AVERAGE[axes](_laid_on(x, around, 0.0), window, step)
        return mean / AVERAGE[axes](ones, window, step) if exclude else mean
    even = [before for before, _ in around]
    return AVERAGE[axes](x, window, step, even, up, not exclude)


def max_pool(
    x: Tensor,
    kernel_sizes: Tensor,
    pad_type: str,
    strides: Tensor | None = None,
    pad: Tensor | None = None,
    ceil_mode: Tensor | bool = False,
) -> Tensor:
    """The largest under each window; what was laid on never is."""
    axes = _places(x)
    window, step = integers(kernel_sizes), _each(strides, axes)
    around = _padding(pad_type, pad, step, [size - 1 for size in window])
    even = [before for before, _ in around]
    if not _fits(around, window):
        if bool(ceil_mode):
            raise UnknownOperation("max_pool in ceil_mode with padding that torch has not")
        x, even = _laid_on(x, around, -torch.inf), [0] * axes
    result = LARGEST[axes](x, window, step, even, 1, bool(ceil_mode))
    assert isinstance(result, Tensor)  # it is asked for no indices
    return result


def _places(x: Tensor) -> int:
    """How many axes a window slides along."""
    if not 3 <= x.dim() <= 5:
        raise UnknownOperation(f"a window over a tensor of rank {x.dim()}")
    return x.dim() - 2


def _each(sizes: Tensor | None, axes: int) -> list[int]:
    """One number an axis; ones where nothing is given."""
    return [1] * axes if sizes is None else integers(sizes)


def _padding(
    pad_type: str, pad: Tensor | None, strides: list[int], reach: list[int]
) -> list[tuple[int, int]]:
    """What is laid on before and after each axis, where a window reaches over `reach` + 1 places.

    "same" is known where its two descriptions agree alone: a window of odd size in steps of one.
    Else Apple's own text says that both ends get half a window, and the shape that it gives says
    that they get what the last step lacks.
    """
    if pad_type == "valid":
        return [(0, 0)] * len(reach)
    if pad_type == "custom" and pad is not None:
        sizes = integers(pad)
        if len(sizes) != 2 * len(reach) or min(sizes) < 0:
            raise UnknownOperation(f"padding by {sizes}")
        return list(zip(sizes[::2], sizes[1::2], strict=True))
    if pad_type not in ("same", "same_lower"):
        raise UnknownOperation(f"the pad_type {pad_type!r}")
    if any(one % 2 for one in reach) or any(step != 1 for step in strides):
        raise UnknownOperation(f"{pad_type!r} of an even window or in steps")
    return [(one // 2, one // 2) for one in reach]


def _fits(around: list[tuple[int, int]], window: list[int]) -> bool:
    """Whether torch's pooling can pad so: evenly, and at most by half a window."""
    pairs = zip(around, window, strict=True)
    return all(before == after and 2 * before <= size for (before, after), size in pairs)


def _laid_on(x: Tensor, around: list[tuple[int, int]], value: float) -> Tensor:
    """X with `value` around its places."""
    flat = [size for pair in reversed(around) for size in pair]  # torch counts from the last axis
    return functional.pad(x, flat, value=value)


OPERATIONS: Mapping[str, Function] = {"avg_pool": avg_pool, "conv": conv, "max_pool": max_pool}
