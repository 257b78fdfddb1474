"""Compressed weights, and operations that came after iOS 16, beside what numpy and torch make.

Names for lambdas keep a case on a few lines.
"""
# ruff: noqa: E731

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from tests.mil_cases import Draw
from tests.mil_programs import Array, Case, Made


def added(name: str, x: Array, opened: Array, **how: Any) -> Case:
    """`x` plus what the operation `name` opens: that must be `opened`."""
    build: Made
    want: Made
    build = lambda mb, x: mb.add(x=x, y=getattr(mb, name)(**how))
    want = lambda x: x + torch.from_numpy(np.asarray(opened, np.float32))
    return Case(f"{name} {opened.shape} {len(how)}", (x,), build, want)


def packed(numbers: Array, bits: int) -> Array:
    """Numbers of few bits without gaps, as iOS 16 wants them."""
    spread = np.unpackbits(numbers.astype(np.uint8).reshape(-1, 1), axis=1, bitorder="little")
    return np.packbits(spread[:, :bits].ravel(), bitorder="little")


def compressed(draw: Draw) -> Iterator[Case]:
    """Weights as iOS 16 stores them: attributes of an operation."""
    build: Made
    how: dict[str, Any]
    n, c, h = draw.shape(3, 3)
    x = draw.floats(n, c, h)
    for bits in (1, 2, 4, 6, 8):
        table, places = draw.floats(2**bits), draw.whole(0, 2**bits, n, c, h)
        how = {
            "indices": packed(places, bits),
            "lut": table,
            "shape": np.array([n, c, h], np.uint32),
        }
        case = added("constexpr_lut_to_dense", x, table[places], **how)
        yield Case(f"palettised {bits}", case.fed, case.build, case.want)
    numbers = draw.whole(-128, 128, n, c, h)
    axis = draw.axis(3)
    count = (n, c, h)[axis]
    row = [count if at == axis % 3 else 1 for at in range(3)]
    scale, zero = draw.floats(count), draw.whole(-9, 10, count).astype(np.int8)
    opened = (numbers - zero.reshape(row)) * scale.reshape(row)
    how = {"quantized_data": numbers.astype(np.int8), "axis": np.int32(axis)}
    yield added("constexpr_affine_dequantize", x, opened, scale=scale, zero_point=zero, **how)
    shift = {"scale": np.float32(0.25), "zero_point": np.uint8(128), "axis": np.int32(0)}
    all_of = {"quantized_data": (numbers + 128).astype(np.uint8), **shift}
    build = lambda mb, x: mb.add(x=x, y=mb.constexpr_affine_dequantize(**all_of))
    yield Case("dequantised whole", (x,), build, lambda x: x + torch.from_numpy(numbers) / 4)
    mask = draw.whole(0, 2, n, c, h)
    mask[0, 0, 0] = 1
    some = draw.floats(int(mask.sum()))
    dense = np.zeros((n, c, h), np.float32)
    dense[mask == 1] = some
    how = {"nonzero_data": some, "mask": packed(mask, 1), "shape": np.array([n, c, h], np.uint32)}
    yield added("constexpr_sparse_to_dense", x, dense, **how)
    small = draw.floats(n, c, h).astype(np.float16)
    yield added("constexpr_cast", x, small, source_val=small, output_dtype="fp32")


def compressed_later(draw: Draw) -> Iterator[Case]:
    """Weights as iOS 18 stores them: inputs of an operation, a table or a scale a block."""
    build: Made
    how: dict[str, Any]
    n, c = 2 * draw.size(), 3 * draw.size()
    x = draw.floats(n, c)
    kinds = kinds_of_few_bits()
    for bits, kind in kinds.items():
        places = draw.whole(0, 2**bits, n, c)
        tables = draw.floats(2, 1, 2**bits, 1)  # one for the upper half, one for the lower
        opened = tables[np.arange(n)[:, None] // (n // 2), 0, places, 0]
        how = {"indices": places.astype(kind), "lut": tables}
        case = added("constexpr_lut_to_dense", x, opened, **how)
        yield Case(f"palettised later {bits}", case.fed, case.build, case.want)
    places, pairs = draw.whole(0, 4, n, c // 3), draw.floats(1, 1, 4, 3)
    opened = pairs[0, 0, places].reshape(n, c)
    how = {"indices": places.astype(kinds[2]), "lut": pairs, "vector_axis": np.int32(-1)}
    yield added("constexpr_lut_to_dense", x, opened, **how)
    numbers = draw.whole(-8, 8, n, c)
    scale, offset = draw.floats(n, 3), draw.whole(-8, 8, n, 3)
    opened = (numbers - offset.repeat(c // 3, 1)) * scale.repeat(c // 3, 1)
    four = four_bits()
    how = {"data": numbers.astype(four), "scale": scale, "offset": offset.astype(four)}
    yield added("constexpr_blockwise_shift_scale", x, opened, **how)
    how = {"data": numbers.astype(np.int8), "scale": scale}
    yield added("constexpr_blockwise_shift_scale", x, numbers * scale.repeat(c // 3, 1), **how)
    mask = draw.whole(0, 2, n, c)
    mask[0, 0] = 1
    some = draw.floats(int(mask.sum()))
    dense = np.zeros((n, c), np.float32)
    dense[mask == 1] = some
    how = {"nonzero_data": some, "mask": mask.astype(kinds[1])}
    yield added("constexpr_sparse_to_dense", x, dense, **how)
    build = lambda mb, x: mb.add(
        x=x,
        y=mb.constexpr_blockwise_shift_scale(
            data=mb.constexpr_lut_to_dense(
                indices=places_of, lut=np.array(table, np.int8).reshape(1, 1, 4, 1)
            ),
            scale=scale,
        ),
    )
    table = [-5, 7, 9, 100]
    chosen = draw.whole(0, 4, n, c)
    places_of = chosen.astype(kinds[2])
    whole = np.array(table, np.float32)[chosen] * scale.repeat(c // 3, 1)
    yield Case("one in another", (x,), build, lambda x: x + torch.from_numpy(whole))


def kinds_of_few_bits() -> dict[int, Any]:
    """Coremltools' own numpy types for unsigned numbers of fewer than eight bits, and uint8."""
    from coremltools.converters.mil.mil import types

    names = {1: "uint1", 2: "uint2", 3: "uint3", 4: "uint4", 6: "uint6"}
    return {
        **{bits: types.nptype_from_builtin(getattr(types, n)) for bits, n in names.items()},
        8: np.uint8,
    }


def four_bits() -> Any:
    """Coremltools' numpy type for numbers from -8 to 7."""
    from coremltools.converters.mil.mil import types

    return types.nptype_from_builtin(types.int4)


def later(draw: Draw) -> Iterator[Case]:
    """What iOS 17 and 18 brought: attention whole, checked indices, short numbers."""
    build: Made
    hidden: Made
    masked: Made
    places_of: Made
    rows: Made
    short: Made
    want: Made
    whole: Made
    b, h, tokens, width = draw.shape(4)
    ask, key, value = (draw.floats(b, h, tokens, width) for _ in range(3))
    floats = draw.floats(1, 1, tokens, tokens)
    whole = lambda mb, q, k, v: mb.scaled_dot_product_attention(query=q, key=k, value=v)
    yield Case("attention", (ask, key, value), whole, F.scaled_dot_product_attention)
    masked = lambda mb, q, k, v, m: mb.scaled_dot_product_attention(
        query=q, key=k, value=v, attn_mask=m
    )
    four = (ask, key, value, floats)
    yield Case("attention_mask", four, masked, F.scaled_dot_product_attention)
    hidden = lambda mb, q, k, v, m: masked(mb, q, k, v, mb.less(x=m, y=9.0))
    want = lambda q, k, v, _: F.scaled_dot_product_attention(q, k, v)
    yield Case("attention_bool", four, hidden, want)
    x, at = draw.floats(4, 5), draw.whole(0, 4, 3)
    all_of = np.repeat(at[:, None], 5, axis=1)
    rows = lambda x, at: x[at.reshape(3, -1)[:, 0].long()]
    for name, places in (("gather", at), ("gather_nd", at[:, None]), ("gather_along_axis", all_of)):
        build = lambda mb, x, at, name=name: getattr(mb, name)(
            x=x, indices=mb.cast(x=at, dtype="uint16"), validate_indices=False
        )
        yield Case(f"{name}_short", (x, places), build, rows)
    for kind in ("int8", "uint8", "int16", "uint16"):
        build = lambda mb, x, kind=kind: mb.cast(x=mb.cast(x=x, dtype=kind), dtype="int32")
        yield Case(f"cast_{kind}", (np.abs(3 * x),), build, lambda x: x.long())
    short = lambda mb, x: mb.reduce_argmax(x=x, axis=1, output_dtype="uint16")
    places_of = lambda x: x.argmax(1)
    yield Case("argmax_short", (x,), short, places_of)
