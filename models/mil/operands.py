"""What operations are given: tensors and words, and how small tensors are read as numbers.

Whatever a package stores, a tensor is float32, int64 or bool here. Rounding to float16 is the
evaluator's, not an operation's.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from models.mil.errors import UnknownOperation
from models.mil.values import Value

Operand = Tensor | str
Function = Callable[..., Tensor | tuple[Tensor, ...]]  # by keyword, as MIL names its inputs


def operand(value: Value) -> Operand:
    """A constant as operations take it."""
    if isinstance(value, str):
        return value
    if value.dtype.kind == "f":
        return torch.from_numpy(value.astype(np.float32))
    return torch.from_numpy(value.astype(np.bool_ if value.dtype.kind == "b" else np.int64))


def integer(value: Tensor) -> int:
    """The one whole number of a tensor."""
    return int(value.item())


def integers(value: Tensor) -> list[int]:
    """The whole numbers of a 1-D tensor (or of a scalar)."""
    return [int(number) for number in value.reshape(-1).tolist()]


def several(values: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """An operand that may be many: one alone comes without its tuple."""
    return values if isinstance(values, tuple) else (values,)


def axis_of(axis: Tensor, rank: int) -> int:
    """An axis counted from the front. Raises UnknownOperation where there is none."""
    return axes_of(axis, rank)[0]


def axes_of(axes: Tensor | None, rank: int) -> list[int]:
    """Axes counted from the front, in order; all of them for None. Raises UnknownOperation."""
    if axes is None:
        return list(range(rank))
    numbers = integers(axes)
    if any(not -rank <= axis < rank for axis in numbers) or not numbers:
        raise UnknownOperation(f"axes {numbers} of a tensor of rank {rank}")
    found = sorted({axis % rank for axis in numbers})
    if len(found) != len(numbers):
        raise UnknownOperation(f"axes {numbers}, one of them twice")
    return found
