"""A stand-in for coremltools, with as much of its interface as `models.coreml_process` uses.

A "package" is a folder with fake.json and weights.npy; "Core ML" multiplies means by weights. What
fake.json has under "faults" goes wrong on those units. It lends its output, as the real one may:
the next prediction writes over the last one.
"""

import enum
import json
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np


class ComputeUnit(enum.Enum):
    ALL = 1
    CPU_AND_GPU = 2
    CPU_ONLY = 3
    CPU_AND_NE = 4


def compile_model(model: str, destination_path: str | None = None) -> str:
    if not model.endswith(".mlpackage"):
        raise ValueError(f"Invalid model file path: '{model}'.")
    assert destination_path is not None
    if not destination_path.endswith(".mlmodelc"):
        raise Exception('"destination_path" parameter must have ".mlmodelc" file extension.')
    if json.loads(Path(model, "fake.json").read_text()).get("faults", {}).get("compile"):
        raise RuntimeError("Error compiling model: it is no ML program")
    shutil.copytree(model, destination_path)
    return destination_path


class CompiledMLModel:
    def __init__(
        self,
        path: str,
        compute_units: ComputeUnit = ComputeUnit.ALL,
        function_name: str | None = None,
        optimization_hints: dict[str, Any] | None = None,
        asset: object = None,
    ) -> None:
        if not isinstance(path, str) or not isinstance(compute_units, ComputeUnit):
            raise TypeError('The "path" parameter must be of type "str".')
        self._told = json.loads(Path(path, "fake.json").read_text())
        self._weights = np.load(Path(path, "weights.npy"))
        self._fault = self._told.get("faults", {}).get(compute_units.name, "")
        self._lent = np.zeros((self._told["shape"][0], self._weights.shape[1]), np.float32)
        if self._fault == "no load":
            raise RuntimeError("Error creating Core ML model")
        if self._fault == "dies":
            os._exit(9)

    def predict(self, data: dict[str, Any], state: object = None) -> dict[str, Any]:
        (array,) = (data[self._told["input"]],)
        if list(array.shape) != self._told["shape"] or array.dtype != self._told["dtype"]:
            raise RuntimeError(f"MultiArray shape {array.shape} is not {self._told['shape']}")
        if not array.flags.writeable or not array.flags.c_contiguous:
            raise ValueError("array is not writeable")  # `mutable_data` in CoreMLPythonArray.mm
        if self._fault == "dies later":
            os._exit(9)
        if array.ndim == 4:
            rows = array.mean(axis=(2, 3)) @ self._weights
        else:
            rows = self._weights[array].mean(axis=1)
        if self._fault == "wrong":
            rows = -rows
        if self._fault == "nan":
            rows = rows * np.nan
        self._lent[:] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return {"vectors": self._lent}


class MLNeuralEngineComputeDevice:
    pass


class MLGPUComputeDevice:
    pass


class MLCPUComputeDevice:
    pass


@dataclass(frozen=True)
class Operation:
    operator_name: str
    device: type | None
    blocks: list["Block"] = field(default_factory=list)


@dataclass(frozen=True)
class Block:
    operations: list[Operation]


MAIN = Block(
    [
        Operation("const", None),
        Operation("conv", MLNeuralEngineComputeDevice),
        Operation("conv", MLNeuralEngineComputeDevice),
        Operation("cond", MLCPUComputeDevice, [Block([Operation("gather", MLCPUComputeDevice)])]),
    ]
)


class MLComputePlan:
    def __init__(self, program: object) -> None:
        self.model_structure = SimpleNamespace(program=program)

    @classmethod
    def load_from_path(
        cls, path: str, compute_units: ComputeUnit = ComputeUnit.ALL
    ) -> "MLComputePlan":
        told = json.loads(Path(path, "fake.json").read_text())
        if told.get("faults", {}).get("plan"):
            raise RuntimeError("MLComputePlan is not supported.")
        return cls(SimpleNamespace(functions={"main": SimpleNamespace(inputs=[], block=MAIN)}))

    def get_compute_device_usage_for_mlprogram_operation(
        self, operation: Operation
    ) -> SimpleNamespace | None:
        if operation.device is None:
            return None
        return SimpleNamespace(
            preferred_compute_device=operation.device(), supported_compute_devices=[]
        )

    def get_estimated_cost_for_mlprogram_operation(self, operation: Operation) -> SimpleNamespace:
        return SimpleNamespace(weight=0.25)


models = SimpleNamespace(
    CompiledMLModel=CompiledMLModel,
    utils=SimpleNamespace(compile_model=compile_model),
    compute_plan=SimpleNamespace(MLComputePlan=MLComputePlan),
    compute_device=SimpleNamespace(
        MLNeuralEngineComputeDevice=MLNeuralEngineComputeDevice,
        MLGPUComputeDevice=MLGPUComputeDevice,
        MLCPUComputeDevice=MLCPUComputeDevice,
    ),
)
