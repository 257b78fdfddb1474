"""The operations that open compressed weights, once, before anything runs.

    const                             as it is stored
    constexpr_lut_to_dense            palettised: small numbers, each a place in a table
    constexpr_affine_dequantize       a scale times (number - zero point), tensor or channel wise
    constexpr_blockwise_shift_scale   the same, with a scale a block
    constexpr_sparse_to_dense         zeros left out
    constexpr_cast                    float16 as float32

Each gives an array of the kind that its table or scale has. Some came twice: with iOS 16 and,
with other operands, with iOS 18.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.mil.blob import BY_NAME, unpack
from models.mil.errors import BadPackage, UnknownOperation

Array = NDArray[Any]


def lut_to_dense(
    indices: Array, lut: Array, shape: Array | None = None, vector_axis: Array | None = None
) -> Array:
    """Numbers from a table. With `shape` (iOS 16) the indices are packed bits and the table one.

    Else (iOS 18) the table has the rank of the indices and two more axes: there may be one for
    each block of indices, and its entries may be vectors, laid along `vector_axis`.
    """
    if shape is not None:
        bits = int(lut.size).bit_length() - 1
        if lut.ndim != 1 or lut.size != 2**bits or f"uint{bits}" not in BY_NAME:
            raise UnknownOperation(f"a table of {lut.shape} numbers")
        sizes = [int(size) for size in shape]
        kind, count = BY_NAME[f"uint{bits}"], int(np.prod(sizes))
        if indices.size != -(-count * bits // 8):
            raise BadPackage(f"{indices.size} bytes are no {count} indices of {bits} bits.")
        places = unpack(np.ascontiguousarray(indices), kind, count)
        return np.asarray(lut[places]).reshape(sizes)
    if lut.ndim != indices.ndim + 2:
        raise UnknownOperation(f"a table of rank {lut.ndim} for indices of rank {indices.ndim}")
    return _from_tables(indices, lut, vector_axis)


def _from_tables(indices: Array, lut: Array, vector_axis: Array | None) -> Array:
    """Of tables (..., entries, vector) whose leading axes divide those of `indices`."""
    length = lut.shape[-1]
    if length > 1 and vector_axis is None:
        raise UnknownOperation("a table of vectors without an axis")
    tables = lut.reshape(-1, *lut.shape[-2:])  # (tables, entries, vector)
    number = np.arange(len(tables)).reshape(lut.shape[:-2])  # which table a block has
    picked = tables[_spread(number, indices.shape), indices]  # the shape of indices, then vector
    if length == 1:
        return picked[..., 0]
    axis = int(np.asarray(vector_axis)) % indices.ndim
    sizes = [size * length if at == axis else size for at, size in enumerate(indices.shape)]
    return np.moveaxis(picked, -1, axis + 1).reshape(sizes)


def _spread(values: Array, shape: tuple[int, ...]) -> Array:
    """`values`, one a block, repeated until they have `shape`. Raises UnknownOperation."""
    if values.ndim != len(shape) or any(
        big % small for big, small in zip(shape, values.shape, strict=True)
    ):
        raise UnknownOperation(f"blocks of {shape} by {values.shape}")
    for axis, size in enumerate(shape):
        if size != values.shape[axis] and values.shape[axis] != 1:
            values = np.repeat(values, size // values.shape[axis], axis)
    return np.broadcast_to(values, shape)


def affine_dequantize(quantized_data: Array, zero_point: Array, scale: Array, axis: Array) -> Array:
    """`scale` x (number - `zero_point`); both are scalars, or one number a channel of `axis`."""
    along = int(axis) % quantized_data.ndim
    shape = [-1 if at == along else 1 for at in range(quantized_data.ndim)]
    zero, factor = (
        one.reshape(shape).astype(np.float32) if one.ndim else np.float32(one)
        for one in (zero_point, scale)
    )
    return ((quantized_data.astype(np.float32) - zero) * factor).astype(np.float32)


def blockwise_shift_scale(data: Array, scale: Array, offset: Array | None = None) -> Array:
    """`scale` x (number - `offset`), one of each for every block."""
    values = data.astype(np.float32)
    if offset is not None:
        values = values - _spread(offset.astype(np.float32), data.shape)
    return values * _spread(scale.astype(np.float32), data.shape)


def sparse_to_dense(nonzero_data: Array, mask: Array, shape: Array | None = None) -> Array:
    """`nonzero_data` where `mask` has a one, zeros elsewhere; with `shape` the mask is bits."""
    if shape is not None:
        sizes = [int(size) for size in shape]
        mask = unpack(mask, BY_NAME["uint1"], int(np.prod(sizes))).reshape(sizes)
    if int(np.count_nonzero(mask)) != nonzero_data.size:
        raise BadPackage(f"{nonzero_data.size} numbers do not fit their mask. Export it again.")
    dense = np.zeros(mask.shape, nonzero_data.dtype)
    dense[mask != 0] = nonzero_data
    return dense


def cast(source_val: Array, output_dtype: str) -> Array:
    """Float16 as float32."""
    if output_dtype != "fp32":
        raise UnknownOperation(f"constexpr_cast to {output_dtype!r}")
    return source_val.astype(np.float32)


def const(val: Array | str) -> Array | str:
    """As it is."""
    return val


CONSTANTS: Mapping[str, Callable[..., Array | str]] = {
    "const": const,
    "constexpr_affine_dequantize": affine_dequantize,
    "constexpr_blockwise_shift_scale": blockwise_shift_scale,
    "constexpr_cast": cast,
    "constexpr_lut_to_dense": lut_to_dense,
    "constexpr_sparse_to_dense": sparse_to_dense,
}
