"""Operations that pick numbers by their places: slices, gathers, one-hot rows.

A place under zero counts from the end, as in numpy. One outside raises IndexError, whatever
`validate_indices` says: what a device would read there is nobody's business.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from models.mil.errors import UnknownOperation
from models.mil.operands import Function, axis_of, integer, integers


def slice_by_index(
    x: Tensor,
    begin: Tensor,
    end: Tensor,
    stride: Tensor | None = None,
    begin_mask: Tensor | None = None,
    end_mask: Tensor | None = None,
    squeeze_mask: Tensor | None = None,
) -> Tensor:
    """x[begin:end:stride] in each axis; a mask drops that bound, or keeps `begin` alone."""
    first, stop = integers(begin), integers(end)
    step = [1] * x.dim() if stride is None else integers(stride)
    open_begin, open_end, alone = (
        [0] * x.dim() if mask is None else integers(mask)
        for mask in (begin_mask, end_mask, squeeze_mask)
    )
    if len({x.dim(), *map(len, (first, stop, step, open_begin, open_end, alone))}) != 1:
        raise UnknownOperation(f"slice_by_index of rank {x.dim()} by {first}")
    for axis in reversed(range(x.dim())):  # from the back: an axis may go
        if alone[axis]:
            x = x.select(axis, 0 if open_begin[axis] else first[axis])
            continue
        bounds = slice(
            None if open_begin[axis] else first[axis],
            None if open_end[axis] else stop[axis],
            step[axis],
        )
        x = _along(x, axis, range(*bounds.indices(x.shape[axis])))
    return x


def slice_by_size(x: Tensor, begin: Tensor, size: Tensor) -> Tensor:
    """`size` numbers from `begin` in each axis; -1 takes all that are left."""
    pairs = zip(integers(begin), integers(size), strict=True)
    for axis, (first, count) in enumerate(pairs):
        start = first + x.shape[axis] if first < 0 else first
        stop = x.shape[axis] if count == -1 else start + count
        if not 0 <= start < stop <= x.shape[axis]:
            raise UnknownOperation(f"slice_by_size of {count} from {first} of {x.shape[axis]}")
        x = x.narrow(axis, start, stop - start)
    return x


def _along(x: Tensor, axis: int, places: range) -> Tensor:
    """X at `places` of one axis."""
    if len(places) == 0 or places.step < 0:  # torch slices forward alone
        return x.index_select(axis, torch.tensor(list(places), dtype=torch.int64))
    bounds = [slice(None)] * axis + [slice(places.start, places.stop, places.step)]
    return x[tuple(bounds)]


def gather(
    x: Tensor,
    indices: Tensor,
    axis: Tensor | None = None,
    batch_dims: Tensor | int = 0,
    validate_indices: Tensor | bool = False,  # noqa: ARG001 - they always are
) -> Tensor:
    """Slices of `axis` at `indices`, of any shape; `batch_dims` leading axes go in step."""
    batch, along = int(batch_dims), 0 if axis is None else axis_of(axis, x.dim())
    if not 0 <= batch <= min(along, indices.dim()):
        raise UnknownOperation(f"gather along axis {along} with {batch} batch_dims")
    if batch == 0:
        picked = x.index_select(along, _from_front(indices, x.shape[along]).reshape(-1))
        return picked.reshape(x.shape[:along] + indices.shape + x.shape[along + 1 :])
    pairs = zip(x.flatten(0, batch - 1), indices.flatten(0, batch - 1), strict=True)
    rows = [gather(one, places, torch.tensor(along - batch)) for one, places in pairs]
    return torch.stack(rows).reshape(x.shape[:batch] + rows[0].shape)


def gather_along_axis(
    x: Tensor,
    indices: Tensor,
    axis: Tensor | None = None,
    validate_indices: Tensor | bool = False,  # noqa: ARG001 - they always are
) -> Tensor:
    """Numpy's take_along_axis."""
    along = 0 if axis is None else axis_of(axis, x.dim())
    return x.gather(along, _from_front(indices, x.shape[along]))


def gather_nd(
    x: Tensor,
    indices: Tensor,
    batch_dims: Tensor | int = 0,
    validate_indices: Tensor | bool = False,  # noqa: ARG001 - they always are
) -> Tensor:
    """The last axis of `indices` names a place in the leading axes of x, after `batch_dims`."""
    batch = int(batch_dims)
    if not 0 <= batch < indices.dim() or batch + indices.shape[-1] > x.dim():
        raise UnknownOperation(f"gather_nd of rank {x.dim()} by {tuple(indices.shape)}")
    if batch == 0:
        return x[indices.unbind(-1)]
    pairs = zip(x.flatten(0, batch - 1), indices.flatten(0, batch - 1), strict=True)
    rows = [gather_nd(one, places) for one, places in pairs]
    return torch.stack(rows).reshape(x.shape[:batch] + rows[0].shape)


def _from_front(indices: Tensor, size: int) -> Tensor:
    """Places counted from the front."""
    return torch.where(indices < 0, indices + size, indices)


def one_hot(
    indices: Tensor,
    one_hot_vector_size: Tensor,
    axis: Tensor | None = None,
    on_value: Tensor | float = 1,
    off_value: Tensor | float = 0,
) -> Tensor:
    """A new axis that is `on_value` at the place that `indices` name, else `off_value`."""
    along = indices.dim() if axis is None else axis_of(axis, indices.dim() + 1)
    size = integer(one_hot_vector_size)
    hit = (indices.unsqueeze(-1) == torch.arange(size)).movedim(-1, along)
    return torch.where(hit, torch.as_tensor(on_value), torch.as_tensor(off_value))


OPERATIONS: Mapping[str, Function] = {
    "gather": gather,
    "gather_along_axis": gather_along_axis,
    "gather_nd": gather_nd,
    "one_hot": one_hot,
    "slice_by_index": slice_by_index,
    "slice_by_size": slice_by_size,
}
