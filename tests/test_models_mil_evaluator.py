"""The evaluator: what it refuses, how it rounds, what it notes, and what it holds on to."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.errors import KnownError
from models.mil.errors import BadPackage, UnknownOperation
from models.mil.evaluator import Evaluator
from models.mil.messages import messages
from models.mil.package import read
from models.mil.plan import plan
from tests.mil_programs import Array, save

MODEL = Path("Data/com.apple.CoreML/model.mlmodel")
X = np.random.default_rng(0).normal(size=(2, 3, 8)).astype(np.float32)


def change(package: Path, kind: str, edit: Callable[[Any], None]) -> Path:
    """Edit the first operation of a kind inside a package."""
    model = messages().Model_pb2.Model.FromString((package / MODEL).read_bytes())
    function = model.mlProgram.functions["main"]
    operations = function.block_specializations[function.opset].operations
    edit(next(one for one in operations if one.type == kind))
    (package / MODEL).write_bytes(model.SerializeToString())
    return package


def run(package: Path, x: Array, precision: Any = "float32") -> tuple[Array, Evaluator]:
    evaluator = Evaluator(package, precision)
    (made,) = evaluator.run({"x0": x}).values()
    return made, evaluator


@pytest.fixture(scope="module")
def gelu(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """(2, 3, 8) -> gelu -> softmax, which no test changes."""
    path = tmp_path_factory.mktemp("mil") / "gelu.mlpackage"
    return save(path, [X], lambda mb, x: mb.softmax(x=mb.gelu(x=x, mode="EXACT"), axis=-1))


@pytest.fixture
def copied(gelu: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(gelu, tmp_path / "copy.mlpackage"))


def test_all_unknown_operations_are_named_before_anything_runs(tmp_path: Path) -> None:
    def strange(mb: Any, x: Any) -> Any:
        values, _ = mb.topk(x=x, k=2, axis=2)
        return mb.relu(x=mb.sliding_windows(x=values, axis=1, size=2))

    package = save(tmp_path / "strange.mlpackage", [X], strange)
    with pytest.raises(UnknownOperation, match="the operations sliding_windows, topk"):
        Evaluator(package)


def test_an_unknown_input_of_an_operation_is_refused_before_anything_runs(copied: Path) -> None:
    change(copied, "softmax", lambda one: one.inputs["temper"].CopyFrom(one.inputs["axis"]))
    with pytest.raises(UnknownOperation, match=r"an input of softmax .*'temper'"):
        Evaluator(copied)


def test_an_unknown_attribute_of_an_operation_is_refused(copied: Path) -> None:
    change(copied, "gelu", lambda one: one.attributes["fast"].CopyFrom(one.attributes["name"]))
    with pytest.raises(UnknownOperation, match=r"an input of gelu .*'fast'"):
        Evaluator(copied)


def test_an_unknown_mode_is_refused(copied: Path) -> None:
    def fast(one: Any) -> None:
        value = one.inputs["mode"].arguments[0].value
        value.CopyFrom(one.attributes["name"])
        value.immediateValue.tensor.strings.values[0] = "FAST"

    change(copied, "gelu", fast)
    with pytest.raises(UnknownOperation, match=r"the mode 'FAST' of gelu, in copy.mlpackage, gelu"):
        run(copied, X)


SETTINGS: dict[str, Callable[..., Any]] = {
    "'same' of an even window": lambda mb, x: mb.max_pool(
        x=x, kernel_sizes=[2], pad_type="same", strides=[2]
    ),
    "cumsum that is exclusive": lambda mb, x: mb.cumsum(x=x, axis=0, reverse=True),
    "real_div of whole numbers with a rest": lambda mb, x: mb.cast(
        x=mb.real_div(x=mb.cast(x=mb.add(x=mb.abs(x=x), y=4.0), dtype="int32"), y=3), dtype="fp32"
    ),
    "too large for int32": lambda mb, x: mb.cast(
        x=mb.cast(x=mb.mul(x=x, y=1e20), dtype="int32"), dtype="fp32"
    ),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_a_setting_that_is_not_sure_is_refused(tmp_path: Path, what: str) -> None:
    package = save(tmp_path / "odd.mlpackage", [X], SETTINGS[what])
    with pytest.raises(UnknownOperation, match=what):
        run(package, X)


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """x -> 300.5 x + 0.1 -> its square, all in float16 but for x and the result."""
    path = tmp_path_factory.mktemp("mil") / "steps.mlpackage"

    def build(mb: Any, x: Any) -> Any:
        wide = mb.add(x=mb.mul(x=x, y=300.5, name="wide"), y=0.1, name="moved")
        return mb.mul(x=wide, y=wide, name="squared")

    return save(path, [X], build, half=True)


def test_in_float16_each_result_is_rounded(steps: Path) -> None:
    made, _ = run(steps, X / 4, "float16")
    wide = ((X / 4).astype(np.float16) * np.float16(300.5)) + np.float16(0.1)
    assert np.array_equal(made, (wide * wide).astype(np.float32))


def test_in_float32_only_the_weights_were(steps: Path) -> None:
    made, _ = run(steps, X, "float32")
    moved = X * np.float32(300.5) + np.float32(np.float16(0.1))
    assert np.abs(made - np.square(moved)).max() < 1e-6 * made.max()


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_results_beyond_float16_are_named(steps: Path, precision: str) -> None:
    x = np.ones_like(X)
    made, evaluator = run(steps, x, precision)
    over = evaluator.overflows()
    assert [name.split("/")[1] for name in over] == ["mul"]
    assert all(name.startswith("squared") for name in over)
    assert max(over.values()) == pytest.approx(300.6**2, rel=1e-3)
    assert np.isinf(made).all() == (precision == "float16")
    largest = {name.split("_")[0]: most for name, most in evaluator.largest.items()}
    assert largest["moved"] == pytest.approx(300.6, rel=1e-3)
    evaluator.run({"x0": 0 * x})
    assert evaluator.overflows() == over, "the largest so far is kept"


def test_infinity_that_is_meant_is_no_overflow_and_what_is_no_number_is(tmp_path: Path) -> None:
    mask = np.triu(np.full((3, 3), -np.inf, np.float32), 1)

    def attend(mb: Any, x: Any) -> Any:
        scores = mb.matmul(x=x, y=x, transpose_y=True)
        return mb.softmax(x=mb.add(x=scores, y=mask), axis=-1)

    package = save(tmp_path / "masked.mlpackage", [X], attend)
    made, evaluator = run(package, X)
    assert np.isfinite(made).all()
    assert max(evaluator.largest.values()) < 100
    evaluator.run({"x0": np.full_like(X, np.nan)})
    assert list(evaluator.largest.values()) == [np.inf] * 3


def test_a_value_is_let_go_after_its_last_use(steps: Path) -> None:
    cast, wide, moved, squared, back = plan(read(steps), half=True)
    names = [step.results[0][0] for step in (cast, wide, moved, squared)]
    assert cast.done == ("x0",)
    assert [step.done for step in (wide, moved, squared, back)] == [(name,) for name in names]


def test_what_does_not_fit_is_refused(gelu: Path) -> None:
    evaluator = Evaluator(gelu)
    with pytest.raises(KnownError, match=r"wants \['x0'\], and was fed \['y'\]"):
        evaluator.run({"y": X})
    with pytest.raises(KnownError, match=r"has the shape \(2, 3, 8\), and was fed \(1, 3, 8\)"):
        evaluator.run({"x0": X[:1]})


def test_tokens_must_be_whole_numbers(tmp_path: Path) -> None:
    table, tokens = X[0].T.copy(), np.array([[7, 0, -1]], np.int32)
    build = lambda mb, at: mb.gather(x=table, indices=at, axis=0)  # noqa: E731
    evaluator = Evaluator(save(tmp_path / "tokens.mlpackage", [tokens], build))
    (made,) = evaluator.run({"x0": tokens.astype(np.int64)}).values()
    assert np.array_equal(made, table[tokens])
    with pytest.raises(KnownError, match="wants whole numbers"):
        evaluator.run({"x0": tokens.astype(np.float32)})
    with pytest.raises(BadPackage, match=r"gather .* can not be done: index out of range"):
        evaluator.run({"x0": tokens + 1})


def test_what_is_fed_is_not_changed_and_results_are_the_callers_own(gelu: Path) -> None:
    evaluator, x = Evaluator(gelu), X.copy()
    (first,) = evaluator.run({"x0": x}).values()
    kept = first.copy()
    first[:] = 0
    (second,) = evaluator.run({"x0": x}).values()
    assert np.array_equal(x, X)
    assert np.array_equal(second, kept)


def test_a_program_that_contradicts_itself_is_refused(copied: Path) -> None:
    def wider(one: Any) -> None:
        one.outputs[0].type.tensorType.dimensions[1].constant.size = 4

    change(copied, "gelu", wider)
    with pytest.raises(BadPackage, match=r"makes \(2, 3, 8\) torch.float32, not"):
        run(copied, X)


def test_inputs_of_the_wrong_kind_are_refused(copied: Path) -> None:
    def doubled(one: Any) -> None:
        one.inputs["axis"].arguments.append(one.inputs["axis"].arguments[0])

    change(copied, "softmax", doubled)
    with pytest.raises(BadPackage, match=r"softmax .* can not be done"):
        run(copied, X)


def test_a_name_that_nothing_made_is_refused(copied: Path) -> None:
    def lost(one: Any) -> None:
        one.inputs["x"].arguments[0].name = "lost"

    change(copied, "gelu", lost)
    with pytest.raises(BadPackage, match="Nothing makes lost before it is used"):
        Evaluator(copied)
