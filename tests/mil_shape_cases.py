"""Operations on random shapes, beside what torch makes of them: those that move and pick numbers.

Names for lambdas keep a case on a few lines.
"""
# ruff: noqa: E731

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional as F

from tests.mil_cases import Draw
from tests.mil_programs import Case, Made


def shapes(draw: Draw) -> Iterator[Case]:
    """The same numbers in another shape."""
    build: Made
    n, c, h = draw.shape(3)
    x = draw.floats(n, c, h)
    turn = [2, 0, -2]
    yield Case(
        "transpose", (x,), lambda mb, x: mb.transpose(x=x, perm=turn), lambda x: x.permute(turn)
    )
    build = lambda mb, x: mb.reshape(x=x, shape=[0, -1, 1])
    yield Case("reshape", (x,), build, lambda x: x.reshape(n, -1, 1))
    build = lambda mb, x, y: mb.reshape(
        x=x,
        shape=mb.concat(
            values=[mb.slice_by_size(x=mb.shape(x=y), begin=[1], size=[1]), [-1]], axis=0
        ),
    )
    yield Case("reshape_of_shape", (x, draw.floats(2, c)), build, lambda x, _: x.reshape(c, -1))
    yield Case("shape", (x,), lambda mb, x: mb.shape(x=x), lambda x: torch.tensor(x.shape))
    build = lambda mb, x: mb.expand_dims(x=x, axes=[-1, 1])
    yield Case("expand_dims", (x,), build, lambda x: x[:, None, :, :, None])
    one = draw.floats(1, n, 1, c, 1)
    yield Case(
        "squeeze", (one,), lambda mb, x: mb.squeeze(x=x, axes=[-1, 0]), lambda x: x[0, ..., 0]
    )
    yield Case("squeeze_all", (one,), lambda mb, x: mb.squeeze(x=x), torch.squeeze)
    axis = draw.size(1, 2)
    build = lambda mb, x: mb.flatten2d(x=x, axis=axis)
    yield Case(
        "flatten2d", (x,), build, lambda x: x.flatten(axis).reshape(x.shape[:axis].numel(), -1)
    )
    yield Case("reverse", (x,), lambda mb, x: mb.reverse(x=x, axes=[0, -1]), lambda x: x.flip(0, 2))
    yield Case(
        "tile", (x,), lambda mb, x: mb.tile(x=x, reps=[2, 1, 3]), lambda x: x.repeat(2, 1, 3)
    )
    image = draw.floats(2, 8, 4, 6)
    build = lambda mb, x: mb.pixel_shuffle(x=x, upscale_factor=2)
    yield Case("pixel_shuffle", (image,), build, lambda x: F.pixel_shuffle(x, 2))
    build = lambda mb, x: mb.pixel_unshuffle(x=x, downscale_factor=np.uint32(2))
    yield Case("pixel_unshuffle", (image,), build, lambda x: F.pixel_unshuffle(x, 2))


def joins_and_parts(draw: Draw) -> Iterator[Case]:
    """Many of one, and one of many."""
    between: Made
    build: Made
    want: Made
    n, c = draw.shape(2)
    axis = draw.axis(2)
    pair = draw.floats(n, c), draw.floats(n, c)
    build = lambda mb, x, y: mb.concat(values=[x, y, x], axis=axis)
    yield Case("concat", pair, build, lambda x, y: torch.cat([x, y, x], axis))
    build = lambda mb, x, y: mb.concat(values=[x, y], axis=axis, interleave=True)
    between = lambda x, y: torch.stack([x, y], axis % 2 + 1).flatten(axis % 2, axis % 2 + 1)
    yield Case("concat_interleave", pair, build, between)
    yield Case("concat_one", pair[:1], lambda mb, x: mb.concat(values=[x], axis=0), lambda x: x)
    behind = draw.axis(3)
    build = lambda mb, x, y: mb.stack(values=[x, y], axis=behind)
    yield Case("stack", pair, build, lambda x, y: torch.stack([x, y], behind))
    x = draw.floats(6, 2, 6)
    build = lambda mb, x: mb.split(x=x, axis=-1, split_sizes=[1, 3, 2])
    yield Case("split_sizes", (x,), build, lambda x: x.split([1, 3, 2], -1))
    build = lambda mb, x: mb.split(x=x, axis=0, num_splits=3)
    yield Case("num_splits", (x,), build, lambda x: x.chunk(3))
    pads = {"constant": (2, 1, 0, 3), "reflect": (2, 1, 0, 3), "replicate": (2, 5, 0, 3)}
    for mode, sizes in pads.items():
        pad = list(sizes)
        more = {"constant_val": 1.5} if mode == "constant" else {}
        build = lambda mb, x, m=mode, p=pad, more=more: mb.pad(x=x, pad=p, mode=m, **more)
        flat = (pad[2], pad[3], pad[0], pad[1])
        value = 1.5 if mode == "constant" else None
        want = lambda x, m=mode, f=flat, v=value: F.pad(x, f, mode=m, value=v)
        yield Case(f"pad_{mode}", (draw.floats(2, 4, 5),), build, want)


def made(draw: Draw) -> Iterator[Case]:
    """Numbers that come of sizes."""
    build: Made
    want: Made
    n, c = draw.shape(2)
    x, whole = draw.floats(n, c), draw.whole(0, 9, 1)
    build = lambda mb, x: mb.fill(shape=mb.shape(x=x), value=2.5)
    yield Case("fill", (x,), build, lambda x: torch.full(x.shape, 2.5))
    build = lambda mb, x: mb.range_1d(start=mb.squeeze(x=x), end=20, step=3)
    yield Case("range_1d", (whole,), build, lambda x: torch.arange(int(x), 20, 3))
    for lower, upper in ((-1, 0), (1, -1), (0, 1)):
        build = lambda mb, x, low=lower, up=upper: mb.band_part(x=x, lower=low, upper=up)
        want = lambda x, low=lower, up=upper: (x if low < 0 else x.triu(-low)).tril(
            x.shape[-1] if up < 0 else up
        )
        yield Case(f"band_part_{lower}_{upper}", (draw.floats(2, n, c),), build, want)
    yield Case("cumsum", (x,), lambda mb, x: mb.cumsum(x=x, axis=1), lambda x: x.cumsum(1))
    places = draw.whole(0, 4, n, c)
    build = lambda mb, x: mb.one_hot(
        indices=x, one_hot_vector_size=4, axis=1, on_value=2.0, off_value=-1.0
    )
    want = lambda x: F.one_hot(x.long(), 4).movedim(-1, 1) * 3.0 - 1.0
    yield Case("one_hot", (places,), build, want)


def slices(draw: Draw) -> Iterator[Case]:
    """Bounds from both ends, strides of both signs, masks, single places."""
    build: Made
    x = draw.floats(5, 6, 7)
    bounds = {"begin": [1, -2, 3], "end": [4, 0, 7]}
    build = lambda mb, x: mb.slice_by_index(
        x=x,
        **bounds,
        stride=[2, -1, 1],
        begin_mask=[False, False, True],
        end_mask=[False, True, False],
    )
    yield Case("slice_masks", (x,), build, lambda x: x[1:4:2, :, :].flip(1)[:, 1:])
    build = lambda mb, x: mb.slice_by_index(
        x=x, begin=[0, -1, -3], end=[5, 0, -1], squeeze_mask=[False, True, False]
    )
    yield Case("slice_squeeze", (x,), build, lambda x: x[:, -1, -3:-1])
    build = lambda mb, x: mb.slice_by_index(
        x=x, begin=[3, 2, 5], end=[0, 99, 1], stride=[-2, 1, -3]
    )
    yield Case("slice_back", (x,), build, lambda x: x[[3, 1]][:, 2:][:, :, [5, 2]])
    build = lambda mb, x, at: mb.slice_by_index(
        x=x, begin=at, end=[5, 6, 7], end_mask=[False, False, True]
    )
    at = draw.whole(0, 4, 3)
    yield Case("slice_at", (x, at), build, lambda x, at: x[at[0] :, at[1] :, at[2] :])
    build = lambda mb, x: mb.slice_by_size(x=x, begin=[1, -4, 2], size=[2, 3, -1])
    yield Case("slice_by_size", (x,), build, lambda x: x[1:3, 2:5, 2:])


def gathers(draw: Draw) -> Iterator[Case]:
    """Indices of each rank, from both ends, with batches in step."""
    build: Made
    want: Made
    x = draw.floats(3, 4, 5)
    for rank in (1, 2):
        axis = draw.axis(3)
        indices = draw.whole(-3, 3, *draw.shape(rank))
        build = lambda mb, x, at, a=axis: mb.gather(x=x, indices=at, axis=a)
        want = lambda x, at, a=axis: torch.from_numpy(np.take(x.numpy(), at.numpy(), a))
        yield Case(f"gather_{rank}", (x, indices), build, want)
    axis = draw.axis(3)
    build = lambda mb, x: mb.gather(x=x, indices=-2, axis=axis)
    yield Case("gather_one", (x,), build, lambda x: x.select(axis, -2))
    step = draw.whole(-4, 4, 3, 2)
    build = lambda mb, x, at: mb.gather(x=x, indices=at, axis=2, batch_dims=1)
    want = lambda x, at: torch.stack([one[:, row.long()] for one, row in zip(x, at, strict=True)])
    yield Case("gather_batch", (x, step), build, want)
    along = draw.whole(-4, 4, 3, 2, 5)
    build = lambda mb, x, at: mb.gather_along_axis(x=x, indices=at, axis=-2)
    want = lambda x, at: torch.from_numpy(np.take_along_axis(x.numpy(), at.numpy(), 1))
    yield Case("gather_along_axis", (x, along), build, want)
    pairs = np.stack([draw.whole(-3, 3, 2, 6), draw.whole(-4, 4, 2, 6)], axis=-1)
    build = lambda mb, x, at: mb.gather_nd(x=x, indices=at)
    yield Case(
        "gather_nd", (x, pairs), build, lambda x, at: x[at[..., 0].long(), at[..., 1].long()]
    )
    each = draw.whole(0, 4, 3, 2, 1)
    build = lambda mb, x, at: mb.gather_nd(x=x, indices=at, batch_dims=1)
    want = lambda x, at: torch.stack(
        [one[row[:, 0].long()] for one, row in zip(x, at, strict=True)]
    )
    yield Case("gather_nd_batch", (x, each), build, want)
