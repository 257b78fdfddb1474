"""The process that runs Core ML: packages are compiled, arrays become vectors. On a Mac alone.

It is a process of its own because coremltools brings half a world along (torch, where it is
installed, may never meet FAISS), and because a package that Core ML dies of must not end a search.
It inherits what its starter may not do, the network above all. It is asked on stdin and answers on
stdout, as `framed` says; it ends when stdin closes.
"""

import logging
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from models.framed import Array, Header, receive, send

REFERENCES = 1000  # to each input, so that some may get lost
# coremltools takes these along where they are installed; none is needed to run a model.
UNWANTED = ("torch", "torchvision", "transformers", "tensorflow", "sklearn")
DEVICES = {
    "MLNeuralEngineComputeDevice": "neural_engine",
    "MLGPUComputeDevice": "gpu",
    "MLCPUComputeDevice": "cpu",
}


class Models:
    """Loaded models by name, of this process alone: no name of one that died fits another's.

    `library` is coremltools, or what stands for it in a test.
    """

    def __init__(self, library: Any) -> None:
        self._library = library
        self._loaded: dict[str, Any] = {}
        self._made = 0
        self._fed: dict[tuple[Any, ...], list[Array]] = {}

    def answer(self, asked: Header, array: Array | None) -> tuple[Header, Array | None]:
        """Do what is asked. What goes wrong is an answer too: {"trouble": why}."""
        try:
            if asked["do"] == "predict" and array is not None:
                return self._predict(asked, array)
            if asked["do"] == "compile":
                return self._compile(asked["package"], asked["compiled"]), None
            if asked["do"] == "load":
                return self._load(asked["compiled"], asked["units"]), None
            if asked["do"] == "drop":
                del self._loaded[asked["model"]]
                return {}, None
            if asked["do"] == "plan":
                return self._plan(asked["compiled"], asked["units"]), None
            return {"trouble": f"nobody knows how to {asked['do']}"}, None
        except Exception as error:  # Core ML's own come as RuntimeError, ValueError, Exception
            return {"trouble": f"{type(error).__name__}: {error}"}, None

    def _compile(self, package: str, compiled: str) -> Header:
        self._library.models.utils.compile_model(package, compiled)
        return {}

    def _load(self, compiled: str, units: str) -> Header:
        """Load a compiled model. The first time on a machine the system prepares it: seconds."""
        began_s = time.monotonic()
        units = self._library.ComputeUnit[units]
        model = self._library.models.CompiledMLModel(compiled, units)
        self._made += 1
        name = f"{os.getpid()}-{self._made}"
        self._loaded[name] = model
        return {"model": name, "load_s": time.monotonic() - began_s}

    def _predict(self, asked: Header, array: Array) -> tuple[Header, Array]:
        """One batch. The rows are copied at once: they may lie in memory that Core ML lends.

        It lends IOSurfaces, and a system has some 16,000 of them.
        """
        model, fed = self._loaded[asked["model"]], self._lasting(array)
        began_s = time.monotonic()
        predicted = model.predict({asked["input"]: fed})
        rows = np.array(predicted[asked["output"]], np.float32, copy=True)
        return {"predict_s": time.monotonic() - began_s}, rows

    def _lasting(self, array: Array) -> Array:
        """The numbers of `array` in one that is never freed, the same for each of its shape.

        Core ML lets go of an input some time after its prediction, on a thread that Python knows
        nothing of: coremltools 9.0 then counts a reference down without the lock (mended later in
        its CoreMLPythonArray.mm). A count that is off by a few must not free what is in use.
        """
        kept = self._fed.setdefault((array.shape, array.dtype), [])
        if not kept:
            kept.extend([array] * REFERENCES)
        if kept[0] is not array:
            kept[0][:] = array
        return kept[0]

    def _plan(self, compiled: str, units: str) -> Header:
        """What Core ML means to run where: {device: {kind of operation: how many}}, and costs."""
        units = self._library.ComputeUnit[units]
        plan = self._library.models.compute_plan.MLComputePlan.load_from_path(compiled, units)
        program = plan.model_structure.program
        if program is None:
            return {"trouble": "it is no ML program"}
        operations: dict[str, dict[str, int]] = {}
        costs: dict[str, float] = {}
        for operation in every(block.block for block in program.functions.values()):
            usage = plan.get_compute_device_usage_for_mlprogram_operation(operation)
            if usage is None:  # a constant, which nothing executes
                continue
            kind = type(usage.preferred_compute_device).__name__
            device = DEVICES.get(kind, kind)
            counts = operations.setdefault(device, {})
            name = operation.operator_name
            counts[name] = counts.get(name, 0) + 1
            cost = plan.get_estimated_cost_for_mlprogram_operation(operation)
            costs[device] = costs.get(device, 0.0) + (cost.weight if cost is not None else 0.0)
        return {"operations": operations, "costs": costs}


def every(blocks: Any) -> Iterator[Any]:
    """All operations of `blocks`, in order, and of the blocks within them."""
    for block in blocks:
        for operation in block.operations:
            yield operation
            yield from every(operation.blocks)


def main(_: list[str]) -> int:
    """Answer until stdin closes; the exit status."""
    asking, answering = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not mix with answers
    for name in UNWANTED:
        sys.modules[name] = None  # type: ignore[assignment]  # Python's own way to forbid an import
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    import coremltools

    models = Models(coremltools)
    while True:
        try:
            asked, array = receive(asking)
            send(answering, *models.answer(asked, array))
        except (EOFError, OSError):
            return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
