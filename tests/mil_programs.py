"""Small ML programs for tests: built with coremltools, and saved as packages on disk.

They reach the evaluator through real files: what coremltools wrote is what it reads.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

logging.getLogger("coremltools").setLevel(logging.ERROR)  # it warns of every untested version

Array = NDArray[Any]
Made = Callable[..., Any]  # of variables or tensors; each case has operands of its own
HALF = ("add_fp16_cast", "cast_optimization", "const_elimination", "dead_code_elimination")


@dataclass(frozen=True)
class Case:
    """An operation on `fed` arrays: how to `build` it of coremltools' variables, what to `want`.

    `build` gets coremltools' builder first; `want` gets float32 and int64 tensors.
    """

    name: str
    fed: tuple[Array, ...]
    build: Made
    want: Made


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without coremltools' warnings and progress bars."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def save(
    path: Path,
    fed: Sequence[Array],
    build: Made,
    target: str = "iOS16",
    half: bool = False,
) -> Path:
    """A package of what `build` makes of the builder and of inputs x0, x1, ... like `fed`.

    Nothing is rewritten on the way, but that with `half` all is float16 between in- and outputs.
    """
    with quiet():
        import coremltools as ct
        from coremltools.converters.mil import Builder as mb
        from coremltools.converters.mil.mil import Function, Program, types

        opset = getattr(ct.target, target)
        kinds = {"f": types.fp32, "i": types.int32}
        inputs = {
            f"x{at}": mb.placeholder(one.shape, kinds[one.dtype.kind]) for at, one in enumerate(fed)
        }
        with Function(inputs, opset_version=opset) as function:
            made = build(mb, *function.inputs.values())
            function.set_outputs(made if isinstance(made, list) else [made])
        program = Program()
        program.add_function("main", function)
        passes = [f"common::{one}" for one in HALF] if half else []
        model = ct.convert(
            program,
            convert_to="mlprogram",
            minimum_deployment_target=opset,
            compute_precision=ct.precision.FLOAT16 if half else ct.precision.FLOAT32,
            pass_pipeline=ct.PassPipeline(passes, "few"),
            skip_model_load=True,
        )
        model.save(str(path))
    return path


def save_cases(path: Path, cases: Sequence[Case], target: str = "iOS16") -> dict[str, list[str]]:
    """One package of many cases. Gives the names of each one's outputs."""
    made: dict[str, list[str]] = {}

    def build(mb: Any, *inputs: Any) -> list[Any]:
        results, at = [], 0
        for case in cases:
            result = case.build(mb, *inputs[at : at + len(case.fed)])
            at += len(case.fed)
            parts = list(result) if isinstance(result, list | tuple) else [result]
            parts = [_as_output(mb, part) for part in parts]
            made[case.name] = [part.name for part in parts]
            results += parts
        return results

    save(path, [array for case in cases for array in case.fed], build, target)
    return made


def feed(cases: Sequence[Case]) -> dict[str, Array]:
    """What the package of `save_cases` is fed."""
    arrays = [array for case in cases for array in case.fed]
    return {f"x{at}": array for at, array in enumerate(arrays)}


def wanted(case: Case) -> list[Array]:
    """What torch makes of a case, as a package gives it."""
    made = case.want(*(torch.from_numpy(one) for one in case.fed))
    parts = [made] if isinstance(made, Tensor) else list(made)
    return [
        np.atleast_1d((part.float() if part.dtype == torch.bool else part).numpy())
        for part in parts
    ]


def _as_output(mb: Any, value: Any) -> Any:
    """A value that may leave a program: of its own name, no bool, no short number, no scalar."""
    kind = value.dtype.__name__
    if kind == "bool":
        value = mb.cast(x=value, dtype="fp32")
    elif "16" in kind:
        value = mb.cast(x=value, dtype="int32")
    return mb.expand_dims(x=value, axes=[0]) if value.rank == 0 else mb.identity(x=value)
