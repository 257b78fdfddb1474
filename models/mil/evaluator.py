"""Run the ML program of an .mlpackage on any machine, and see how large its numbers grow.

    >>> evaluator = Evaluator(Path("image.mlpackage"), precision="float16")  # doctest: +SKIP
    >>> vectors = evaluator.run({"images": pixels})["vectors"]               # doctest: +SKIP
    >>> evaluator.overflows()                                                # doctest: +SKIP
    {}

In "float32" nothing is rounded but the weights, which are float16 on disk. In "float16" each
result that the program declares as float16 is rounded after its operation, as memory would; the
sums inside an operation are float32.

What this does not model: how a Neural Engine adds up inside a convolution or a product (in which
order, how wide, with what is fused), how a GPU does, and what Core ML rewrites when it compiles.
It proves that the package on disk says what the model did, and that no result leaves the range of
float16. How a device rounds is only known from a device.
"""

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.errors import KnownError
from models.mil.errors import BadPackage, UnknownOperation
from models.mil.operations import MOVES
from models.mil.package import Feature, Name, read
from models.mil.plan import Argument, Step, plan
from models.mil.values import Type

__all__ = ["LARGEST_HALF", "BadPackage", "Evaluator", "UnknownOperation"]

LARGEST_HALF = 65504.0  # the largest number of float16
Precision = Literal["float32", "float16"]
BROKEN = (RuntimeError, LookupError, ArithmeticError, ValueError, TypeError, AttributeError)


class Evaluator:
    """A package, ready to run. One run at a time.

    `inputs` and `outputs` give shape and kind by name; `operations` counts the operations of each
    kind that run; `largest` is, for each operation ("name/kind") that ran and did more than move
    numbers, the largest magnitude among its results so far, before they were rounded.
    """

    def __init__(self, package: Path, precision: Precision = "float32") -> None:
        """Read and open it. Raises BadPackage, UnknownOperation."""
        self._package = package
        self._half = precision == "float16"
        program = read(package)
        self.inputs: Mapping[str, Feature] = program.inputs
        self.outputs: Mapping[str, Feature] = program.outputs
        self._steps = plan(program, self._half)
        self.operations = Counter(step.kind for step in self._steps)
        self.largest: dict[str, float] = {}
        self._in_half = {
            _key(step)
            for step in self._steps
            if any(declared.kind == "float16" for _, declared in step.results)
        }

    def run(self, feed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Outputs by name, float32 or int32, of arrays by name, which are not changed.

        Raises KnownError where they do not fit, UnknownOperation for a setting that only a run
        shows, BadPackage where the program contradicts itself.
        """
        values = self._fed(feed)
        with torch.inference_mode():
            for step in self._steps:
                results = self._results(step, values)
                values.update((name, value) for (name, _), value in results)
                for name in step.done:
                    values.pop(name, None)
        return {name: _given_back(values[name]) for name in self.outputs}

    def overflows(self) -> dict[str, float]:
        """The operations of float16 whose results went beyond it, and how far."""
        return {
            name: most
            for name, most in self.largest.items()
            if name in self._in_half and most > LARGEST_HALF
        }

    def _fed(self, feed: Mapping[str, NDArray[Any]]) -> dict[str, Tensor]:
        """The inputs as tensors. Raises KnownError."""
        if set(feed) != set(self.inputs):
            raise KnownError(
                f"{self._package.name} wants {sorted(self.inputs)}, and was fed {sorted(feed)}."
            )
        values = {}
        for name, feature in self.inputs.items():
            array = np.asarray(feed[name])
            if not feature.admits(array.shape):
                raise KnownError(
                    f"{name} of {self._package.name} has the shape {feature.shape}, "
                    f"and was fed {array.shape}. Pad the batch, or cut it."
                )
            if feature.kind == "int32" and array.dtype.kind not in "iu":
                raise KnownError(f"{name} of {self._package.name} wants whole numbers.")
            wanted = np.int64 if feature.kind == "int32" else np.float32
            tensor = torch.from_numpy(array.astype(wanted))
            rounds = self._half and feature.kind == "float16"
            values[name] = tensor.half().float() if rounds else tensor
        return values

    def _results(
        self, step: Step, values: Mapping[str, Tensor]
    ) -> list[tuple[tuple[str, Type], Tensor]]:
        """What a step makes, noted and rounded."""
        given = {key: _resolved(value, values) for key, value in step.arguments.items()}
        where = f"{self._package.name}, {step.kind} {step.name}"
        try:
            made = step.function(**given)
        except UnknownOperation as error:
            raise UnknownOperation(f"{error.what}, in {where}") from error
        except BROKEN as error:
            raise BadPackage(f"{where} can not be done: {error}") from error
        results = made if isinstance(made, tuple) else (made,)
        if len(results) != len(step.results):
            raise BadPackage(f"{where} has {len(results)} results, not {len(step.results)}.")
        noted = []
        for (name, declared), result in zip(step.results, results, strict=True):
            if not declared.admits(tuple(result.shape)) or not _is_of(declared.kind, result):
                raise BadPackage(
                    f"{where} makes {tuple(result.shape)} {result.dtype}, not {declared}."
                )
            if result.is_floating_point() and step.kind not in MOVES:
                self._note(step, result, given)
                if self._half and declared.kind == "float16":
                    result = result.half().float()
            noted.append(((name, declared), result))
        return noted

    def _note(self, step: Step, result: Tensor, given: Mapping[str, Any]) -> None:
        """Remember the largest magnitude of a result."""
        key = _key(step)
        self.largest[key] = max(self.largest.get(key, 0.0), _magnitude(result, given))


def _key(step: Step) -> str:
    return f"{step.name}/{step.kind}"


def _resolved(argument: Argument, values: Mapping[str, Tensor]) -> Any:
    """An argument with values in place of names."""
    if isinstance(argument, tuple):
        return tuple(_resolved(part, values) for part in argument)
    return values[argument.name] if isinstance(argument, Name) else argument


def _is_of(kind: str, result: Tensor) -> bool:
    """Whether a result is of the family of numbers that was declared."""
    if result.is_floating_point():
        return kind.startswith("float")
    if result.dtype == torch.bool:
        return kind == "bool"
    return "int" in kind


def _magnitude(result: Tensor, given: Mapping[str, Any]) -> float:
    """The largest |number| of a result; infinity where one is no number.

    Where an operand was infinite already, as a mask for attention is, only what is finite counts:
    that infinity was meant.
    """
    if not result.numel():
        return 0.0
    least, most = (float(one) for one in torch.aminmax(result))
    if math.isfinite(least) and math.isfinite(most):
        return max(-least, most)
    meant = any(
        isinstance(part, Tensor) and part.is_floating_point() and bool(part.isinf().any())
        for value in given.values()
        for part in (value if isinstance(value, tuple) else (value,))
    )
    if math.isnan(least) or not meant:
        return math.inf
    finite = result[result.isfinite()].abs()
    return float(finite.max()) if finite.numel() else 0.0


def _given_back(value: Tensor) -> NDArray[Any]:
    """A copy of a result: float32, int32 or bool."""
    kind = torch.int32 if value.dtype == torch.int64 else value.dtype
    return value.to(kind).clone().contiguous().numpy()
