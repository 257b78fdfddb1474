"""Find the few numbers that stand best for all numbers of an array: k-means along one line.

The library's own takes minutes for an array that has no more than 65,536 different values, as any
in half precision. Here each different value is weighed once, by how often it occurs.
"""

import numpy as np
from numpy.typing import NDArray

ROUNDS = 40  # after that, no centre of our towers moves by more than a rounding


def palette(
    values: NDArray[np.floating], count: int
) -> tuple[NDArray[np.floating], NDArray[np.uint8]]:
    """(count,) centres of the type of `values`, and (n,) which of them stands for each value.

    `count` is at most 256. The sum of squared distances is as small as Lloyd's rounds make it.

    >>> table, chosen = palette(np.array([0.0, 0.5, 5.0, 6.0], np.float16), 2)
    >>> table.tolist(), chosen.tolist()
    ([0.25, 5.5], [0, 0, 1, 1])
    """
    bits = values.astype(np.float16).ravel().view(np.uint16)
    often = np.bincount(bits, minlength=1 << 16)
    distinct = np.flatnonzero(often).astype(np.uint16)
    order = np.argsort(distinct.view(np.float16))
    distinct = distinct[order]
    x, weight = distinct.view(np.float16).astype(np.float64), often[distinct].astype(np.float64)
    centres = first_centres(x, weight, count)
    sums = np.concatenate([[0.0], np.cumsum(x * weight)])
    weights = np.concatenate([[0.0], np.cumsum(weight)])
    for _ in range(ROUNDS):
        edges = np.searchsorted(x, (centres[1:] + centres[:-1]) / 2)
        begin, end = np.concatenate([[0], edges]), np.concatenate([edges, [len(x)]])
        held = weights[end] - weights[begin]
        moved = np.where(held > 0, (sums[end] - sums[begin]) / np.maximum(held, 1), centres)
        if np.array_equal(moved, centres):
            break
        centres = np.sort(moved)
    edges = np.searchsorted(x, (centres[1:] + centres[:-1]) / 2)
    nearest = np.searchsorted(edges, np.arange(len(x)), side="right")
    chosen = np.zeros(1 << 16, np.uint8)
    chosen[distinct] = nearest
    return centres.astype(values.dtype), chosen[bits]


def first_centres(
    x: NDArray[np.float64], weight: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """(count,) sorted: more of them where values crowd, by the cube root of their density.

    That is where the best ones lie in the limit of many (Panter and Dite 1951).
    """
    if len(x) <= count:
        return np.concatenate([x, np.full(count - len(x), x[-1])])
    low, high = x[0], x[-1]
    bins = np.linspace(low, high, 4 * count + 1)
    density = np.histogram(x, bins, weights=weight)[0] ** (1 / 3)
    reached = np.concatenate([[0.0], np.cumsum(density)]) / density.sum()
    return np.interp((np.arange(count) + 0.5) / count, reached, bins)
