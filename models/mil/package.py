"""Read an .mlpackage: its manifest, the program in its protobuf, and the weights beside it.

    Manifest.json                                     names the file that is the model
    Data/com.apple.CoreML/model.mlmodel               the protobuf: what goes in and out, and the
                                                      program, a list of operations
    Data/com.apple.CoreML/weights/weight.bin          the numbers (`blob.py`), named by offset

Nothing here runs the converter, and nothing of what is read comes from its memory: what a Mac
would load is what is read. The format is that of `mlmodel/format/*.proto` in apple/coremltools.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from models.mil.blob import Blobs
from models.mil.errors import BadPackage, UnknownOperation
from models.mil.messages import messages
from models.mil.values import Type, Value, type_of, value_of

MANIFEST = "Manifest.json"
BESIDE = "@model_path/"  # how a program names the folder of its own file
ARRAYS = {65552: "float16", 65568: "float32", 65600: "float64", 131104: "int32"}


@dataclass(frozen=True, slots=True)
class Name:
    """An operand that an earlier operation made, or that was fed."""

    name: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One step: `kind` says what it does to its `inputs`, `outputs` what to call the results.

    An input of several values is a tuple. Attributes stand among the inputs: they only differ in
    that they are constants, and older kinds of operation keep their constants there.
    """

    kind: str
    name: str
    inputs: Mapping[str, "Name | Value | tuple[Name | Value, ...]"]
    outputs: tuple[tuple[str, Type], ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """What is fed or given back: numbers of `kind` in `shape`.

    `others` are further shapes that may be fed; `bounds`, where not empty, the least and the most
    (None: any) of each dimension.
    """

    kind: str
    shape: tuple[int, ...]
    others: tuple[tuple[int, ...], ...] = ()
    bounds: tuple[tuple[int, int | None], ...] = ()

    def admits(self, shape: tuple[int, ...]) -> bool:
        """Whether an array of `shape` may be fed."""
        if self.bounds:
            return len(shape) == len(self.bounds) and all(
                least <= size and (most is None or size <= most)
                for size, (least, most) in zip(shape, self.bounds, strict=True)
            )
        return shape == self.shape or shape in self.others


@dataclass(frozen=True, slots=True)
class Program:
    """A model that was read: what is fed, what comes out, and the operations between."""

    inputs: Mapping[str, Feature]
    outputs: Mapping[str, Feature]
    operations: tuple[Operation, ...]
    results: tuple[str, ...]  # the names of values that go out


def read(path: Path) -> Program:
    """The ML program in the package at `path`.

    Raises BadPackage: a file is missing, cut or damaged, or it is another kind of model.
    Raises UnknownOperation: it needs something that we can not even read.
    """
    file = _model_file(path)
    try:
        model = messages().Model_pb2.Model.FromString(file.read_bytes())
    except OSError as error:
        raise BadPackage(
            f"{file} can not be read ({error.strerror}). Export the package again."
        ) from error
    except Exception as error:  # protobuf's DecodeError, which its C part keeps to itself
        raise BadPackage(f"{file} is cut or damaged. Export the package again.") from error
    if model.WhichOneof("Type") != "mlProgram":
        raise BadPackage(f"{path} is no ML program. Export it with convert_to='mlprogram'.")
    if set(model.mlProgram.functions) != {"main"}:
        raise UnknownOperation(f"a program of functions {sorted(model.mlProgram.functions)}")
    function = model.mlProgram.functions["main"]
    if function.opset not in function.block_specializations:
        raise BadPackage(f"{file} has no block {function.opset}. Export the package again.")
    block = function.block_specializations[function.opset]
    reader = _Reader(file)
    return Program(
        inputs={one.name: feature_of(one) for one in model.description.input},
        outputs={one.name: feature_of(one) for one in model.description.output},
        operations=tuple(reader.operation(one) for one in block.operations),
        results=tuple(block.outputs),
    )


def _model_file(path: Path) -> Path:
    """The protobuf in a package, as the manifest names it. Raises BadPackage."""
    manifest = path / MANIFEST
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))
        relative = entries["itemInfoEntries"][entries["rootModelIdentifier"]]["path"]
        inside = PurePosixPath(relative)
    except OSError as error:
        raise BadPackage(
            f"{path} is no package: {MANIFEST} can not be read ({error.strerror}). "
            "Name a folder that ends in .mlpackage, or export it again."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadPackage(
            f"{manifest} names no model ({error!r}). Export the package again."
        ) from error
    if inside.is_absolute() or ".." in inside.parts:
        raise BadPackage(f"{manifest} names {relative}, outside the package. Do not trust it.")
    return path / "Data" / inside


def feature_of(message: Any) -> Feature:
    """One input or output of a `ModelDescription`. Raises UnknownOperation: no multi-array."""
    if message.type.WhichOneof("Type") != "multiArrayType":
        raise UnknownOperation(
            f"the {message.type.WhichOneof('Type')} of {message.name} (multi-arrays alone)"
        )
    array = message.type.multiArrayType
    if array.dataType not in ARRAYS:
        raise UnknownOperation(f"arrays of kind {array.dataType}, as {message.name} is")
    others = tuple(tuple(one.shape) for one in array.enumeratedShapes.shapes)
    bounds = tuple(
        (one.lowerBound, None if one.upperBound < 0 else one.upperBound)
        for one in array.shapeRange.sizeRanges
    )
    return Feature(ARRAYS[array.dataType], tuple(array.shape), others, bounds)


class _Reader:
    """Turns the messages of one program into operations, and opens its weights once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._blobs: dict[str, Blobs] = {}

    def operation(self, message: Any) -> Operation:
        """One operation. Raises BadPackage, UnknownOperation."""
        if message.blocks:
            raise UnknownOperation(f"blocks inside an operation, as in {message.type}")
        named = {key: value_of(one, self._open) for key, one in message.attributes.items()}
        name = str(named.pop("name", ""))
        inputs: dict[str, Name | Value | tuple[Name | Value, ...]] = dict(named)
        for key, argument in message.inputs.items():
            values = tuple(self._operand(one) for one in argument.arguments)
            inputs[key] = values[0] if len(values) == 1 else values
        outputs = tuple((one.name, type_of(one.type)) for one in message.outputs)
        if not outputs:
            raise UnknownOperation(f"an operation without results, as {message.type}")
        return Operation(message.type, name or outputs[0][0], inputs, outputs)

    def _operand(self, binding: Any) -> Name | Value:
        if binding.WhichOneof("binding") == "name":
            return Name(binding.name)
        return value_of(binding.value, self._open)

    def _open(self, name: str) -> Blobs:
        """The weights that a program calls `name`. Raises BadPackage."""
        if name not in self._blobs:
            inside = PurePosixPath(name.removeprefix(BESIDE))
            if not name.startswith(BESIDE) or ".." in inside.parts or inside.is_absolute():
                raise BadPackage(f"{self._file} names weights {name}, outside the package.")
            self._blobs[name] = Blobs(self._file.parent / inside)
        return self._blobs[name]
