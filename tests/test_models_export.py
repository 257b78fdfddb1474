"""Export ends in proof, and the encoder that comes out of it serves any batch and any thread."""

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from models.bundle_parity import Parity
from models.conv_tower import Block, ImageConfig
from models.drawn import draw
from models.encoder import Encoder, Images
from models.errors import BadEncoder, ParityError
from models.export_encoder import Formats, Samples, export_measured, proven
from models.export_measure import measure
from models.exportable import Exportable, of_ours
from models.gate import HALF, ask, samples
from models.onnx import BATCH, OnnxEncoder
from models.photo_files import source_of
from models.reference import ReferenceEncoder
from models.sizes import Size
from models.spec import MANIFEST, EncoderSpec, sha256_of
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn
from models.wake import wake

SENTENCES = [draw(seed, (32, 32)).sentence for seed in range(20)] + ["", "犬", "word " * 50]
BLOCKS = (
    Block(16, stride=2, expansion=2),
    Block(24, stride=2, expansion=2),
)
IMAGE = ImageConfig(side=128, stem=8, blocks=BLOCKS, width=32)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Towers as small as these lose more by waiting for each other's threads than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def exportable(tmp_path_factory: pytest.TempPathFactory) -> Exportable:
    """A tiny Clip whose random weights tell pictures apart."""
    table = tmp_path_factory.mktemp("tokenizer") / "table"
    tokenizer = Tokenizer(learn(SENTENCES, 100))
    tokenizer.write(table)
    size = Size(IMAGE, TextConfig(tokenizer.size, 16, 32, 2, 2), 16)
    made = of_ours(size, table, "tiny", licence="to kill")
    wake(made, *samples(made.spec, 40))
    return made


@pytest.fixture(scope="module")
def asked(exportable: Exportable) -> Samples:
    return Samples(*samples(exportable.spec, 40))


@pytest.fixture(scope="module")
def folder(
    exportable: Exportable, asked: Samples, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """What it was exported to."""
    home = tmp_path_factory.mktemp("encoders") / "tiny"
    export_measured(exportable, home, asked=asked)
    return home


@pytest.fixture
def pictures(asked: Samples) -> Images:
    return asked.photos[:12]


def copied(folder: Path, to: Path) -> Path:
    for one in folder.iterdir():
        (to / one.name).write_bytes(one.read_bytes())
    return to


@pytest.mark.parametrize(("file", "rank"), [("image.onnx", 4), ("text.onnx", 2)])
def test_the_gate_closes_when_a_weight_is_changed(
    exportable: Exportable, asked: Samples, folder: Path, tmp_path: Path, file: str, rank: int
) -> None:
    copied(folder, tmp_path)
    want = ask(ReferenceEncoder(exportable), asked.photos, asked.sentences)
    proven(want, OnnxEncoder(tmp_path), asked, HALF)
    model = onnx.load(tmp_path / file)
    weight = next(
        one for one in model.graph.initializer if len(one.dims) == rank and min(one.dims[:2]) > 3
    )
    values = numpy_helper.to_array(weight).copy()
    values[0], values[1] = -values[0] - 1, values[1] + 1
    weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    onnx.save(model, tmp_path / file)
    with pytest.raises(ParityError, match="was not exported well"):
        proven(want, OnnxEncoder(tmp_path), asked, HALF)


def test_a_failed_export_leaves_no_encoder_behind(
    exportable: Exportable, asked: Samples, folder: Path, tmp_path: Path
) -> None:
    copied(folder, tmp_path)
    (tmp_path / "text.onnx").unlink()
    (tmp_path / "text.onnx").mkdir()  # it can not be written
    with pytest.raises(Exception, match="text"):
        export_measured(exportable, tmp_path, asked=asked)
    assert not (tmp_path / MANIFEST).exists()


def test_weights_are_stored_in_half_precision(exportable: Exportable, folder: Path) -> None:
    text = sum(weight.numel() for weight in exportable.texts.parameters())
    assert (folder / "text.onnx").stat().st_size < 2.6 * text + 40_000


def test_weights_may_be_stored_in_full_or_in_bytes(
    exportable: Exportable, asked: Samples, folder: Path, tmp_path: Path
) -> None:
    sizes = {}
    for weights in ("full", "int8"):
        home = tmp_path / weights
        formats = Formats(onnx=weights)
        done = export_measured(exportable, home, formats, asked)
        sizes[weights] = (home / "text.onnx").stat().st_size
        least = 0.99999 if weights == "full" else 0.99
        assert min(done.onnx.photos.worst, done.onnx.sentences.worst) >= least
        fixture = Parity.read(home, done.spec)
        assert fixture.least == (HALF if weights == "full" else 0.99)
        fixture.check(OnnxEncoder(home))  # else no bundle could be made of it
    half = (folder / "text.onnx").stat().st_size
    assert sizes["int8"] < half < sizes["full"]


@pytest.mark.parametrize("n", [0, 1, 5, BATCH, BATCH + 3])
def test_any_batch_size_gives_the_same_rows(folder: Path, pictures: Images, n: int) -> None:
    encoder: Encoder = OnnxEncoder(folder)
    many = pictures[np.arange(n) % 12]
    rows = encoder.images(many)
    assert rows.shape == (n, 16)
    assert rows.dtype == np.float32
    for row, picture in zip(rows[:4], many[:4], strict=True):
        assert np.allclose(row, encoder.images(picture[None])[0], atol=1e-5)
    texts = [SENTENCES[row % len(SENTENCES)] for row in range(n)]
    rows = encoder.texts(texts)
    assert rows.shape == (n, 16)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    for row, text in zip(rows[:4], texts[:4], strict=True):
        assert np.allclose(row, encoder.texts([text])[0], atol=1e-5)


def test_the_batch_that_was_given_stays_as_it_is(folder: Path, pictures: Images) -> None:
    batch = pictures.copy()
    OnnxEncoder(folder).images(batch)
    assert np.array_equal(batch, pictures)


def test_many_threads_may_ask_at_once(folder: Path) -> None:
    encoder = OnnxEncoder(folder)
    want = OnnxEncoder(folder).texts(SENTENCES)
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: encoder.texts(SENTENCES), range(24)):
            assert np.allclose(got, want, atol=1e-5)


def test_a_tower_is_loaded_when_it_is_first_used(
    folder: Path, tmp_path: Path, pictures: Images
) -> None:
    copied(folder, tmp_path)
    (tmp_path / "image.onnx").write_bytes(b"no model at all")
    encoder = OnnxEncoder(tmp_path)
    assert len(encoder.texts(["a dog"])) == 1  # the broken half is not needed for words
    with pytest.raises(BadEncoder, match=r"image\.onnx can not be loaded"):
        encoder.images(pictures)


def test_the_manifest_says_what_was_exported(exportable: Exportable, folder: Path) -> None:
    spec = EncoderSpec.read(folder)
    spec.verify(folder)
    assert (spec.image.side, spec.text.context_length, spec.dimension) == (128, 16, 16)
    assert (spec.name, spec.licence, spec.coreml) == ("tiny", "to kill", None)
    assert spec.image.sha256 == sha256_of(folder / "image.onnx")
    fixture = Parity.read(folder, spec)
    reference = ReferenceEncoder(exportable)
    assert np.allclose(fixture.answers.photos, reference.images(fixture.images), atol=1e-5)
    assert np.allclose(fixture.answers.sentences, reference.texts(fixture.sentences), atol=1e-5)


def test_figures_are_taken_over_the_dev_photos_of_a_zip(folder: Path, tmp_path: Path) -> None:
    rows = []
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for seed in range(6):
            one, written = draw(seed, (160, 120)), io.BytesIO()
            one.picture.save(written, "PNG")
            archive.writestr(f"set/{seed}.png", written.getvalue())
            split = "dev" if seed < 4 else "train"
            rows.append(f"set/{seed}.png\t{split}\t{one.sentence}\n")
    (tmp_path / "captions.tsv").write_text("".join(rows))
    encoder = OnnxEncoder(folder)
    photos, texts, owner, figures = measure(
        encoder, source_of(tmp_path / "photos.zip"), tmp_path / "captions.tsv"
    )
    assert (len(photos), len(texts), owner.tolist()) == (4, 4, [0, 1, 2, 3])
    assert figures["text_to_photo"]["R@5"] == 1.0
