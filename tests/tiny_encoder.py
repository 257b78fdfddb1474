"""Write tiny encoders with random weights as ONNX, without torch: real files for a real runtime.

What they see means nothing, but each sees it in its own way: the vectors of two of them have
nothing in common, though they may be of one length.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.installed import find
from models.spec import EncoderSpec, ImageSpec, TextSpec, sha256_of

SIDE, CELLS, CONTEXT, TOKENS = 32, 8, 16, 65_536
OPSET = 17


def write_tiny(folder: Path, name: str, seed: int, dimension: int = 32) -> EncoderSpec:
    """An encoder in `folder` with weights of `seed`; pictures of `SIDE` px, words as our own."""
    folder.mkdir(parents=True)
    random = np.random.default_rng(seed)
    onnx.save(_image_tower(random, dimension), folder / "image.onnx")
    onnx.save(_text_tower(random, dimension), folder / "text.onnx")
    (folder / "tokenizer.bpe").write_bytes((find() / "tokenizer.bpe").read_bytes())
    EncoderSpec(
        name=name,
        dimension=dimension,
        image=ImageSpec(
            side=SIDE,
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
            interpolation="bicubic",
            resize="short-side",
            file="image.onnx",
            sha256=sha256_of(folder / "image.onnx"),
        ),
        text=TextSpec(
            context_length=CONTEXT,
            tokenizer="tokenizer.bpe",
            file="text.onnx",
            sha256=sha256_of(folder / "text.onnx"),
            scripts=("LATIN",),
        ),
        calibration=None,
        licence="none",
        digest="",
    ).write(folder)
    return EncoderSpec.read(folder)


def _image_tower(random: np.random.Generator, d: int) -> onnx.ModelProto:
    """Mean colours of 8 x 8 cells, one random map, unit length."""
    weights = random.normal(size=(3 * CELLS * CELLS, d)).astype(np.float32)
    step = SIDE // CELLS
    nodes = [
        helper.make_node("Cast", ["images"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["float", "middle"], ["centred"]),
        helper.make_node(
            "AveragePool", ["centred"], ["cells"], kernel_shape=[step, step], strides=[step, step]
        ),
        helper.make_node("Flatten", ["cells"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["mapped"]),
        helper.make_node("LpNormalization", ["mapped"], ["vectors"], axis=1, p=2),
    ]
    given = {"weights": weights, "middle": np.array(127.25, np.float32)}
    return _model(nodes, given, "images", TensorProto.UINT8, ["n", 3, SIDE, SIDE], d)


def _text_tower(random: np.random.Generator, d: int) -> onnx.ModelProto:
    """The sum of a random row a token, unit length."""
    table = random.normal(size=(TOKENS // 16, d)).astype(np.float32)
    nodes = [
        helper.make_node("Mod", ["tokens", "rows"], ["row"]),
        helper.make_node("Gather", ["table", "row"], ["each"]),
        helper.make_node("ReduceSum", ["each", "axis"], ["summed"], keepdims=0),
        helper.make_node("LpNormalization", ["summed"], ["vectors"], axis=1, p=2),
    ]
    given = {"table": table, "rows": np.array(TOKENS // 16), "axis": np.array([1])}
    return _model(nodes, given, "tokens", TensorProto.INT64, ["n", "l"], d)


def _model(
    nodes: list[onnx.NodeProto],
    given: "dict[str, NDArray[Any]]",
    takes: str,
    kind: int,
    shape: list[int | str],
    d: int,
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "tower",
        [helper.make_tensor_value_info(takes, kind, shape)],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", d])],
        [numpy_helper.from_array(values, name) for name, values in given.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 9  # what every ONNX Runtime of the last years reads
    onnx.checker.check_model(model)
    return model
