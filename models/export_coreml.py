"""Write both towers as ML programs for Core ML: what a Mac runs on its Neural Engine.

A package takes a fixed number of rows, computes in half precision, and needs macOS 13. It can be
written on any machine, and run on a Mac alone; `models.mil` executes it elsewhere, to prove it.
"""

import contextlib
import io
import logging
import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from models.export_palette import palette
from models.export_plain import plain
from models.export_shaped import shaped
from models.exportable import Exportable, UnitRows
from models.spec import CoreMLSpec, EncoderSpec, sha256_of_tree

Bits = Literal[16, 8, 6, "int8"]  # "int8": a grid of steps; 8 and 6: a table of values

IMAGE, TEXT = "image.mlpackage", "text.mlpackage"
SMALLEST = 8192  # numbers: below it little is saved, and there lies the mask of 77 x 77 words


@dataclass(frozen=True, slots=True)
class Batches:
    """How many rows a package takes at once; `others` are enumerated beside the first."""

    image: int = 8
    text: int = 1
    other_images: tuple[int, ...] = ()
    other_texts: tuple[int, ...] = ()


class HalfUnitRows(nn.Module):
    """A tower whose rows are brought to length one without leaving the range of float16.

    Squares of more than 255 are infinite there, so a row is first divided by its largest number.
    """

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, x: Tensor) -> Tensor:
        """What the tower takes -> (n, d) unit rows."""
        rows: Tensor = self.tower(x)
        rows = rows / rows.abs().amax(dim=1, keepdim=True)
        return rows / rows.square().sum(dim=1, keepdim=True).sqrt()


def write_coreml(
    exportable: Exportable,
    folder: Path,
    bits: Bits = 16,
    batches: Batches | None = None,
    is_shaped: bool = False,
) -> CoreMLSpec:
    """Write both packages to `folder`, replacing older ones. Gives their names and digests.

    8 or 6 `bits` store each weight as one of 2^bits values, found anew for each array: the files
    shrink, the arithmetic stays as it is. `is_shaped` lays Transformers out as in
    `export_layout`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    batches = batches or Batches()
    spec = exportable.spec
    side, length = spec.image.side, spec.text.context_length
    pixels = torch.zeros(batches.image, 3, side, side)
    tokens = torch.ones(batches.text, length, dtype=torch.int32)
    image = converted(exportable.images, pixels, "images", batches.other_images, bits, is_shaped)
    describe(image, spec, f"Photos to vectors of {spec.dimension} numbers.")
    image.input_description["images"] = (
        f"(n, 3, {side}, {side}) RGB 0..255, resized by {spec.image.interpolation} filter, "
        f"{spec.image.resize}"
    )
    text = converted(exportable.texts, tokens, "tokens", batches.other_texts, bits, is_shaped)
    describe(text, spec, f"Sentences to vectors of {spec.dimension} numbers.")
    text.input_description["tokens"] = (
        f"(n, {length}) numbers of tokens, filled up with {spec.text.pad}"
    )
    for model, name in ((image, IMAGE), (text, TEXT)):
        model.output_description["vectors"] = f"(n, {spec.dimension}) unit rows"
        shutil.rmtree(folder / name, ignore_errors=True)
        model.save(str(folder / name))
    digests = sha256_of_tree(folder / IMAGE), sha256_of_tree(folder / TEXT)
    return CoreMLSpec(IMAGE, TEXT, *digests, batches.image, batches.text)


def describe(model: Any, spec: EncoderSpec, what: str) -> None:
    """Set what Xcode and the Finder show of a package."""
    model.author = spec.author or "Sightword"
    model.license = spec.licence or "Unknown: ask the maker of the weights."
    model.version = spec.version or "1"
    model.short_description = f"{spec.name}: {what}"


def converted(
    tower: nn.Module,
    example: Tensor,
    name: str,
    others: tuple[int, ...] = (),
    bits: Bits = 16,
    is_shaped: bool = False,
) -> Any:
    """One tower as coremltools' MLModel: an ML program in float16, rows in, "vectors" out."""
    tower = plain(tower)
    if is_shaped:
        tower = shaped(tower)
    if isinstance(tower, UnitRows):
        tower = HalfUnitRows(tower.tower).eval()
    with quiet(), torch.inference_mode():
        ct = coremltools()
        traced = torch.jit.trace(tower, example, check_trace=False)  # type: ignore[no-untyped-call]  # torch
        kind = np.int32 if example.dtype == torch.int32 else np.float32
        shapes = [(rows, *example.shape[1:]) for rows in (len(example), *others)]
        shape = ct.EnumeratedShapes(shapes, default=shapes[0]) if others else ct.Shape(shapes[0])
        model = ct.convert(
            traced,
            inputs=[ct.TensorType(name=name, shape=shape, dtype=kind)],
            outputs=[ct.TensorType(name="vectors", dtype=np.float32)],
            convert_to="mlprogram",
            compute_precision=ct.precision.FLOAT16,
            minimum_deployment_target=ct.target.macOS13,
            skip_model_load=True,
        )
        if bits == 16:
            return model
        return in_steps(model) if bits == "int8" else palettised(model, bits)


def in_steps(model: Any) -> Any:
    """The same program with each large array as int8 and a scale a channel, as ONNX's are stored.

    A table serves a whole array; a scale serves one channel, and loses less where they differ.
    """
    from coremltools.optimize import coreml

    how = coreml.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=SMALLEST)
    return coreml.linear_quantize_weights(model, coreml.OptimizationConfig(global_config=how))


def palettised(model: Any, bits: int) -> Any:
    """The same program with each large array as numbers of a table of its 2^bits values."""
    from coremltools.optimize import coreml

    how = coreml.OpPalettizerConfig(
        mode="custom",
        lut_function=lambda values: palette(values, 1 << bits),
        weight_threshold=SMALLEST,
    )
    return coreml.palettize_weights(model, coreml.OptimizationConfig(global_config=how))


def coremltools() -> ModuleType:
    """The library, which takes seconds to import and logs what it thinks of versions."""
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    import coremltools

    module: ModuleType = coremltools
    return module


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without progress bars, and without what converters say of each other's versions."""
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
