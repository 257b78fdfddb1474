"""Operations that move numbers and compute none: reshape, transpose, concat, split, pad, fill."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from models.mil.errors import UnknownOperation
from models.mil.operands import Function, axes_of, axis_of, integer, integers, several


def reshape(x: Tensor, shape: Tensor) -> Tensor:
    """Of `shape`: a 0 there keeps the size of x at that place, one -1 takes what is left."""
    sizes = integers(shape)
    if 0 in sizes and len(sizes) != x.dim():
        raise UnknownOperation(f"reshape of {tuple(x.shape)} to {sizes}")
    return x.reshape([size or x.shape[at] for at, size in enumerate(sizes)])


def transpose(x: Tensor, perm: Tensor) -> Tensor:
    """Axis i of the result is axis perm[i] of x."""
    return x.permute(integers(perm))


def expand_dims(x: Tensor, axes: Tensor) -> Tensor:
    """With axes of size 1 where `axes` of the result say."""
    for axis in axes_of(axes, x.dim() + axes.numel()):  # from the front
        x = x.unsqueeze(axis)
    return x


def squeeze(x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Without these axes of size 1, or without all of them."""
    if axes is None:
        return x.squeeze()
    away = axes_of(axes, x.dim())
    if any(x.shape[axis] != 1 for axis in away):
        raise UnknownOperation(f"squeeze of axes {away} of {tuple(x.shape)}")
    return x.squeeze(away)


def flatten2d(x: Tensor, axis: Tensor | None = None) -> Tensor:
    """Two axes: all before `axis`, and all from it on."""
    at = 1 if axis is None else integer(axis)
    rows = x.shape[:at].numel()
    return x.reshape(rows, x.numel() // max(rows, 1))


def concat(
    values: Tensor | tuple[Tensor, ...], axis: Tensor, interleave: Tensor | bool = False
) -> Tensor:
    """One behind another; `interleave`d: first of each, then second of each, and so on."""
    parts = several(values)
    if parts[0].dim() == 0:
        return torch.stack(parts)
    along = axis_of(axis, parts[0].dim())
    if bool(interleave):
        return torch.stack(parts, along + 1).flatten(along, along + 1)
    return torch.cat(parts, along)


def stack(values: Tensor | tuple[Tensor, ...], axis: Tensor) -> Tensor:
    """Along a new axis."""
    parts = several(values)
    return torch.stack(parts, axis_of(axis, parts[0].dim() + 1))


def split(
    x: Tensor,
    axis: Tensor,
    num_splits: Tensor | None = None,
    split_sizes: Tensor | None = None,
) -> tuple[Tensor, ...]:
    """Parts of `split_sizes`, or `num_splits` equal ones."""
    along = axis_of(axis, x.dim())
    if split_sizes is not None:
        return torch.split(x, integers(split_sizes), along)
    if num_splits is None or x.shape[along] % integer(num_splits):
        raise UnknownOperation("split into parts of no size")
    return torch.chunk(x, integer(num_splits), along)


def tile(x: Tensor, reps: Tensor) -> Tensor:
    """Repeated `reps` times along each axis."""
    if reps.numel() != x.dim():
        raise UnknownOperation(f"tile of rank {x.dim()} by {integers(reps)}")
    return x.repeat(integers(reps))


def reverse(x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Backwards along `axes`, or along all."""
    return x.flip(axes_of(axes, x.dim()))


def pixel_shuffle(x: Tensor, upscale_factor: Tensor) -> Tensor:
    """Channels to places."""
    return functional.pixel_shuffle(x, integer(upscale_factor))


def pixel_unshuffle(x: Tensor, downscale_factor: Tensor) -> Tensor:
    """Places to channels."""
    return functional.pixel_unshuffle(x, integer(downscale_factor))


def pad(
    x: Tensor, pad: Tensor, mode: str = "constant", constant_val: Tensor | float = 0.0
) -> Tensor:
    """With numbers before and after the last axes: a constant, a mirror image, or the edge."""
    sizes = integers(pad)
    pairs = list(zip(sizes[::2], sizes[1::2], strict=True))
    if mode == "constant":
        flat = [size for pair in reversed(pairs) for size in pair]
        return functional.pad(x, flat, value=float(constant_val))
    for axis, (before, after) in enumerate(pairs, x.dim() - len(pairs)):
        last = x.shape[axis] - 1
        at = torch.arange(-before, last + 1 + after)
        if mode == "replicate":
            at = at.clamp(0, last)
        elif mode == "reflect" and max(before, after) <= last:
            at = last - (last - at.abs()).abs()
        else:
            raise UnknownOperation(f"pad by {before} and {after} in the mode {mode!r}")
        x = x.index_select(axis, at)
    return x


def shape(x: Tensor) -> Tensor:
    """The sizes of the axes."""
    return torch.tensor(x.shape)


def fill(shape: Tensor, value: Tensor | float = 0.0) -> Tensor:
    """The same number everywhere."""
    return torch.as_tensor(value).expand(integers(shape))


def range_1d(end: Tensor, start: Tensor, step: Tensor) -> Tensor:
    """`start`, `start` + `step`, and so on, before `end`."""
    return torch.arange(start.item(), end.item(), step.item())


def band_part(x: Tensor, lower: Tensor | int = -1, upper: Tensor | int = -1) -> Tensor:
    """Matrices with zeros more than so far under or over the diagonal; -1 keeps a whole side."""
    rows, columns = torch.arange(x.shape[-2]).reshape(-1, 1), torch.arange(x.shape[-1])
    below, above = int(lower), int(upper)
    kept = ((below < 0) | (rows - columns <= below)) & ((above < 0) | (columns - rows <= above))
    return x * kept


def cumsum(
    x: Tensor,
    axis: Tensor | None = None,
    exclusive: Tensor | bool = False,
    reverse: Tensor | bool = False,
) -> Tensor:
    """Running sums."""
    along = 0 if axis is None else axis_of(axis, x.dim())
    if bool(exclusive) or bool(reverse):
        raise UnknownOperation("cumsum that is exclusive or in reverse")
    return x.cumsum(along)


OPERATIONS: Mapping[str, Function] = {
    "band_part": band_part,
    "concat": concat,
    "cumsum": cumsum,
    "expand_dims": expand_dims,
    "fill": fill,
    "flatten2d": flatten2d,
    "pad": pad,
    "pixel_shuffle": pixel_shuffle,
    "pixel_unshuffle": pixel_unshuffle,
    "range_1d": range_1d,
    "reshape": reshape,
    "reverse": reverse,
    "shape": shape,
    "split": split,
    "squeeze": squeeze,
    "stack": stack,
    "tile": tile,
    "transpose": transpose,
}
