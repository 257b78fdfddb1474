"""Operations on random shapes, beside what torch makes of them: arithmetic and reductions.

Names for lambdas keep a case on a few lines.
"""
# ruff: noqa: E731

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional as F

from tests.mil_programs import Array, Case, Made

UNARY: dict[str, Made] = {
    **{name: getattr(torch, name) for name in ("abs", "ceil", "cos", "erf", "exp", "exp2")},
    **{name: getattr(torch, name) for name in ("floor", "relu", "round", "sigmoid", "sign")},
    **{name: getattr(torch, name) for name in ("sin", "square", "tanh")},
    **{name: getattr(F, name) for name in ("relu6", "silu", "softplus", "softsign")},
}
WITH_TWO: dict[str, Made] = {  # of x, alpha, beta
    "clamped_relu": lambda x, a, b: torch.minimum(F.leaky_relu(x, a), torch.tensor(b)),
    "clip": torch.clip,
    "linear_activation": lambda x, a, b: a * x + b,
    "scaled_tanh": lambda x, a, b: a * torch.tanh(b * x),
    "sigmoid_hard": lambda x, a, b: torch.clip(a * x + b, 0, 1),
}
WITH_ONE: dict[str, Made] = {  # of x, alpha
    "elu": lambda x, a: F.elu(x, a),
    "leaky_relu": lambda x, a: F.leaky_relu(x, a),
    "thresholded_relu": lambda x, a: F.threshold(x, a, 0.0),
}
BINARY = {"add": "add", "maximum": "maximum", "minimum": "minimum", "mul": "mul", "sub": "sub"}
BINARY |= {"real_div": "div", "equal": "eq", "not_equal": "ne", "greater": "gt", "less": "lt"}
BINARY |= {"greater_equal": "ge", "less_equal": "le"}
REDUCE: dict[str, Made] = {
    "reduce_l1_norm": lambda x, **how: x.abs().sum(**how),
    "reduce_l2_norm": lambda x, **how: torch.linalg.vector_norm(x, **how),
    "reduce_log_sum_exp": torch.logsumexp,
    "reduce_max": torch.amax,
    "reduce_mean": torch.mean,
    "reduce_min": torch.amin,
    "reduce_sum": torch.sum,
    "reduce_sum_square": lambda x, **how: (x * x).sum(**how),
}


class Draw:
    """Random sizes, axes and arrays of one seed."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def size(self, least: int = 2, most: int = 5) -> int:
        return int(self._rng.integers(least, most + 1))

    def shape(self, rank: int, least: int = 2) -> tuple[int, ...]:
        return tuple(self.size(least) for _ in range(rank))

    def floats(self, *shape: int) -> Array:
        return self._rng.normal(size=shape).astype(np.float32)

    def whole(self, least: int, most: int, *shape: int) -> Array:
        """Whole numbers from `least` to `most`, the latter left out."""
        return self._rng.integers(least, most, shape).astype(np.int32)

    def axis(self, rank: int) -> int:
        """From the front or from the back."""
        return self.size(-rank, rank - 1)

    def axes(self, rank: int, count: int) -> list[int]:
        some = self._rng.permutation(rank)[:count]
        return [int(axis) - rank * self.size(0, 1) for axis in some]

    def flag(self) -> bool:
        return bool(self.size(0, 1))


def elementwise(draw: Draw) -> Iterator[Case]:
    """One number at a time, or two."""
    build: Made
    near: Made
    for name, want in UNARY.items():
        build = lambda mb, x, name=name: getattr(mb, name)(x=x)
        yield Case(name, (2 * draw.floats(*draw.shape(3)),), build, want)
    for name, want in WITH_ONE.items():
        build = lambda mb, x, name=name: getattr(mb, name)(x=x, alpha=0.3)
        yield Case(name, (draw.floats(*draw.shape(2)),), build, lambda x, w=want: w(x, 0.3))
    for name, want in WITH_TWO.items():
        build = lambda mb, x, name=name: getattr(mb, name)(x=x, alpha=0.2, beta=0.7)
        yield Case(name, (draw.floats(*draw.shape(2)),), build, lambda x, w=want: w(x, 0.2, 0.7))
    for name, torchs in BINARY.items():
        n, c, w = draw.shape(3)
        build = lambda mb, x, y, name=name: getattr(mb, name)(x=x, y=y)
        pair = (draw.whole(-2, 3, n, 1, w) / 2 + 0.25, draw.whole(-2, 3, c, 1) / 2 + 0.25)
        fed = tuple(one.astype(np.float32) for one in pair)
        yield Case(name, fed, build, getattr(torch, torchs))
    n, c = draw.shape(2)
    even = 3 * draw.whole(-9, 10, n, c)
    build = lambda mb, x: mb.real_div(x=x, y=3)
    yield Case("real_div_whole", (even,), build, lambda x: x // 3)
    for name, torchs in (("floor_div", "floor_divide"), ("mod", "remainder")):
        build = lambda mb, x, y, name=name: getattr(mb, name)(x=x, y=y)
        pair = (draw.whole(-9, 10, n, c), draw.whole(1, 5, c) * draw.whole(0, 2, c) * 2 - 3)
        yield Case(f"{name}_whole", pair, build, getattr(torch, torchs))
        floats = tuple(one.astype(np.float32) for one in pair)
        yield Case(name, floats, build, getattr(torch, torchs))
    positive = np.abs(draw.floats(n, c)) + 0.1
    yield Case("sqrt", (positive,), lambda mb, x: mb.sqrt(x=x), torch.sqrt)
    yield Case("rsqrt", (positive,), lambda mb, x: mb.rsqrt(x=x), torch.rsqrt)
    yield Case(
        "log", (positive,), lambda mb, x: mb.log(x=x, epsilon=0.5), lambda x: (x + 0.5).log()
    )
    near = lambda x: 1 / (x + 1e-4)
    yield Case("inverse", (positive,), lambda mb, x: mb.inverse(x=x), near)
    yield Case("pow", (positive,), lambda mb, x: mb.pow(x=x, y=-1.5), lambda x: x**-1.5)


def choices_and_casts(draw: Draw) -> Iterator[Case]:
    """Truth, and numbers of other kinds."""
    half: Made
    truth: Made
    whole: Made
    n, c = draw.shape(2)
    x, y = 3 * draw.floats(n, c), 3 * draw.floats(n, c)
    for name in ("and", "or", "xor"):
        yield Case(
            f"logical_{name}",
            (x, y),
            lambda mb, x, y, name=name: getattr(mb, f"logical_{name}")(
                x=mb.greater(x=x, y=0.0), y=mb.logical_not(x=mb.greater(x=y, y=0.0))
            ),
            lambda x, y, name=name: getattr(torch, f"logical_{name}")(x > 0, ~(y > 0)),
        )
    yield Case(
        "select",
        (x, y),
        lambda mb, x, y: mb.select(cond=mb.less(x=x, y=y), a=x, b=7.0),
        lambda x, y: torch.where(x < y, x, torch.tensor(7.0)),
    )
    whole = lambda mb, x: mb.cast(x=mb.cast(x=x, dtype="int32"), dtype="fp32")
    yield Case("cast_int32", (x,), whole, torch.trunc)
    truth = lambda mb, x: mb.cast(x=mb.cast(x=x, dtype="int32"), dtype="bool")
    yield Case("cast_bool", (x,), truth, lambda x: x.trunc() != 0)
    half = lambda mb, x: mb.cast(x=mb.cast(x=x, dtype="fp16"), dtype="fp32")
    yield Case("cast_fp16", (x.astype(np.float16).astype(np.float32),), half, lambda x: x)


def activations(draw: Draw) -> Iterator[Case]:
    """With a mode, an axis, or a slope a channel."""
    build: Made
    prelu: Made
    sigmoid: Made
    tanh: Made
    x = 2 * draw.floats(*draw.shape(3))
    sigmoid = lambda x: x * torch.sigmoid(1.702 * x)
    tanh = lambda x: F.gelu(x, approximate="tanh")
    modes: dict[str, Made] = {
        "EXACT": F.gelu,
        "TANH_APPROXIMATION": tanh,
        "SIGMOID_APPROXIMATION": sigmoid,
    }
    for mode, want in modes.items():
        build = lambda mb, x, mode=mode: mb.gelu(x=x, mode=mode)
        yield Case(f"gelu_{mode}", (x,), build, want)
    axis = draw.axis(3)
    yield Case("softmax", (x,), lambda mb, x: mb.softmax(x=x, axis=axis), lambda x: x.softmax(axis))
    slopes = draw.floats(3)
    image = draw.floats(2, 3, *draw.shape(2))
    prelu = lambda x: F.prelu(x, torch.from_numpy(slopes))
    yield Case("prelu", (image,), lambda mb, x: mb.prelu(x=x, alpha=slopes), prelu)


def reductions(draw: Draw) -> Iterator[Case]:
    """Along axes from the front and the back, which stay or go."""
    build: Made
    expect: Made
    logs: Made
    most: Made
    product: Made
    for name, want in REDUCE.items():
        axes, keep = draw.axes(4, draw.size(1, 3)), draw.flag()
        build = lambda mb, x, name=name, axes=axes, keep=keep: getattr(mb, name)(
            x=x, axes=axes, keep_dims=keep
        )
        expect = lambda x, want=want, axes=axes, keep=keep: want(x, dim=axes, keepdim=keep)
        yield Case(name, (draw.floats(*draw.shape(4)),), build, expect)
    x = np.abs(draw.floats(*draw.shape(3))) + 0.1
    yield Case("reduce_sum_all", (x,), lambda mb, x: mb.reduce_sum(x=x), torch.sum)
    product = lambda x: x.prod(2).prod(0)
    yield Case("reduce_prod", (x,), lambda mb, x: mb.reduce_prod(x=x, axes=[0, -1]), product)
    logs = lambda x: x.sum(1, keepdim=True).log()
    build = lambda mb, x: mb.reduce_log_sum(x=x, axes=[1], keep_dims=True)
    yield Case("reduce_log_sum", (x,), build, logs)
    whole, axis, keep = draw.whole(-9, 10, 3, 4, 5), draw.axis(3), draw.flag()
    most = lambda mb, x: mb.reduce_max(x=x, axes=[axis], keep_dims=keep)
    yield Case("reduce_max_whole", (whole,), most, lambda x: x.amax(axis, keepdim=keep))
    for name in ("argmax", "argmin"):
        build = lambda mb, x, name=name: getattr(mb, f"reduce_{name}")(
            x=x, axis=axis, keep_dims=keep
        )
        expect = lambda x, name=name: torch.from_numpy(
            getattr(np, name)(x.numpy(), axis, keepdims=keep).astype(np.int64)
        )
        yield Case(f"reduce_{name}", (whole,), build, expect)
