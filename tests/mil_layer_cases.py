"""Operations on random shapes, beside what torch makes of them: layers, products, norms.

Names for lambdas keep a case on a few lines.
"""
# ruff: noqa: E731

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional as F

from tests.mil_cases import Draw
from tests.mil_programs import Case, Made

CONVOLVE = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
AVERAGE = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}
LARGEST = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}


def convolutions(draw: Draw) -> Iterator[Case]:
    """Each number of axes, with groups, strides, dilations and uneven padding."""
    build: Made
    made: Made
    want: Made
    for axes in (1, 2, 3):
        for uneven in (False, True):
            groups, strides = draw.size(1, 2), draw.shape(axes, 1)
            spread = [draw.size(1, 2) for _ in range(axes)]
            before = [draw.size(0, 2) for _ in range(axes)]
            after = [draw.size(0, 2) for _ in range(axes)] if uneven else before
            pad = [size for pair in zip(before, after, strict=True) for size in pair]
            weight = draw.floats(4, 2, *draw.shape(axes, 1))
            bias = draw.floats(4)
            x = draw.floats(2, 2 * groups, *(9 + size for size in draw.shape(axes)))
            settings = {"strides": strides, "dilations": spread, "groups": groups}
            build = lambda mb, x, w=weight, b=bias, p=pad, s=settings: mb.conv(
                x=x, weight=w, bias=b, pad_type="custom", pad=p, **s
            )
            flat = [size for at in reversed(range(axes)) for size in pad[2 * at : 2 * at + 2]]
            want = lambda x, w=weight, b=bias, f=flat, s=settings: CONVOLVE[x.dim() - 2](
                F.pad(x, f),
                torch.from_numpy(w),
                torch.from_numpy(b),
                s["strides"],
                dilation=s["dilations"],
                groups=s["groups"],
            )
            yield Case(f"conv_{axes}_{uneven}", (x,), build, want)
    x, weight = draw.floats(2, 3, 8, 7), draw.floats(6, 1, 3, 5)
    for pad_type, around in (("valid", 0), ("same", (1, 2)), ("same_lower", (1, 2))):
        build = lambda mb, x, p=pad_type: mb.conv(x=x, weight=weight, pad_type=p, groups=3)
        want = lambda x, a=around: F.conv2d(x, torch.from_numpy(weight), padding=a, groups=3)
        yield Case(f"conv_{pad_type}", (x,), build, want)
    made = lambda mb, x, w: mb.conv(x=x, weight=w)
    yield Case("conv_of_two", (x, draw.floats(2, 3, 3, 3)), made, F.conv2d)


def pools(draw: Draw) -> Iterator[Case]:
    """Means and maxima, with padding that torch has and that it has not."""
    around: Made
    build: Made
    mean: Made
    want: Made
    for axes in (1, 2, 3):
        window, strides = [draw.size(2, 3) for _ in range(axes)], draw.shape(axes, 1)
        x = draw.floats(2, 3, *(6 + size for size in draw.shape(axes)))
        settings = {"kernel_sizes": window, "strides": strides, "pad_type": "custom"}
        even, up, out = [1, 1] * axes, draw.flag() and axes < 3, draw.flag()
        build = lambda mb, x, s=settings, e=even, up=up, out=out: mb.avg_pool(
            x=x, pad=e, ceil_mode=up, exclude_padding_from_average=out, **s
        )
        want = lambda x, w=window, s=strides, up=up, out=out: AVERAGE[x.dim() - 2](
            x, w, s, 1, up, not out
        )
        yield Case(f"avg_pool_{axes}", (x,), build, want)
        build = lambda mb, x, s=settings, e=even, up=up: mb.max_pool(x=x, pad=e, ceil_mode=up, **s)
        want = lambda x, w=window, s=strides, up=up: LARGEST[x.dim() - 2](x, w, s, 1, 1, up)
        yield Case(f"max_pool_{axes}", (x,), build, want)
    x, wide = draw.floats(1, 2, 5, 6), {"kernel_sizes": [2, 3], "strides": [2, 1]}
    around = lambda x: F.pad(x, (0, 2, 1, 0))
    mean = lambda x: F.avg_pool2d(around(x), (2, 3), (2, 1))
    for out in (False, True):
        build = lambda mb, x, out=out: mb.avg_pool(
            x=x, pad_type="custom", pad=[1, 0, 0, 2], exclude_padding_from_average=out, **wide
        )
        want = lambda x, out=out: mean(x) / mean(torch.ones_like(x)) if out else mean(x)
        yield Case(f"avg_pool_uneven_{out}", (x,), build, want)
    build = lambda mb, x: mb.max_pool(x=x, pad_type="custom", pad=[1, 0, 0, 2], **wide)
    want = lambda x: F.max_pool2d(F.pad(x, (0, 2, 1, 0), value=-torch.inf), (2, 3), (2, 1))
    yield Case("max_pool_uneven", (x,), build, want)


def products(draw: Draw) -> Iterator[Case]:
    """Linear layers, matmul turned both ways and stretched, einsum."""
    build: Made
    want: Made
    n, k, m = draw.shape(3)
    weight, bias = draw.floats(m, k), draw.floats(m)
    for rank in (1, 2, 3):
        x = draw.floats(*draw.shape(rank - 1), k)
        build = lambda mb, x: mb.linear(x=x, weight=weight, bias=bias)
        want = lambda x: F.linear(x, torch.from_numpy(weight), torch.from_numpy(bias))
        yield Case(f"linear_{rank}", (x,), build, want)
    for turn_x in (False, True):
        for turn_y in (False, True):
            x = draw.floats(3, 1, *((k, n) if turn_x else (n, k)))
            y = draw.floats(2, *((m, k) if turn_y else (k, m)))
            build = lambda mb, x, y, tx=turn_x, ty=turn_y: mb.matmul(
                x=x, y=y, transpose_x=tx, transpose_y=ty
            )
            want = lambda x, y, tx=turn_x, ty=turn_y: (x.mT if tx else x) @ (y.mT if ty else y)
            yield Case(f"matmul_{turn_x}_{turn_y}", (x, y), build, want)
    b, c, h, w, u = draw.shape(5)
    pairs = {
        "nchw,nwhu->nchu": (draw.floats(b, c, h, w), draw.floats(1, w, h, u)),
        "chw,whr->chr": (draw.floats(c, h, w), draw.floats(w, 1, u)),
    }
    for equation, fed in pairs.items():
        build = lambda mb, x, y, e=equation: mb.einsum(values=(x, y), equation=e)
        yield Case(equation, fed, build, lambda x, y, e=equation: torch.einsum(e, x, y))


def normalisations(draw: Draw) -> Iterator[Case]:
    """Over axes at the end and elsewhere, with and without gains."""
    build: Made
    last: Made
    want: Made
    n, c, h, w = draw.shape(4)
    x = 3 * draw.floats(n, c, h, w) + 1
    gain, bias = draw.floats(h, w), draw.floats(h, w)
    build = lambda mb, x: mb.layer_norm(x=x, axes=[-1, 2], gamma=gain, beta=bias, epsilon=1e-3)
    want = lambda x: F.layer_norm(x, (h, w), torch.from_numpy(gain), torch.from_numpy(bias), 1e-3)
    yield Case("layer_norm_last", (x,), build, want)
    many, few = draw.floats(c), draw.floats(c)
    build = lambda mb, x: mb.layer_norm(x=x, axes=[1], gamma=many, beta=few, epsilon=1e-5)
    last = lambda x: F.layer_norm(x, (c,), torch.from_numpy(many), torch.from_numpy(few))
    yield Case("layer_norm_channels", (x,), build, lambda x: last(x.movedim(1, -1)).movedim(-1, 1))
    build = lambda mb, x: mb.layer_norm(x=x, axes=[1, 2, 3])
    yield Case("layer_norm_plain", (x,), build, lambda x: F.layer_norm(x, (c, h, w)))
    mean, spread = draw.floats(c), np.abs(draw.floats(c)) + 0.1
    known = torch.from_numpy(mean), torch.from_numpy(spread)
    for gains in (False, True):
        more = {"gamma": many, "beta": few} if gains else {}
        build = lambda mb, x, more=more: mb.batch_norm(
            x=x, mean=mean, variance=spread, epsilon=1e-3, **more
        )
        gain_of, bias_of = (torch.from_numpy(one) if gains else None for one in (many, few))
        want = lambda x, g=gain_of, b=bias_of: F.batch_norm(x, *known, g, b, False, 0.0, 1e-3)
        yield Case(f"batch_norm_{gains}", (x,), build, want)
        build = lambda mb, x, more=more: mb.instance_norm(x=x, epsilon=1e-3, **more)
        want = lambda x, g=gain_of, b=bias_of: F.instance_norm(x, None, None, g, b, eps=1e-3)
        yield Case(f"instance_norm_{gains}", (x,), build, want)
    build = lambda mb, x: mb.l2_norm(x=x, epsilon=1e-4)
    want = lambda x: x / (x.square().flatten(1).sum(1).reshape(-1, 1, 1, 1) + 1e-4).sqrt()
    yield Case("l2_norm", (x,), build, want)
