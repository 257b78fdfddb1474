"""An encoder of a few kilobytes that runs on ONNX Runtime: a coarse picture, sums of tokens."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper, save

from models.bundle_parity import PARITY, Parity
from models.onnx import OnnxEncoder
from models.spec import EncoderSpec, ImageSpec, TextSpec, sha256_of
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn

SIDE, LENGTH, D, VOCABULARY = 32, 16, 48, 600
WORDS = ["a dog on the grass", "a red boat on the sea", "two cups on a table"] * 3


def small_encoder(folder: Path, seed: int = 0) -> EncoderSpec:
    """Write an encoder, named as its folder, with its fixture; another seed is another encoder."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(seed)
    turn = np.linalg.qr(chance.normal(size=(D, D)))[0].astype(np.float32)
    table = chance.normal(size=(VOCABULARY, D)).astype(np.float32)
    pixels = helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 3, SIDE, SIDE])
    image = [
        helper.make_node("Cast", ["images"], ["x"], to=TensorProto.FLOAT),
        helper.make_node("AveragePool", ["x"], ["coarse"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["coarse"], ["flat"]),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[1]),
        helper.make_node("Sub", ["flat", "mean"], ["around"]),
        helper.make_node("Add", ["around", "some"], ["x0"]),  # a grey picture has a vector too
        helper.make_node("MatMul", ["x0", "w"], ["vectors"]),
    ]
    _tower(folder / "image.onnx", image, pixels, turn)
    ids = helper.make_tensor_value_info("tokens", TensorProto.INT64, ["n", "l"])
    text = [
        helper.make_node("Gather", ["w", "tokens"], ["x"]),
        helper.make_node("ReduceMean", ["x"], ["vectors"], axes=[1], keepdims=0),
    ]
    _tower(folder / "text.onnx", text, ids, table)
    Tokenizer(learn(WORDS, 20)).write(folder / "tokens")
    spec = EncoderSpec(
        name=folder.name,
        dimension=D,
        image=ImageSpec(
            SIDE, (0.5,) * 3, (0.5,) * 3, "bicubic", "short-side",
            "image.onnx", sha256_of(folder / "image.onnx"),
        ),
        text=TextSpec(
            LENGTH, "tokens", "text.onnx", sha256_of(folder / "text.onnx"), ("LATIN",),
            tokenizer_sha256=sha256_of(folder / "tokens"),
        ),
        calibration=None,
        licence="MIT",
        digest="",
    ).sealed()  # fmt: skip
    spec.write(folder)
    Parity.of(OnnxEncoder(folder), 12).write(folder / PARITY)
    return spec


def _tower(path: Path, nodes: list[Any], source: Any, weights: NDArray[np.float32]) -> None:
    result = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", D])
    some = np.eye(1, D, dtype=np.float32) * 20
    kept = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(some, "some")]
    graph = helper.make_graph(nodes, "tower", [source], [result], kept)
    opset = [helper.make_opsetid("", 17)]
    save(helper.make_model(graph, opset_imports=opset, ir_version=8), path)
