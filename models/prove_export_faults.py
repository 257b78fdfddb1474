"""Break an .mlpackage on disk in one place at a time, as a wrong exporter would, and mend it again.

    for fault in faults(package, count=12):
        with planted(package, fault):
            ...  # what the gate must refuse

An array may have the other sign, its rows in reverse order, or be written along the other axis
(as if rows were columns); a transpose may be left out; the first convolution may take blue for
red. All but the order of a few arrays keep every shape, so that nothing but numbers tells.
"""

import contextlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.mil.messages import messages

Kind = Literal["sign", "reversed", "transposed", "channels", "transpose left out"]
ARRAYS: tuple[Kind, ...] = ("sign", "reversed", "transposed")

INSIDE = Path("Data", "com.apple.CoreML")
MODEL, WEIGHTS = INSIDE / "model.mlmodel", INSIDE / "weights" / "weight.bin"
ENTRY = struct.Struct("<IIQQ")  # of an array's metadata: mark, kind, size and offset in bytes
HALF_FLOAT = 10  # FLOAT16 in MIL.proto's DataType
OF_TRANSPOSES = 4  # every so manyth fault leaves a transpose out, where there are so many

# What these hold is the same for all that one question is compared with, and softmax takes it away
# again: no input of any weights shows it. They are left alone.
NEVER_SEEN = ("k_proj_bias", "key_bias")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing done to one array, or to the operation called `name`."""

    kind: Kind
    name: str
    offset: int = 0  # of the array's metadata among the weights
    shape: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}, {self.kind}"


def faults(package: Path, count: int | None = None) -> list[Fault]:
    """Faults that can be planted in `package`: `count` of them, evenly spread, or one per array.

    The order of channels is always among those of an image tower. An array in which no fault
    changes a number, as one of zeros, is passed over.
    """
    block = _block(_model(package))
    arrays = [
        fault
        for operation in block.operations
        if (fault := _of_array(operation)) and not any(part in fault.name for part in NEVER_SEEN)
    ]
    left_out = [
        Fault("transpose left out", one.outputs[0].name)
        for one in block.operations
        if one.type == "transpose" and _shapes(block, one) is not None
    ]
    if count is not None:
        arrays = _spread(arrays, count - count // OF_TRANSPOSES)
        left_out = _spread(left_out, count // OF_TRANSPOSES)
    chosen = [_that_changes(package, fault, number) for number, fault in enumerate(arrays)]
    return [*_channels(block), *(fault for fault in chosen if fault), *left_out]


@contextlib.contextmanager
def planted(package: Path, fault: Fault) -> Iterator[None]:
    """The package with the fault in it; what it was before when the block is left."""
    if fault.kind == "transpose left out":
        path, at, new = package / MODEL, 0, _without_transpose(package, fault.name)
        old = path.read_bytes()
    else:
        path = package / WEIGHTS
        at, array = _read(path, fault)
        old, new = array.tobytes(), changed(array, fault.kind).tobytes()
    _write(path, at, new, old)
    try:
        yield
    finally:
        _write(path, at, old, new)


def changed(array: NDArray[np.float16], kind: Kind) -> NDArray[np.float16]:
    """The array with one fault, in the same shape.

    >>> changed(np.array([[1, 2, 3], [4, 5, 6]], np.float16), "transposed").tolist()
    [[1.0, 4.0, 2.0], [5.0, 3.0, 6.0]]
    """
    if kind == "sign":
        return -array
    if kind == "reversed":
        return array[::-1]
    if kind == "channels":
        return array[:, ::-1]
    return np.ascontiguousarray(array.T).reshape(array.shape)


def _of_array(operation: Any) -> Fault | None:
    """A constant of float16 that lies among the weights; its kind is still to be chosen."""
    if operation.type != "const":
        return None
    value = operation.attributes["val"]
    kind = value.type.tensorType
    if value.WhichOneof("value") != "blobFileValue" or kind.dataType != HALF_FLOAT:
        return None
    shape = tuple(int(one.constant.size) for one in kind.dimensions)
    return Fault("sign", operation.outputs[0].name, value.blobFileValue.offset, shape)


def _that_changes(package: Path, fault: Fault, number: int) -> Fault | None:
    """The fault as one of the kinds, by turns, which changes something in its array."""
    _, array = _read(package / WEIGHTS, fault)
    for turn in range(len(ARRAYS)):
        kind = ARRAYS[(number + turn) % len(ARRAYS)]
        if not np.array_equal(array, changed(array, kind)):
            return Fault(kind, fault.name, fault.offset, fault.shape)
    return None


def _channels(block: Any) -> list[Fault]:
    """The first convolution reads the channels in reverse; nothing where it has not three."""
    arrays = {one.outputs[0].name: _of_array(one) for one in block.operations}
    for operation in block.operations:
        if operation.type == "conv":
            fault = arrays.get(operation.inputs["weight"].arguments[0].name)
            if fault is not None and fault.shape[1] == 3:
                return [Fault("channels", fault.name, fault.offset, fault.shape)]
            return []
    return []


def _without_transpose(package: Path, name: str) -> bytes:
    """The program where the transpose `name` gives what it is given."""
    model = _model(package)
    block = _block(model)
    (operation,) = (one for one in block.operations if name in [o.name for o in one.outputs])
    shapes = _shapes(block, operation)
    assert shapes is not None, "only such transposes are chosen"
    perm, before = shapes
    perm.immediateValue.tensor.ints.values[:] = range(len(before))
    for dimension, size in zip(
        operation.outputs[0].type.tensorType.dimensions, before, strict=True
    ):
        dimension.constant.size = size
    whole: bytes = model.SerializeToString()
    return whole


def _shapes(block: Any, operation: Any) -> tuple[Any, list[int]] | None:
    """The order of axes of a transpose, and the shape before it; None where it does nothing."""
    wanted = operation.inputs["perm"].arguments[0].name
    constants = [one for one in block.operations if one.type == "const"]
    named = [one for one in constants if one.outputs[0].name == wanted]
    if not named:
        return None
    perm = named[0].attributes["val"]
    order = list(perm.immediateValue.tensor.ints.values)
    order = [axis % len(order) for axis in order]
    after = [int(d.constant.size) for d in operation.outputs[0].type.tensorType.dimensions]
    before = [after[order.index(axis)] for axis in range(len(order))]
    larger = [axis for axis in order if before[axis] > 1]
    return (perm, before) if larger != sorted(larger) else None


def _spread(faults: list[Fault], count: int) -> list[Fault]:
    """`count` of them from the first to the last; all where there are no more."""
    if len(faults) <= count:
        return faults
    return [faults[int(at)] for at in np.linspace(0, len(faults) - 1, count).round()]


def _read(path: Path, fault: Fault) -> tuple[int, NDArray[np.float16]]:
    """Where an array's data begin, and a copy of them."""
    with path.open("rb") as file:
        file.seek(fault.offset)
        _, _, size, at = ENTRY.unpack(file.read(ENTRY.size))
        file.seek(at)
        return at, np.frombuffer(file.read(size), "<f2").reshape(fault.shape)


def _write(path: Path, at: int, new: bytes, old: bytes) -> None:
    """Put `new` in the place of `old`."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(new)
        if len(new) != len(old):
            file.truncate()


def _model(package: Path) -> Any:
    return messages().Model_pb2.Model.FromString((package / MODEL).read_bytes())


def _block(model: Any) -> Any:
    function = model.mlProgram.functions["main"]
    return function.block_specializations[function.opset]
