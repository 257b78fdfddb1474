"""What runs Core ML feeds our packages as they want to be fed, the evaluator playing Core ML."""

import enum
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from models.conv_tower import Block, ImageConfig
from models.coreml import CoreMLEncoder
from models.coreml_link import RUN_S, Link
from models.coreml_process import Models
from models.errors import BadEncoder
from models.export_coreml import write_coreml
from models.export_onnx import write_onnx
from models.exportable import of_ours
from models.framed import Array, Header
from models.gate import HALF, ask, compare, samples
from models.mil.evaluator import Evaluator
from models.onnx import OnnxEncoder
from models.sizes import Size
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn
from models.wake import wake

COUNT = 21  # no multiple of a batch


class ComputeUnit(enum.Enum):
    ALL = 1
    CPU_AND_GPU = 2
    CPU_ONLY = 3
    CPU_AND_NE = 4


class Executed:
    """A "compiled model": the package itself, run operation by operation with float16 rounding."""

    def __init__(self, path: str, _: ComputeUnit) -> None:
        self._evaluator = Evaluator(Path(path), "float16")

    def predict(self, data: dict[str, Any]) -> dict[str, Any]:
        ((name, wanted),) = self._evaluator.inputs.items()
        assert (data[name].shape, str(data[name].dtype)) == (wanted.shape, wanted.kind)
        return self._evaluator.run(data)


class InThisProcess(Link):
    """A link to models that lie here."""

    def __init__(self) -> None:
        super().__init__()
        utils = SimpleNamespace(compile_model=shutil.copytree)
        models = SimpleNamespace(CompiledMLModel=Executed, utils=utils)
        self._models = Models(SimpleNamespace(models=models, ComputeUnit=ComputeUnit))

    def ask(
        self,
        request: Header,
        array: Array | None = None,
        within_s: float = RUN_S,  # noqa: ARG002 - nobody waits
    ) -> tuple[Header, Array | None]:
        answer, rows = self._models.answer(request, array)
        if "trouble" in answer:
            raise BadEncoder(answer["trouble"])
        return answer, rows


@pytest.mark.slow
def test_exported_packages_run_as_core_ml_would_run_them(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    sentences = ["a dog on the grass", "a red boat on the sea", "two cups on a table"]
    tokenizer = Tokenizer(learn(sentences * 3, 100))
    tokenizer.write(tmp_path / "table")
    blocks = (
        Block(16, stride=2, expansion=2),
        Block(24, stride=2, expansion=2),
    )
    image = ImageConfig(side=64, stem=8, blocks=blocks, width=32)
    size = Size(image, TextConfig(tokenizer.size, 16, 32, 2, 1), 16)
    exportable = of_ours(size, tmp_path / "table", "tiny")
    photos, words = samples(exportable.spec, 40)
    wake(exportable, photos, words)
    spec = write_onnx(exportable, tmp_path / "e", "half")
    replace(spec, coreml=write_coreml(exportable, tmp_path / "e")).write(tmp_path / "e")

    onnx = OnnxEncoder(tmp_path / "e")
    encoder = CoreMLEncoder(tmp_path / "e", tmp_path / "cache", onnx, link=InThisProcess())
    assert encoder.units()  # a trial with drawn pictures went well
    assert all(tried.is_good for tried in encoder.trial().tried)
    want = ask(onnx, photos[:COUNT], words[:COUNT])
    verdict = compare(want, ask(encoder, photos[:COUNT], words[:COUNT]))
    assert min(verdict.photos.worst, verdict.sentences.worst) >= HALF
    assert max(verdict.photos.length, verdict.sentences.length) < 1e-5
