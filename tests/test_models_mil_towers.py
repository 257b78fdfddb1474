"""Whole towers: what is read back from a package is the tower that was written into it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.conv_tower import Block, ImageConfig
from models.drawn import draw
from models.errors import BadEncoder
from models.export_coreml import Batches, Bits, converted, write_coreml
from models.export_onnx import write_onnx
from models.exportable import Exportable, of_ours
from models.mil.encoder import MilEncoder, PackagedTower
from models.mil.errors import BadPackage
from models.mil.evaluator import Evaluator
from models.reference import ReferenceEncoder
from models.sizes import TINY_TEXT, Size, size_of
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn
from models.vit import VitConfig
from tests.mil_programs import Array, quiet

SENTENCES = [draw(seed, (32, 32)).sentence for seed in range(8)]
SMALL = Size(
    VitConfig(side=32, patch=8, width=48, heads=2, layers=1), replace(TINY_TEXT, layers=1), 32
)
CONV = ImageConfig(  # of the default encoder's parts: a block that shrinks, and one that adds
    side=64,
    stem=8,
    width=32,
    blocks=(Block(16, stride=2, expansion=2), Block(16, stride=1, expansion=2)),
)
TOWERS = {
    "vit": SMALL,
    "resnet": size_of("tiny-resnet"),
    "conv": replace(SMALL, image=CONV),
}
ROUNDED = 2e-3  # what float16 costs a unit row of a tiny tower; a wrong layer costs a hundredfold


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Towers as small as these lose more by waiting for each other's threads than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer") / "table"
    Tokenizer(learn(SENTENCES, 60)).write(path)
    return path


def pixels(rows: int, side: int) -> Array:
    return np.random.default_rng(0).integers(0, 256, (rows, 3, side, side)).astype(np.float32)


@pytest.mark.parametrize("kind", ["vit", "resnet", "conv"])
def test_an_image_tower_of_ours_survives_the_way_to_disk(
    kind: str, table: Path, tmp_path: Path
) -> None:
    exportable, path = of_ours(TOWERS[kind], table, kind), tmp_path / "image.mlpackage"
    x = pixels(3, exportable.spec.image.side)
    with torch.inference_mode():
        want = exportable.images(torch.from_numpy(x)).numpy()
    converted(exportable.images, torch.from_numpy(x), "images", (), 16).save(str(path))
    for precision in ("float32", "float16"):
        evaluator = Evaluator(path, "float32" if precision == "float32" else "float16")
        got = evaluator.run({"images": x})["vectors"]
        assert np.abs(got - want).max() < ROUNDED
        assert evaluator.overflows() == {}
        assert max(evaluator.largest.values()) >= 255


@pytest.mark.parametrize("bits", [8, 6])
def test_palettised_weights_are_those_that_coremltools_opens(
    bits: Bits, table: Path, tmp_path: Path
) -> None:
    exportable, x = of_ours(SMALL, table, "small"), pixels(1, 32)
    model = converted(exportable.images, torch.from_numpy(x), "images", (), bits)
    with quiet():
        from coremltools.optimize.coreml import decompress_weights

        opened = decompress_weights(model)
    made = []
    for name, one in (("small", model), ("opened", opened)):
        one.save(str(tmp_path / f"{name}.mlpackage"))
        made.append(Evaluator(tmp_path / f"{name}.mlpackage").run({"images": x})["vectors"])
    sizes = [
        (tmp_path / f"{name}.mlpackage/Data/com.apple.CoreML/weights/weight.bin").stat().st_size
        for name in ("small", "opened")
    ]
    assert np.array_equal(made[0], made[1])
    assert sizes[0] < 0.8 * sizes[1]


@pytest.fixture(scope="module")
def exportable(table: Path) -> Exportable:
    return of_ours(SMALL, table, "small")


@pytest.fixture(scope="module")
def folder(exportable: Exportable, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder with packages that take four photos, and one sentence or three."""
    folder = tmp_path_factory.mktemp("encoder")
    spec = write_onnx(exportable, folder, "half")
    spec.write(folder)
    coreml = write_coreml(exportable, folder, 16, Batches(image=4, text=1, other_texts=(3,)))
    replace(spec, coreml=coreml).write(folder)
    return folder


@pytest.mark.parametrize("count", [0, 1, 4, 7])
def test_any_number_of_photos_and_sentences_has_its_rows(
    folder: Path, exportable: Exportable, count: int
) -> None:
    encoder, reference = MilEncoder(folder, "float16"), ReferenceEncoder(exportable)
    photos = pixels(count, 32).astype(np.uint8)
    kept = photos.copy()
    sentences = [*SENTENCES, "", "word " * 50][-count:] if count else []
    for got, want in (
        (encoder.images(photos), reference.images(photos)),
        (encoder.texts(sentences), reference.texts(sentences)),
    ):
        assert got.shape == want.shape
        assert got.dtype == np.float32
        assert np.abs(got - want).max(initial=0) < ROUNDED
        assert np.allclose(np.linalg.norm(got, axis=1), 1, atol=1e-5)
    assert np.array_equal(photos, kept)


def test_the_towers_tell_what_they_met(folder: Path) -> None:
    encoder = MilEncoder(folder)
    encoder.images(pixels(1, 32).astype(np.uint8))
    image, text = encoder.towers()
    assert image.operations["conv"] == 1
    assert text.operations["gather"] >= 1
    assert max(image.largest.values()) >= 255
    assert text.largest == {}
    assert image.operations["transpose"] > 0
    moved = [name for name in image.largest if name.endswith(("/transpose", "/reshape"))]
    assert moved == [], "what only moves numbers makes none"


def test_an_encoder_without_packages_is_refused(exportable: Exportable, tmp_path: Path) -> None:
    write_onnx(exportable, tmp_path, "half").write(tmp_path)
    with pytest.raises(BadEncoder, match="holds no Core ML packages"):
        MilEncoder(tmp_path)


def test_a_package_of_another_dimension_is_refused(folder: Path) -> None:
    tower = PackagedTower(folder / "image.mlpackage", 31, "float32")
    with pytest.raises(BadPackage, match=r"gives \(4, 32\) for 4 rows of 31 numbers"):
        tower.run(pixels(2, 32))
