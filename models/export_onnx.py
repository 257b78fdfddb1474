"""Write both towers as ONNX files, for ONNX Runtime on any machine.

Weights may be stored in full, in half precision, or as bytes with a scale a channel. Whatever they
are stored as, they are widened once when the tower is loaded and the arithmetic stays float32: an
ONNX file that computes in bytes is quicker on some processors, and another encoder on each.
"""

import shutil
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn

from models.export_plain import plain
from models.exportable import Exportable
from models.spec import EncoderSpec, sha256_of

Weights = Literal["full", "half", "int8"]

IMAGE, TEXT = "image.onnx", "text.onnx"
TABLES = {
    "sightword": "tokenizer.bpe",
    "clip": "tokenizer.txt.gz",
    "tokenizers": "tokenizer.json",
}
OPSET = 17  # LayerNormalization came with it; ONNX Runtime knows it since 1.12
AXES = {"images": {0: "n"}, "tokens": {0: "n", 1: "l"}, "vectors": {0: "n"}}
SMALLEST = 4096  # numbers: what is smaller is not worth a node more


def write_onnx(exportable: Exportable, folder: Path, weights: Weights = "half") -> EncoderSpec:
    """Write both towers and the tokenizer to `folder`. Gives the spec with their files and digests.

    The manifest is not written: that comes when the export is proven.
    """
    folder.mkdir(parents=True, exist_ok=True)
    spec = exportable.spec
    pixels = torch.zeros(2, 3, spec.image.side, spec.image.side, dtype=torch.uint8)
    tokens = torch.ones(2, spec.text.context_length, dtype=torch.int64)
    one_length = {"tokens": {0: "n"}} if spec.text.fixed else {}
    write_tower(exportable.images, pixels, "images", AXES, folder / IMAGE, weights)
    write_tower(exportable.texts, tokens, "tokens", AXES | one_length, folder / TEXT, weights)
    table = TABLES[spec.text.kind]
    shutil.copyfile(exportable.tokenizer, folder / table)
    image = replace(spec.image, file=IMAGE, sha256=sha256_of(folder / IMAGE))
    text = replace(
        spec.text,
        tokenizer=table,
        file=TEXT,
        sha256=sha256_of(folder / TEXT),
        tokenizer_sha256=sha256_of(folder / table),
    )
    return replace(spec, image=image, text=text).sealed()


def write_tower(
    tower: nn.Module,
    example: Tensor,
    name: str,
    axes: dict[str, dict[int, str]],
    path: Path,
    weights: Weights,
) -> None:
    """Trace one tower to ONNX, any number of rows, and store its weights as wanted."""
    with warnings.catch_warnings():
        # The new exporter needs one more package and gives the same graph for towers so plain.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            plain(tower),
            (example,),
            str(path),
            input_names=[name],
            output_names=["vectors"],
            dynamic_axes={name: axes[name], "vectors": axes["vectors"]},
            opset_version=OPSET,
            dynamo=False,
        )
    if weights != "full":
        path.write_bytes(narrowed(onnx.load(path), weights).SerializeToString())


def narrowed(model: onnx.ModelProto, weights: Weights) -> onnx.ModelProto:
    """The same model with matrices and kernels stored narrow, and widened when it is loaded.

    A table of embeddings stays narrow in memory too: only the rows that are looked up are widened.
    """
    small = onnx.ModelProto()
    small.CopyFrom(model)
    graph, stored, widening = small.graph, [], []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        is_weight = values.dtype == np.float32 and values.ndim > 1 and np.isfinite(values).all()
        if not is_weight or values.size < SMALLEST:  # masks hold -inf, which has no scale
            stored.append(weight)
            continue
        lookup = only_lookup(graph, weight.name)
        parts = halves(values) if weights == "half" else octets(values, by_row=lookup is not None)
        names = [f"{weight.name}.{number}" for number in range(len(parts))]
        stored += [numpy_helper.from_array(*pair) for pair in zip(parts, names, strict=True)]
        if lookup is None:
            widening += widen(names, weight.name)
            continue
        found = [f"{name}.rows" for name in names]
        rows = [lookup.input[1]]
        nodes = [
            helper.make_node("Gather", [name, *rows], [row])
            for name, row in zip(names, found, strict=True)
        ]
        replace_node(graph, lookup, nodes + widen(found, lookup.output[0]))
    nodes = [*widening, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(stored)
    graph.node.extend(nodes)
    onnx.checker.check_model(small)
    return small


def halves(values: NDArray[np.float32]) -> list[NDArray[np.generic]]:
    """The numbers as float16: half the bytes, and only the weights' rounding is lost."""
    return [values.astype(np.float16)]


def octets(values: NDArray[np.float32], by_row: bool) -> list[NDArray[np.generic]]:
    """The numbers as int8 -127..127, and the float32 scale of each channel to multiply them by.

    The channels are the rows, or those of the last axis where that loses less.
    """
    axes = [0] if by_row else [0, values.ndim - 1]
    ways = [scaled(values, axis) for axis in axes]
    lost = [float(np.square(numbers * scale - values).sum()) for numbers, scale in ways]
    return list(ways[int(np.argmin(lost))])


def scaled(values: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """int8 numbers, and a scale for each index of `axis`, whose product is near `values`."""
    others = tuple(other for other in range(values.ndim) if other != axis)
    scale = np.maximum(np.abs(values).max(axis=others, keepdims=True) / 127, 1e-12)
    return np.round(values / scale).astype(np.int8), scale.astype(np.float32)


def widen(names: list[str], output: str) -> list[NodeProto]:
    """The nodes that make float32 of stored numbers, and multiply them by their scale if any."""
    number, *scale = names
    wide = f"{output}.wide" if scale else output
    nodes = [helper.make_node("Cast", [number], [wide], to=TensorProto.FLOAT)]
    return nodes + [helper.make_node("Mul", [wide, one], [output]) for one in scale]


def only_lookup(graph: GraphProto, name: str) -> NodeProto | None:
    """The one node that reads rows of array `name`, or None where it is used in another way."""
    users = [node for node in graph.node if name in node.input]
    if len(users) == 1 and users[0].op_type == "Gather" and users[0].input[0] == name:
        plain = all(one.name != "axis" or one.i == 0 for one in users[0].attribute)
        return users[0] if plain else None
    return None


def replace_node(graph: GraphProto, old: NodeProto, new: list[NodeProto]) -> None:
    """Put nodes in the place of one: a graph lists its nodes in an order in which they can run."""
    nodes: list[NodeProto] = []
    for node in graph.node:
        nodes += new if node == old else [node]
    del graph.node[:]
    graph.node.extend(nodes)
