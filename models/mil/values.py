"""Turn the types and values of a program's messages into ours.

A value is an array, or a string (a mode, such as that of `gelu`). Arrays keep the kind of number
that they are stored in; packed numbers come one to a byte.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.mil.blob import BY_NAME, Blobs, unpack
from models.mil.errors import BadPackage, UnknownOperation

Value = NDArray[Any] | str

KINDS = {  # of MIL.proto, enum DataType
    **{1: "bool", 2: "string", 10: "float16", 11: "float32", 12: "float64"},
    **{21: "int8", 22: "int16", 23: "int32", 24: "int64", 25: "int4"},
    **{31: "uint8", 32: "uint16", 33: "uint32", 35: "uint4"},
    **{36: "uint2", 37: "uint1", 38: "uint6", 39: "uint3"},
}
FIELDS = {  # where a message keeps immediate numbers; all other kinds are in `bytes`
    **{"bool": "bools", "float32": "floats", "float64": "doubles", "int64": "longInts"},
    **{"int16": "ints", "uint16": "ints", "int32": "ints"},
}


@dataclass(frozen=True, slots=True)
class Type:
    """A kind of number and a shape; None is a dimension that only a run decides."""

    kind: str
    shape: tuple[int | None, ...]

    def admits(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor of `shape` is of this type."""
        pairs = zip(self.shape, shape, strict=False)
        return len(self.shape) == len(shape) and all(
            here is None or here == there for here, there in pairs
        )


def type_of(message: Any) -> Type:
    """The type in a `ValueType`. Raises UnknownOperation: lists, dictionaries and states."""
    kind = message.WhichOneof("type")
    if kind != "tensorType":
        raise UnknownOperation(f"values of {kind}")
    tensor = message.tensorType
    if tensor.dataType not in KINDS:
        raise UnknownOperation(f"numbers of kind {tensor.dataType} (MIL.proto, DataType)")
    if tensor.rank != len(tensor.dimensions):
        raise UnknownOperation("tensors of no fixed rank")
    shape = tuple(
        one.constant.size if one.WhichOneof("dimension") == "constant" else None
        for one in tensor.dimensions
    )
    return Type(KINDS[tensor.dataType], shape)


def value_of(message: Any, open_blobs: Callable[[str], Blobs]) -> Value:
    """The constant in a `Value`; `open_blobs` gives the file of weights of a name in the program.

    Raises BadPackage where numbers are missing, UnknownOperation.
    """
    kind = type_of(message.type)
    if None in kind.shape:
        raise BadPackage("A constant has no shape. Export the package again.")
    shape = tuple(size for size in kind.shape if size is not None)
    count = math.prod(shape)
    if message.WhichOneof("value") == "blobFileValue":
        blob = message.blobFileValue
        return open_blobs(blob.fileName).read(blob.offset, kind.kind, count).reshape(shape)
    tensor = message.immediateValue.tensor
    if kind.kind == "string":
        if count != 1 or len(tensor.strings.values) != 1:
            raise UnknownOperation("tensors of words")
        return str(tensor.strings.values[0])
    array = _immediate(tensor, kind.kind, count)
    if array.size != count:
        raise BadPackage(f"A constant of shape {shape} has {array.size} numbers. Export it again.")
    return array.reshape(shape)


def _immediate(tensor: Any, kind: str, count: int) -> NDArray[Any]:
    """The numbers of a `TensorValue`, in 1-D."""
    if kind in FIELDS:
        return np.array(getattr(tensor, FIELDS[kind]).values, np.dtype(kind))
    stored = BY_NAME[kind]
    data = np.frombuffer(tensor.bytes.values, np.uint8)
    if data.size != -(-count * stored.bits // 8):
        return data  # of a wrong size: the caller says so
    return unpack(data, stored, count)
