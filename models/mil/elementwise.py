"""Operations on each number alone: arithmetic, comparison, choice, rounding, casts.

Two operands are broadcast as numpy does it.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from models.mil.errors import UnknownOperation
from models.mil.operands import Function

BOUNDS = {  # kinds of whole numbers that `cast` may make: the least and the largest
    "int8": (-(2**7), 2**7 - 1),
    "uint8": (0, 2**8 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "uint16": (0, 2**16 - 1),
    "int32": (-(2**31), 2**31 - 1),
}


def cast(x: Tensor, dtype: str) -> Tensor:
    """To another kind of number; towards zero where fractions go.

    Raises UnknownOperation where a number does not fit: what a device makes of it is its own.
    """
    if dtype in ("fp16", "fp32"):  # to round to the former is the evaluator's
        return x.float()
    if dtype == "bool":
        return x != 0
    if dtype not in BOUNDS:
        raise UnknownOperation(f"the kind of number {dtype!r} of cast")
    least, most = BOUNDS[dtype]
    if x.is_floating_point() and not bool(torch.isfinite(x).all()):
        raise UnknownOperation(f"what cast makes of infinity in {dtype}")
    whole = x.trunc().long() if x.is_floating_point() else x.long()
    if whole.numel() and not (least <= int(whole.min()) and int(whole.max()) <= most):
        raise UnknownOperation(f"what cast makes of a number too large for {dtype}")
    return whole


def real_div(x: Tensor, y: Tensor) -> Tensor:
    """A quotient with its fraction; of whole numbers a whole number, where there is no rest.

    Raises UnknownOperation where there is: MIL does not say which way it is rounded.
    """
    if x.is_floating_point() and y.is_floating_point():
        return x / y
    if bool((y == 0).any()) or bool((x % y).any()):
        raise UnknownOperation("real_div of whole numbers with a rest")
    return x // y


def select(cond: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """`a` where `cond`, else `b`."""
    return torch.where(cond.bool(), a, b)


def clip(x: Tensor, alpha: Tensor, beta: Tensor) -> Tensor:
    """Nothing under `alpha`, nothing over `beta`."""
    return torch.minimum(torch.maximum(x, alpha), beta)


def inverse(x: Tensor, epsilon: float | Tensor = 1e-4) -> Tensor:
    """One over x."""
    return 1 / (x + epsilon)


def log(x: Tensor, epsilon: float | Tensor = 1e-45) -> Tensor:
    """The natural logarithm."""
    return torch.log(x + epsilon)


def rsqrt(x: Tensor, epsilon: float | Tensor = 1e-12) -> Tensor:
    """One over the square root."""
    return torch.rsqrt(x + epsilon)


def identity(x: Tensor) -> Tensor:
    """The same."""
    return x


def _one(function: Function) -> Function:
    """An operation of `x`, by a function that names its operand otherwise."""

    def of_one(x: Tensor) -> Tensor | tuple[Tensor, ...]:
        return function(x)

    return of_one


def _two(function: Function) -> Function:
    """An operation of `x` and `y`, by a function that names its operands otherwise."""

    def of_two(x: Tensor, y: Tensor) -> Tensor | tuple[Tensor, ...]:
        return function(x, y)

    return of_two


ONE: Mapping[str, Function] = {
    "abs": torch.abs,
    "ceil": torch.ceil,
    "cos": torch.cos,
    "erf": torch.erf,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "floor": torch.floor,
    "logical_not": torch.logical_not,
    "round": torch.round,  # halves go to the even neighbour, in coremltools too
    "sign": torch.sign,
    "sin": torch.sin,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "tanh": torch.tanh,
}
TWO: Mapping[str, Function] = {
    "add": torch.add,
    "equal": torch.eq,
    "floor_div": torch.floor_divide,
    "greater": torch.gt,
    "greater_equal": torch.ge,
    "less": torch.lt,
    "less_equal": torch.le,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mod": torch.remainder,  # of the sign of y
    "mul": torch.mul,
    "not_equal": torch.ne,
    "pow": torch.pow,
    "sub": torch.sub,
}
OPERATIONS: Mapping[str, Function] = {
    **{name: _one(function) for name, function in ONE.items()},
    **{name: _two(function) for name, function in TWO.items()},
    "cast": cast,
    "clip": clip,
    "identity": identity,
    "inverse": inverse,
    "log": log,
    "real_div": real_div,
    "rsqrt": rsqrt,
    "select": select,
}
