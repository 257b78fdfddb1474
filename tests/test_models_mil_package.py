"""Reading a package: what it holds, and what is said where it is cut, damaged or something else."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.mil.blob import BY_NAME, Blobs, unpack
from models.mil.errors import BadPackage, UnknownOperation
from models.mil.messages import messages
from models.mil.package import Feature, read
from tests.mil_programs import save

MODEL = Path("Data/com.apple.CoreML/model.mlmodel")
WEIGHTS = Path("Data/com.apple.CoreML/weights/weight.bin")
ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package of a linear layer and a softmax, (2, 8) -> (2, 16), which no test changes."""
    weight = np.random.default_rng(0).normal(size=(16, 8)).astype(np.float32)
    path = tmp_path_factory.mktemp("mil") / "whole.mlpackage"
    build = lambda mb, x: mb.softmax(x=mb.linear(x=x, weight=weight), axis=1)  # noqa: E731
    return save(path, [np.zeros((2, 8), np.float32)], build)


@pytest.fixture
def package(whole: Path, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(whole, tmp_path / "broken.mlpackage"))


def change(package: Path, edit: Callable[[Any], None]) -> None:
    """Edit the model inside a package."""
    model = messages().Model_pb2.Model.FromString((package / MODEL).read_bytes())
    edit(model)
    (package / MODEL).write_bytes(model.SerializeToString())


def test_a_package_says_what_goes_in_what_comes_out_and_what_is_done(whole: Path) -> None:
    program = read(whole)
    assert program.inputs == {"x0": Feature("float32", (2, 8))}
    (made,) = program.outputs.values()
    assert (made.kind, made.shape) == ("float32", (2, 16))
    assert [one.kind for one in program.operations if one.kind != "const"] == [
        "linear",
        "softmax",
    ]


def test_reading_loads_neither_the_converter_nor_torch(whole: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from models.mil.package import read\n"
        f"assert read(Path({str(whole)!r})).operations\n"
        "print({'coremltools', 'torch', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_messages_are_those_of_coremltools(whole: Path) -> None:
    from coremltools.proto import Model_pb2

    model = Model_pb2.Model.FromString((whole / MODEL).read_bytes())
    assert isinstance(model, messages().Model_pb2.Model)


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no folder": (shutil.rmtree, "is no package: Manifest.json can not be read"),
    "no manifest": (lambda p: (p / "Manifest.json").unlink(), "is no package: Manifest.json can"),
    "odd manifest": (lambda p: (p / "Manifest.json").write_text("[]"), "names no model"),
    "no model": (lambda p: (p / MODEL).unlink(), "model.mlmodel can not be read"),
    "cut model": (
        lambda p: (p / MODEL).write_bytes((p / MODEL).read_bytes()[:-40]),
        "model.mlmodel is cut or damaged",
    ),
    "no weights": (lambda p: (p / WEIGHTS).unlink(), "weight.bin can not be read"),
    "empty weights": (lambda p: (p / WEIGHTS).write_bytes(b""), "weight.bin can not be read"),
    "other weights": (lambda p: (p / WEIGHTS).write_bytes(b"x" * 999), "no file of weights"),
    "cut weights": (
        lambda p: (p / WEIGHTS).write_bytes((p / WEIGHTS).read_bytes()[:-40]),
        r"weight.bin is damaged: tensor at \d+, its data reach",
    ),
    "weights cut short": (
        lambda p: (p / WEIGHTS).write_bytes((p / WEIGHTS).read_bytes()[:100]),
        "tensor at 64, the file ends at 100",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_package_is_refused_with_a_sentence(package: Path, how: str) -> None:
    spoil, sentence = BROKEN[how]
    spoil(package)
    with pytest.raises(BadPackage, match=sentence):
        read(package)


def constant(model: Any, stored: str) -> Any:
    """The first constant whose value is `stored` so: a blobFileValue or an immediateValue."""
    function = model.mlProgram.functions["main"]
    for one in function.block_specializations[function.opset].operations:
        if one.type == "const" and one.attributes["val"].WhichOneof("value") == stored:
            return one.attributes["val"]
    raise AssertionError("there is none")


def test_an_offset_outside_the_weights_is_refused(package: Path) -> None:
    def far(model: Any) -> None:
        constant(model, "blobFileValue").blobFileValue.offset = 1 << 40

    change(package, far)
    with pytest.raises(BadPackage, match=f"tensor at {1 << 40}, the file ends at"):
        read(package)


@pytest.mark.parametrize(("offset", "sentence"), [(65, "ends"), (128, "no tensor begins there")])
def test_an_offset_between_tensors_is_refused(package: Path, offset: int, sentence: str) -> None:
    def beside(model: Any) -> None:
        constant(model, "blobFileValue").blobFileValue.offset = offset

    change(package, beside)
    with pytest.raises(BadPackage, match=sentence):
        read(package)


def test_weights_of_another_kind_or_number_are_refused(package: Path) -> None:
    def half(model: Any) -> None:
        constant(model, "blobFileValue").type.tensorType.dataType = 10

    change(package, half)
    with pytest.raises(BadPackage, match="it holds float32, and the program says float16"):
        read(package)

    def more(model: Any) -> None:
        kind = constant(model, "blobFileValue").type.tensorType
        kind.dataType = 11
        kind.dimensions[0].constant.size = 17

    change(package, more)
    with pytest.raises(BadPackage, match="512 bytes are no 136 numbers of float32"):
        read(package)


@pytest.mark.parametrize("name", ["@model_path/../../x.bin", "/etc/hosts", "weights/weight.bin"])
def test_weights_outside_the_package_are_refused(package: Path, name: str) -> None:
    def away(model: Any) -> None:
        constant(model, "blobFileValue").blobFileValue.fileName = name

    change(package, away)
    with pytest.raises(BadPackage, match="outside the package"):
        read(package)


def test_a_model_outside_the_package_is_refused(package: Path) -> None:
    entries = json.loads((package / "Manifest.json").read_text())
    entries["itemInfoEntries"][entries["rootModelIdentifier"]]["path"] = "../../../secret"
    (package / "Manifest.json").write_text(json.dumps(entries))
    with pytest.raises(BadPackage, match="outside the package"):
        read(package)


def test_another_kind_of_model_is_refused(package: Path) -> None:
    change(package, lambda model: model.neuralNetwork.SetInParent())
    with pytest.raises(BadPackage, match="is no ML program"):
        read(package)


def test_a_picture_as_input_is_refused(package: Path) -> None:
    change(package, lambda model: model.description.input[0].type.imageType.SetInParent())
    with pytest.raises(UnknownOperation, match="imageType of x0"):
        read(package)


def test_further_shapes_and_bounds_are_read(package: Path) -> None:
    def enumerated(model: Any) -> None:
        array = model.description.input[0].type.multiArrayType
        for rows in (2, 5):
            array.enumeratedShapes.shapes.add().shape.extend([rows, 8])

    change(package, enumerated)
    feature = read(package).inputs["x0"]
    assert [feature.admits((rows, 8)) for rows in (2, 5, 3)] == [True, True, False]

    def bounded(model: Any) -> None:
        array = model.description.input[0].type.multiArrayType
        for least, most in ((2, -1), (8, 8)):
            size = array.shapeRange.sizeRanges.add()
            size.lowerBound, size.upperBound = least, most

    change(package, bounded)
    feature = read(package).inputs["x0"]
    shapes = [(2, 8), (99, 8), (1, 8), (2, 9), (2,)]
    assert [feature.admits(one) for one in shapes] == [True, True, False, False, False]


def test_a_constant_with_too_few_numbers_is_refused(package: Path) -> None:
    def fewer(model: Any) -> None:
        value = constant(model, "immediateValue")
        value.type.tensorType.dimensions.add().constant.size = 3
        value.type.tensorType.rank = len(value.type.tensorType.dimensions)

    change(package, fewer)
    with pytest.raises(BadPackage, match="has 1 numbers"):
        read(package)


@pytest.mark.parametrize("name", BY_NAME)
def test_numbers_come_out_as_they_were_packed(name: str) -> None:
    kind, rng = BY_NAME[name], np.random.default_rng(0)
    if kind.bits >= 8:
        numbers = (100 * rng.normal(size=37)).astype(kind.array)
        assert np.array_equal(unpack(np.frombuffer(numbers.tobytes(), np.uint8), kind, 37), numbers)
        return
    least = -(2 ** (kind.bits - 1)) if name.startswith("int") else 0
    for count in (1, 7, 8, 1003):
        numbers = rng.integers(least, least + 2**kind.bits, count)
        bits = (numbers[:, None] >> np.arange(kind.bits)) & 1
        data = np.packbits(bits.astype(np.uint8).ravel(), bitorder="little")
        assert np.array_equal(unpack(data, kind, count), numbers)


def test_a_file_of_weights_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weight.bin"
    path.write_bytes((1).to_bytes(4, "little") + (1).to_bytes(4, "little") + bytes(120))
    with pytest.raises(BadPackage, match="no file of weights that we know"):
        Blobs(path)
