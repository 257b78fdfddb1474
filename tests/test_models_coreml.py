"""Core ML, or what stands for it here: batches, the cache, the trial, the plan, and all that fails.

`fake_coremltools` plays Core ML in the process that `models.coreml_process` is; a slow test holds
its interface against the real one.
"""

import importlib.util
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from models import installed
from models.coreml import CoreMLEncoder, compute_plan
from models.coreml_cache import cache_of
from models.coreml_link import environment
from models.coreml_process import Models
from models.coreml_trial import FILE, UNITS, Tried, best, this_machine
from models.encoder import Encoder, unit_rows
from models.errors import BadEncoder
from models.onnx import OnnxEncoder
from models.quick_or_sure import QuickOrSure
from models.spec import EncoderSpec
from models.tokenizer import Tokenizer
from tests.fake_core_ml import (
    BATCH,
    FAKE,
    HERE,
    LENGTH,
    SIDE,
    TABLE,
    WEIGHTS,
    Right,
    encoder_folder,
    fake_link,
)


@pytest.fixture
def open_encoder(tmp_path: Path) -> Iterator[Any]:
    """Make encoders over the fake; they are closed at the end."""
    made: list[CoreMLEncoder] = []

    def make(folder: Path, units: str | None = None) -> CoreMLEncoder:
        right = Right(EncoderSpec.read(folder))
        made.append(CoreMLEncoder(folder, tmp_path / "cache", right, units, fake_link()))
        return made[-1]

    yield make
    for one in made:
        one.close()


def pictures(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(2).integers(0, 256, (count, 3, SIDE, SIDE), np.uint8)


@pytest.mark.parametrize("count", [0, 1, BATCH, 2 * BATCH + 1])
def test_any_number_of_photos_runs_in_batches_of_one_size(
    tmp_path: Path, open_encoder: Any, count: int
) -> None:
    spec = encoder_folder(tmp_path / "e")
    encoder: Encoder = open_encoder(tmp_path / "e", "CPU_ONLY")
    batch = pictures(count)
    np.testing.assert_allclose(encoder.images(batch), Right(spec).images(batch), atol=1e-5)
    assert np.array_equal(batch, pictures(count))


def test_sentences_run_one_by_one_with_all_their_tokens(tmp_path: Path, open_encoder: Any) -> None:
    encoder_folder(tmp_path / "e")
    sentences = ["a dog", "", "grass " * 50]
    tokens = Tokenizer.read(tmp_path / "e" / "tokens").batch(sentences, LENGTH)
    got = open_encoder(tmp_path / "e", "CPU_ONLY").texts(sentences)
    np.testing.assert_allclose(got, unit_rows(TABLE[tokens].mean(axis=1)), atol=1e-5)


def test_rows_are_copied_before_core_ml_writes_over_them(tmp_path: Path) -> None:
    encoder_folder(tmp_path / "e")
    models = Models(fake())
    compiled = str(tmp_path / "image.mlmodelc")
    package_path = str(tmp_path / "e" / "image.mlpackage")
    models.answer({"do": "compile", "package": package_path, "compiled": compiled}, None)
    loaded, _ = models.answer({"do": "load", "compiled": compiled, "units": "ALL"}, None)
    model = loaded["model"]
    asked = {"do": "predict", "model": model, "input": "images", "output": "vectors"}
    _, first = models.answer(asked, pictures(BATCH).astype(np.float32))
    assert first is not None
    kept = first.copy()
    _, second = models.answer(asked, 255 - pictures(BATCH).astype(np.float32))
    assert np.array_equal(first, kept)
    assert second is not None
    np.testing.assert_allclose(
        second, unit_rows((255 - pictures(BATCH)).mean(axis=(2, 3)) @ WEIGHTS), atol=1e-5
    )


def test_a_package_is_compiled_once(tmp_path: Path, open_encoder: Any) -> None:
    encoder_folder(tmp_path / "e")
    first = open_encoder(tmp_path / "e", "CPU_ONLY").images(pictures(3))
    (compiled,) = (tmp_path / "cache").iterdir()
    assert compiled.suffix == ".mlmodelc"
    (tmp_path / "e" / "image.mlpackage" / "fake.json").unlink()  # nobody reads it again
    assert np.array_equal(open_encoder(tmp_path / "e", "CPU_ONLY").images(pictures(3)), first)


def test_what_an_older_package_was_compiled_into_goes(tmp_path: Path, open_encoder: Any) -> None:
    (tmp_path / "cache" / "image-0123.mlmodelc").mkdir(parents=True)
    (tmp_path / "cache" / "text-0123.mlmodelc").mkdir()
    encoder_folder(tmp_path / "e")
    open_encoder(tmp_path / "e", "CPU_ONLY").images(pictures(1))
    kept = sorted(path.stem.partition("-")[0] for path in (tmp_path / "cache").iterdir())
    assert kept == ["image", "text"]
    assert not (tmp_path / "cache" / "image-0123.mlmodelc").exists()


def test_a_damaged_package_is_not_compiled(tmp_path: Path, open_encoder: Any) -> None:
    encoder_folder(tmp_path / "e")
    np.save(tmp_path / "e" / "image.mlpackage" / "weights.npy", WEIGHTS * 2)
    with pytest.raises(BadEncoder, match=r"image\.mlpackage is damaged"):
        open_encoder(tmp_path / "e", "CPU_ONLY").images(pictures(1))
    assert not (tmp_path / "cache").exists()


def test_a_trial_takes_only_units_that_give_the_right_vectors(
    tmp_path: Path, open_encoder: Any
) -> None:
    faults = {"CPU_AND_NE": "nan", "CPU_AND_GPU": "no load", "ALL": "wrong"}
    encoder_folder(tmp_path / "e", **faults)
    encoder = open_encoder(tmp_path / "e")
    assert encoder.units() == "CPU_ONLY"
    tried = {one.units: one for one in encoder.trial().tried}
    assert tuple(tried) == UNITS
    assert "Error creating Core ML model" in tried["CPU_AND_GPU"].trouble
    assert tried["CPU_AND_NE"].cosine == -1
    assert tried["ALL"].cosine == pytest.approx(-1, abs=1e-5)
    assert tried["CPU_ONLY"].cosine == pytest.approx(1, abs=1e-5)
    assert tried["CPU_ONLY"].photos_per_s > 0


def test_rows_that_are_no_numbers_are_refused_in_the_middle_of_the_work_too(
    tmp_path: Path, open_encoder: Any
) -> None:
    encoder_folder(tmp_path / "e", CPU_ONLY="nan")
    with pytest.raises(BadEncoder, match="numbers that are none"):
        open_encoder(tmp_path / "e", "CPU_ONLY").images(pictures(1))


def test_units_that_end_the_process_are_passed_over(tmp_path: Path, open_encoder: Any) -> None:
    faults = {"CPU_AND_NE": "dies", "CPU_AND_GPU": "dies later", "ALL": "nan"}
    encoder_folder(tmp_path / "e", **faults)
    assert open_encoder(tmp_path / "e").units() == "CPU_ONLY"


def test_a_trial_is_remembered_for_this_machine_and_package(
    tmp_path: Path, open_encoder: Any
) -> None:
    encoder_folder(tmp_path / "e")
    first = open_encoder(tmp_path / "e").trial()
    path = tmp_path / "cache" / FILE
    assert first.machine == this_machine()
    told = {**json.loads(path.read_text()), "chosen": "CPU_ONLY"}
    path.write_text(json.dumps(told))
    assert open_encoder(tmp_path / "e").units() == "CPU_ONLY"
    path.write_text(json.dumps({**told, "chosen": "", "machine": "another"}))
    assert open_encoder(tmp_path / "e").units() != ""
    path.write_text("{")
    assert open_encoder(tmp_path / "e").units() != ""


def test_where_no_units_are_right_each_is_said_and_remembered(
    tmp_path: Path, open_encoder: Any
) -> None:
    encoder_folder(tmp_path / "e", **dict.fromkeys(UNITS, "wrong"))
    for _ in range(2):
        with pytest.raises(BadEncoder, match=r"No compute units.*CPU_ONLY: least cosine -1"):
            open_encoder(tmp_path / "e").images(pictures(1))
    assert json.loads((tmp_path / "cache" / FILE).read_text())["chosen"] == ""


def test_the_neural_engine_is_taken_where_it_is_nearly_the_fastest() -> None:
    def tried(ne: float, gpu: float, cosine: float = 1.0) -> list[Tried]:
        return [Tried("CPU_AND_NE", 1, ne, cosine), Tried("CPU_AND_GPU", 1, gpu, 1.0)]

    assert best(tried(91, 100)) == "CPU_AND_NE"
    assert best(tried(80, 100)) == "CPU_AND_GPU"
    assert best(tried(200, 100, cosine=0.9)) == "CPU_AND_GPU"
    assert best([Tried("ALL", 1, 100, 1.0, "Error")]) == ""


def test_the_plan_counts_operations_by_device(tmp_path: Path) -> None:
    encoder_folder(tmp_path / "e")
    encoder = CoreMLEncoder(
        tmp_path / "e",
        tmp_path / "cache",
        Right(EncoderSpec.read(tmp_path / "e")),
        None,
        fake_link(),
    )
    encoder.prepare().close()
    image, text = compute_plan(tmp_path / "e", tmp_path / "cache", fake_link())
    wanted = {"neural_engine": {"conv": 2}, "cpu": {"cond": 1, "gather": 1}}
    assert image.operations == text.operations == wanted
    assert image.costs == {"neural_engine": 0.5, "cpu": 0.5}
    assert (image.tower, text.tower, image.units in UNITS) == ("image", "text", True)
    assert image.rows_per_s > 0
    assert text.rows_per_s > 0


def test_without_a_plan_it_is_said_why(tmp_path: Path) -> None:
    spec = encoder_folder(tmp_path / "e", plan="none")
    encoder = CoreMLEncoder(tmp_path / "e", tmp_path / "cache", Right(spec), None, fake_link())
    encoder.prepare().close()
    with pytest.raises(BadEncoder, match="can not plan this encoder: RuntimeError: MLComputePlan"):
        compute_plan(tmp_path / "e", tmp_path / "cache", fake_link())
    replace(spec, coreml=None).write(tmp_path / "e")
    with pytest.raises(BadEncoder, match="no packages for Core ML"):
        compute_plan(tmp_path / "e", tmp_path / "cache", fake_link())


def test_an_answer_that_never_comes_is_waited_for_no_longer_than_allowed() -> None:
    link = fake_link(sys.executable, "-c", "import sys; sys.stdin.read()")
    with pytest.raises(BadEncoder, match="no answer to load"):
        link.ask({"do": "load"}, None, within_s=0.05)
    link.close()
    with pytest.raises(BadEncoder, match="let go of"):
        link.ask({"do": "load"})


def test_a_process_that_can_not_be_started_is_a_known_error(tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match="can't be started"):
        fake_link(str(tmp_path / "absent")).ask({"do": "load"})


def test_what_nobody_knows_how_to_do_is_trouble() -> None:
    answer, _ = Models(fake()).answer({"do": "fly"}, None)
    assert answer == {"trouble": "nobody knows how to fly"}


@pytest.mark.skipif(installed.has_core_ml(), reason="Core ML is here")
def test_without_core_ml_onnx_runtime_does_all(tmp_path: Path) -> None:
    encoder_folder(tmp_path / "e")
    assert isinstance(installed.load(tmp_path / "e"), OnnxEncoder)


@pytest.mark.skipif(not installed.has_core_ml(), reason="needs a Mac")
def test_with_core_ml_both_stand_by(tmp_path: Path) -> None:
    spec = encoder_folder(tmp_path / "e")
    assert isinstance(installed.load(tmp_path / "e"), QuickOrSure)
    replace(spec, coreml=None).write(tmp_path / "e")
    assert isinstance(installed.load(tmp_path / "e"), OnnxEncoder)


def test_compiled_models_lie_beside_the_encoder_but_not_in_the_application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert cache_of(tmp_path) == tmp_path / "compiled"
    caches = tmp_path / "home" / "Library" / "Caches" / "sightword"
    assert cache_of(installed.find()) == caches / "sightword-small"


def test_the_process_brings_no_torch_along(tmp_path: Path) -> None:
    code = (
        "import sys, models.coreml_process as process\n"
        "process.main([])\n"
        "print([name for name in ('torch', 'faiss') if sys.modules.get(name)], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=b"",
        env={**environment(), "PYTHONPATH": f"{FAKE}{os.pathsep}{HERE.parent}"},
        capture_output=True,
        check=True,
    )
    assert done.stderr.split() == [b"[]"]
    assert done.stdout == b""


def fake() -> ModuleType:
    """The fake as a module of another name: the real one may be loaded beside it."""
    spec = importlib.util.spec_from_file_location("fake_coremltools", FAKE / "coremltools.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["fake_coremltools"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_fake_has_the_interface_of_the_real_coremltools() -> None:
    import coremltools as real

    ours = fake()
    for path in (
        "models.CompiledMLModel.__init__",
        "models.CompiledMLModel.predict",
        "models.utils.compile_model",
        "models.compute_plan.MLComputePlan.load_from_path",
        "models.compute_plan.MLComputePlan.get_compute_device_usage_for_mlprogram_operation",
        "models.compute_plan.MLComputePlan.get_estimated_cost_for_mlprogram_operation",
    ):
        assert parameters(ours, path) == parameters(real, path), path
    assert {unit.name for unit in ours.ComputeUnit} == {unit.name for unit in real.ComputeUnit}
    devices = vars(ours.models.compute_device)
    assert all(hasattr(real.models.compute_device, name) for name in devices)
    plan = real.models.compute_plan
    named = {
        plan.MLModelStructureProgramOperation: {"operator_name", "blocks"},
        plan.MLModelStructureProgramBlock: {"operations"},
        plan.MLModelStructureProgramFunction: {"inputs", "block"},
        plan.MLComputePlanDeviceUsage: {"preferred_compute_device", "supported_compute_devices"},
        plan.MLComputePlanCost: {"weight"},
    }
    for kind, names in named.items():
        assert names <= {one.name for one in fields(kind)}


def parameters(library: Any, path: str) -> list[str]:
    """The names of the parameters of `path` in `library`."""
    for name in path.split("."):
        library = getattr(library, name)
    return list(inspect.signature(library).parameters)
