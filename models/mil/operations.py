"""Every operation that the evaluator knows, by the name that MIL gives it.

What each does is written in coremltools' documentation of its operations (`mb.conv` and so on),
https://apple.github.io/coremltools/source/coremltools.converters.mil.mil.ops.defs.html; each is
tested against torch or numpy, through a file.
"""

from models.mil import (
    activations,
    elementwise,
    normalisations,
    picking,
    products,
    reductions,
    shapes,
    windows,
)
from models.mil.operands import Function

OPERATIONS: dict[str, Function] = {
    **elementwise.OPERATIONS,
    **activations.OPERATIONS,
    **reductions.OPERATIONS,
    **products.OPERATIONS,
    **normalisations.OPERATIONS,
    **windows.OPERATIONS,
    **shapes.OPERATIONS,
    **picking.OPERATIONS,
}

# They only move numbers: what they give was noted and rounded where it was made, so neither is
# done again. It saves a fifth of the time of a Transformer.
MOVES = frozenset(
    ("expand_dims", "identity", "reshape", "slice_by_index", "split", "squeeze", "transpose")
)
