"""Core ML's packages: what Xcode shows of them, what they give, and what fewer bits cost."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from models.drawn import draw
from models.errors import ParityError
from models.export_coreml import HalfUnitRows, converted, write_coreml
from models.export_encoder import Formats, Samples, export_measured, held, proven
from models.export_layout import ShapedLayer
from models.export_onnx import write_onnx
from models.export_palette import palette
from models.export_plain import plain
from models.export_shaped import shaped
from models.exportable import Exportable, UnitRows, of_ours, of_recipe
from models.exportable_recipe import DEFAULT, PHOTO, Recipe
from models.gate import HALF, ask, compare, samples
from models.mil.encoder import MilEncoder
from models.mil.evaluator import LARGEST_HALF
from models.onnx import OnnxEncoder
from models.reference import ReferenceEncoder
from models.sizes import TINY_TEXT, Size
from models.spec import MANIFEST, EncoderSpec, sha256_of_tree
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn
from models.vit import VitConfig
from models.wake import wake

TEXT = {"context_length": 12, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2}
VIT = {"image_size": 32, "patch_size": 16, "width": 32, "head_width": 16, "layers": 2}
SIZE = Size(  # one layer a tower: each more takes the converter a second and proves no more
    VitConfig(side=32, patch=8, width=64, heads=2, layers=1), replace(TINY_TEXT, layers=1), 64
)
SENTENCES = [draw(seed, (32, 32)).sentence for seed in range(20)]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Towers as small as these lose more by waiting for each other's threads than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def exportable(tmp_path_factory: pytest.TempPathFactory) -> Exportable:
    table = tmp_path_factory.mktemp("tokenizer") / "table"
    Tokenizer(learn(SENTENCES, 100)).write(table)
    made = of_ours(SIZE, table, "tiny", licence="to kill")
    wake(made, *samples(made.spec, 40))
    return made


@pytest.fixture(scope="module")
def asked(exportable: Exportable) -> Samples:
    return Samples(*samples(exportable.spec, 40))


@pytest.fixture(scope="module")
def folder(
    exportable: Exportable, asked: Samples, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Both formats, proven."""
    home = tmp_path_factory.mktemp("encoders") / "tiny"
    done = export_measured(exportable, home, Formats(coreml=16), asked)
    assert done.coreml is not None
    assert min(done.coreml.photos.worst, done.coreml.sentences.worst) >= HALF
    return home


def proto(package: Path) -> Any:
    """The protobuf of a package, as coremltools reads it."""
    from coremltools.models.utils import load_spec

    return load_spec(str(package))


def test_the_manifest_names_both_packages(folder: Path) -> None:
    spec = EncoderSpec.read(folder)
    spec.verify(folder)
    assert spec.coreml is not None
    assert (spec.coreml.image_batch, spec.coreml.text_batch) == (8, 1)
    assert spec.coreml.image_sha256 == sha256_of_tree(folder / "image.mlpackage")


@pytest.mark.parametrize(
    ("package", "name", "shape"),
    [("image.mlpackage", "images", [8, 3, 32, 32]), ("text.mlpackage", "tokens", [1, 16])],
)
def test_a_package_says_who_made_it_and_what_it_takes(
    folder: Path, package: str, name: str, shape: list[int]
) -> None:
    description = proto(folder / package).description
    told = description.metadata
    assert (told.author, told.license, told.versionString) == ("Sightword", "to kill", "1")
    assert told.shortDescription.startswith("tiny: ")
    (given,), (made,) = description.input, description.output
    assert (given.name, list(given.type.multiArrayType.shape)) == (name, shape)
    assert made.name == "vectors"
    assert given.shortDescription
    assert made.shortDescription


def test_a_package_is_a_program_in_half_precision_for_macos_13(folder: Path) -> None:
    for package in ("image.mlpackage", "text.mlpackage"):
        program = proto(folder / package)
        assert program.specificationVersion == 7  # iOS 16, macOS 13
        (main,) = program.mlProgram.functions.values()
        (block,) = main.block_specializations.values()
        matrices = [one for one in block.operations if one.type in ("linear", "conv")]
        assert matrices
        types = {one.outputs[0].type.tensorType.dataType for one in matrices}
        assert types == {10}  # FLOAT16, in coremltools' MIL.proto


def test_other_batches_are_enumerated(exportable: Exportable) -> None:
    pixels = torch.zeros(4, 3, 32, 32)
    model = converted(exportable.images, pixels, "images", others=(1,), bits=16)
    (given,) = model.get_spec().description.input
    shapes = given.type.multiArrayType.enumeratedShapes.shapes
    assert sorted(list(shape.shape) for shape in shapes) == [[1, 3, 32, 32], [4, 3, 32, 32]]


def test_fewer_bits_take_less_room_and_what_they_cost_too_much_is_refused(
    exportable: Exportable, asked: Samples, folder: Path, tmp_path: Path
) -> None:
    # Random weights crowd less than learnt ones: they lose five times as much.
    with pytest.raises(ParityError, match=r"the worst cosine is .*, under 0\.99"):
        export_measured(exportable, tmp_path, Formats(coreml=6), asked)
    assert not (tmp_path / MANIFEST).exists()
    weights = "text.mlpackage/Data/com.apple.CoreML/weights/weight.bin"
    share = (tmp_path / weights).stat().st_size / (folder / weights).stat().st_size
    assert share < 6 / 16 + 0.1  # places and biases stay as they are


def test_both_formats_in_bytes_are_one_encoder(
    exportable: Exportable, asked: Samples, folder: Path, tmp_path: Path
) -> None:
    spec = write_onnx(exportable, tmp_path, "int8")
    replace(spec, coreml=write_coreml(exportable, tmp_path, "int8")).write(tmp_path)
    onnx = ask(OnnxEncoder(tmp_path), asked.photos, asked.sentences)
    core_ml = compare(onnx, ask(MilEncoder(tmp_path, "float16"), asked.photos, asked.sentences))
    # Random weights lose more than learnt ones: the default encoder's agree to .9999.
    assert min(core_ml.photos.worst, core_ml.sentences.worst) >= 0.995
    weights = "text.mlpackage/Data/com.apple.CoreML/weights/weight.bin"
    assert (tmp_path / weights).stat().st_size < 0.8 * (folder / weights).stat().st_size


def test_an_activation_that_float16_can_not_hold_is_said_and_refused(
    asked: Samples, folder: Path
) -> None:
    encoder = MilEncoder(folder, "float16")
    ask(encoder, asked.photos[:2], asked.sentences[:2])
    assert all(0 < most < LARGEST_HALF for most in held(encoder))
    image, _ = encoder.towers()
    image.largest = dict.fromkeys(image.largest, 70_000.0)
    with pytest.raises(ParityError, match=r"more than float16 holds \(65,504\).*70,000"):
        held(encoder)


def test_rows_of_large_numbers_stay_finite_in_half_precision() -> None:
    rows = torch.tensor([[300.0, -400.0], [3e4, 4e4], [0.003, 0.004]]).half()
    tower = torch.nn.Identity()
    made = HalfUnitRows(tower)(rows)
    assert bool(torch.isfinite(made).all())
    torch.testing.assert_close(made.float(), UnitRows(tower)(rows), atol=1e-3, rtol=0)


def test_a_palette_is_no_worse_than_even_steps() -> None:
    values = np.random.default_rng(0).standard_normal(5000).astype(np.float16)
    table, chosen = palette(values, 64)
    assert (len(table), table.dtype, len(chosen)) == (64, values.dtype, 5000)
    lost = float(np.square(table[chosen] - values).mean())
    steps = np.linspace(values.min(), values.max(), 64)
    even = np.abs(values[:, None] - steps).min(axis=1)
    assert lost < 0.6 * float(np.square(even).mean())
    few = np.array([2, 1, 2, -3], np.float32).reshape(2, 2)
    table, chosen = palette(few, 16)
    assert np.array_equal(table[chosen], few.ravel())


def test_a_package_of_other_weights_does_not_pass(
    exportable: Exportable, asked: Samples, folder: Path
) -> None:
    want = ask(ReferenceEncoder(exportable), asked.photos, asked.sentences)
    proven(want, MilEncoder(folder, "float16"), asked, HALF)
    swapped = Samples(asked.photos[:, ::-1], asked.sentences)  # red for blue
    with pytest.raises(Exception, match="photos: the worst cosine"):
        proven(want, MilEncoder(folder, "float16"), swapped, HALF)


def test_a_tower_laid_out_for_the_neural_engine_is_the_same_one(
    exportable: Exportable, asked: Samples, folder: Path, tmp_path: Path
) -> None:
    home = tmp_path / "shaped"
    shutil.copytree(folder, home, ignore=shutil.ignore_patterns("*.mlpackage"))
    packages = write_coreml(exportable, home, is_shaped=True)
    replace(EncoderSpec.read(folder), coreml=packages).write(home)
    want = ask(ReferenceEncoder(exportable), asked.photos, asked.sentences)
    found = compare(want, ask(MilEncoder(home, "float16"), asked.photos, asked.sentences))
    assert min(found.photos.worst, found.sentences.worst) >= HALF
    (main,) = proto(home / "image.mlpackage").mlProgram.functions.values()
    (block,) = main.block_specializations.values()
    counted = Counter(one.type for one in block.operations)
    assert counted["reshape"] <= 2
    assert counted["transpose"] <= 2  # one a layer
    assert counted["linear"] == 0


def test_towers_of_open_clip_may_be_laid_out_so_too() -> None:
    tokens = torch.arange(24).reshape(2, 12) % 17
    for text in (TEXT, {**TEXT, "no_causal_mask": True}, {**TEXT, "pool_type": "last"}):
        recipe = Recipe(
            "tiny",
            None,
            {"embed_dim": 16, "vision_cfg": VIT, "text_cfg": text, "custom_text": True},
            dict(zip(PHOTO, DEFAULT, strict=True)),
        )
        made = of_recipe(recipe)
        photos = torch.rand(2, 3, 32, 32) * 255
        for tower, fed in ((made.images, photos), (made.texts, tokens)):
            other = shaped(plain(tower))
            assert any(isinstance(part, ShapedLayer) for part in other.modules())
            torch.testing.assert_close(other(fed), tower(fed), atol=1e-5, rtol=0)


def test_a_tower_that_can_not_be_laid_out_stays_as_it_is() -> None:
    tower = UnitRows(torch.nn.Sequential(torch.nn.Flatten()))
    assert shaped(tower) is tower
