"""Towers of other makers: run as the manifest says, and refused where it does not hold."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, save

from models.encoder import Encoder, unit_rows
from models.errors import BadEncoder
from models.onnx import OnnxEncoder
from models.preprocess import normalise
from models.spec import EncoderSpec, ImageSpec, TextSpec
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn

D, SIDE, LENGTH, VOCABULARY = 5, 4, 8, 600
KINDS = {
    "uint8": TensorProto.UINT8,
    "float32": TensorProto.FLOAT,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
}
CHANCE = np.random.default_rng(0)
COLOURS = CHANCE.normal(size=(3, D)).astype(np.float32)
TABLE = CHANCE.normal(size=(VOCABULARY, D)).astype(np.float32)


def tower(path: Path, nodes: list[Any], source: Any, weights: NDArray[np.float32]) -> None:
    """Write a model from `source` to "rows"; its weights are called "w"."""
    result = helper.make_tensor_value_info("rows", TensorProto.FLOAT, ["n", D])
    kept = [numpy_helper.from_array(weights, "w")]
    graph = helper.make_graph(nodes, "tower", [source], [result], kept)
    opset = [helper.make_opsetid("", 17)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)


def foreign(folder: Path, takes: str = "float32", integers: str = "int64") -> EncoderSpec:
    """An encoder as others export it: own names, no unit rows. Means of colours, sums of tokens."""
    folder.mkdir(parents=True)
    pixels = helper.make_tensor_value_info("pixel_values", KINDS[takes], ["n", 3, SIDE, SIDE])
    image = [
        helper.make_node("Cast", ["pixel_values"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["x"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["means", "w"], ["rows"]),
    ]
    tower(folder / "vision.onnx", image, pixels, COLOURS)
    ids = helper.make_tensor_value_info("input_ids", KINDS[integers], ["n", "l"])
    text = [
        helper.make_node("Gather", ["w", "input_ids"], ["x"]),
        helper.make_node("ReduceMean", ["x"], ["rows"], axes=[1], keepdims=0),
    ]
    tower(folder / "text.onnx", text, ids, TABLE)
    Tokenizer(learn(["a dog on the grass"] * 3, 9)).write(folder / "tokens")
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
    of_image = ImageSpec(SIDE, mean, std, "bicubic", "squash", "vision.onnx", "")
    of_text = TextSpec(LENGTH, "tokens", "text.onnx", "", ("LATIN",), fixed=True)
    spec = EncoderSpec(
        name="foreign",
        dimension=D,
        image=replace(
            of_image,
            takes="normalised" if takes == "float32" else "bytes",
            input="pixel_values",
            output="rows",
        ),
        text=replace(of_text, input="input_ids", output="rows", integers=integers),  # type: ignore[arg-type]  # one of its two
        calibration=None,
        licence="",
        digest="",
    )
    spec.write(folder)
    return spec


@pytest.fixture
def pictures() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (40, 3, SIDE, SIDE), np.uint8)


@pytest.mark.parametrize("takes", ["float32", "uint8"])
def test_a_tower_gets_pixels_as_it_takes_them(
    tmp_path: Path, takes: str, pictures: NDArray[np.uint8]
) -> None:
    spec = foreign(tmp_path / "e", takes)
    encoder: Encoder = OnnxEncoder(tmp_path / "e")
    before = pictures.copy()
    got = encoder.images(pictures)
    fed = normalise(pictures, spec.image) if takes == "float32" else pictures.astype(np.float32)
    want = fed.mean(axis=(2, 3)) @ COLOURS
    np.testing.assert_allclose(got, want / np.linalg.norm(want, axis=1, keepdims=True), atol=1e-5)
    assert np.array_equal(before, pictures)


@pytest.mark.parametrize("integers", ["int64", "int32"])
def test_a_fixed_tower_gets_all_its_tokens_as_it_counts_them(tmp_path: Path, integers: str) -> None:
    spec = foreign(tmp_path / "e", integers=integers)
    got = OnnxEncoder(tmp_path / "e").texts(["dog", "a dog on the grass", ""])
    tokenizer = Tokenizer.read(tmp_path / "e" / "tokens")
    want = TABLE[tokenizer.batch(["dog", "a dog on the grass", ""], LENGTH)].mean(axis=1)
    np.testing.assert_allclose(got, want / np.linalg.norm(want, axis=1, keepdims=True), atol=1e-5)
    replace(spec, text=replace(spec.text, fixed=False)).write(tmp_path / "e")
    (short,) = OnnxEncoder(tmp_path / "e").texts([""])
    start_and_end = TABLE[[tokenizer.start, tokenizer.end]].mean(axis=0)
    np.testing.assert_allclose(short, start_and_end / np.linalg.norm(start_and_end), atol=1e-5)


def test_no_rows_are_no_rows(tmp_path: Path) -> None:
    foreign(tmp_path / "e")
    encoder = OnnxEncoder(tmp_path / "e")
    assert encoder.images(np.zeros((0, 3, SIDE, SIDE), np.uint8)).shape == (0, D)
    assert encoder.texts([]).shape == (0, D)


def test_names_that_the_tower_has_not_are_refused_with_those_it_has(tmp_path: Path) -> None:
    spec = foreign(tmp_path / "e")
    replace(spec, image=replace(spec.image, input="images")).write(tmp_path / "e")
    with pytest.raises(BadEncoder, match=r"vision\.onnx takes pixel_values and gives rows"):
        OnnxEncoder(tmp_path / "e").images(np.zeros((1, 3, SIDE, SIDE), np.uint8))


@pytest.mark.parametrize("wrong", ["side", "dimension", "integers"])
def test_a_manifest_that_is_not_of_these_towers_is_refused(tmp_path: Path, wrong: str) -> None:
    spec = foreign(tmp_path / "e")
    if wrong == "side":
        spec = replace(spec, image=replace(spec.image, side=SIDE + 1))
    elif wrong == "dimension":
        spec = replace(spec, dimension=D + 1)
    else:
        spec = replace(spec, text=replace(spec.text, integers="int32"))
    spec.write(tmp_path / "e")
    encoder = OnnxEncoder(tmp_path / "e")
    pixels = np.zeros((1, 3, spec.image.side, spec.image.side), np.uint8)
    ask = (
        partial(encoder.texts, ["dog"]) if wrong == "integers" else partial(encoder.images, pixels)
    )
    with pytest.raises(BadEncoder, match="manifest says"):
        ask()


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    foreign(tmp_path / "e")
    (tmp_path / "e" / "vision.onnx").write_bytes(b"no model")
    with pytest.raises(BadEncoder, match=r"vision\.onnx can not be loaded"):
        OnnxEncoder(tmp_path / "e").images(np.zeros((1, 3, SIDE, SIDE), np.uint8))


def test_rows_become_unit_rows_and_those_that_are_stay_as_they_are() -> None:
    unit = np.array([[0.6, 0.8], [1, 0]], np.float32)
    assert np.array_equal(unit_rows(unit), unit)
    rows = np.array([[3, 4], [0, 0]], np.float16)
    want = np.array([[0.6, 0.8], [0, 0]], np.float32)
    np.testing.assert_allclose(unit_rows(rows), want, atol=1e-6)
    assert unit_rows(rows).dtype == np.float32
    assert rows[0, 0] == 3
