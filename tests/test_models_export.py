"""Export ends in proof, and the encoder that comes out of it serves any batch and any thread."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from models.clip import Clip
from models.conv_tower import Block, ImageConfig
from models.drawn import draw
from models.encoder import Encoder, Images
from models.errors import BadEncoder, ParityError
from models.export import draft, export, measure, prove
from models.onnx import BATCH, OnnxEncoder
from models.photo_files import source_of
from models.preprocess import preprocess
from models.spec import EncoderSpec, sha256_of
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn

SENTENCES = [draw(seed, (32, 32)).sentence for seed in range(20)] + ["", "犬", "word " * 50]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Clip, Path]:
    """A tiny Clip with random weights, and the folder it was exported to."""
    home = tmp_path_factory.mktemp("encoders")
    tokenizer = Tokenizer(learn(SENTENCES, 100))
    tokenizer.write(home / "table")
    torch.manual_seed(0)
    blocks = (
        Block("dense", 16, stride=2, middle=3, expansion=2),
        Block("light", 24, stride=2, first=3, middle=3, expansion=2),
    )
    image = ImageConfig(side=128, stem=8, blocks=blocks, width=32)
    clip = Clip(image, TextConfig(tokenizer.size, 16, 32, 2, 2), dimension=16)
    clip.images(torch.from_numpy(pictures()))  # in training mode: gives the norms real averages
    export(clip.eval(), draft("tiny", 128, 16, 16), home / "table", home / "tiny")
    return clip, home / "tiny"


def pictures() -> Images:
    spec = draft("tiny", 128, 16, 16).image
    return np.stack([preprocess(draw(seed, (160, 120)).picture, spec) for seed in range(12)])


def test_both_towers_agree_with_torch_on_drawn_pictures_and_sentences(
    trained: tuple[Clip, Path],
) -> None:
    clip, folder = trained
    proof = prove(clip, folder, pictures(), SENTENCES)
    assert min(proof.values()) > 0.999


@pytest.mark.parametrize(("file", "rank"), [("image.onnx", 4), ("text.onnx", 2)])
def test_the_gate_closes_when_a_weight_is_changed(
    trained: tuple[Clip, Path], tmp_path: Path, file: str, rank: int
) -> None:
    clip, folder = trained
    for one in folder.iterdir():
        (tmp_path / one.name).write_bytes(one.read_bytes())
    model = onnx.load(tmp_path / file)
    weight = next(
        one for one in model.graph.initializer if len(one.dims) == rank and min(one.dims[:2]) > 3
    )
    values = numpy_helper.to_array(weight).copy()
    values[0], values[1] = -values[0] - 1, values[1] + 1
    weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    onnx.save(model, tmp_path / file)
    with pytest.raises(ParityError, match=file.removesuffix(".onnx")):
        prove(clip, tmp_path, pictures(), SENTENCES)


def test_weights_are_stored_in_half_precision(trained: tuple[Clip, Path]) -> None:
    clip, folder = trained
    text = sum(weight.numel() for weight in clip.text_tower.parameters())
    assert (folder / "text.onnx").stat().st_size < 2.6 * text + 40_000


@pytest.mark.parametrize("n", [0, 1, 5, BATCH, BATCH + 3])
def test_any_batch_size_gives_the_same_rows(trained: tuple[Clip, Path], n: int) -> None:
    encoder: Encoder = OnnxEncoder(trained[1])
    many = pictures()[np.arange(n) % 12]
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


def test_the_batch_that_was_given_stays_as_it_is(trained: tuple[Clip, Path]) -> None:
    batch = pictures()
    OnnxEncoder(trained[1]).images(batch)
    assert np.array_equal(batch, pictures())


def test_many_threads_may_ask_at_once(trained: tuple[Clip, Path]) -> None:
    encoder = OnnxEncoder(trained[1])
    want = OnnxEncoder(trained[1]).texts(SENTENCES)
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: encoder.texts(SENTENCES), range(24)):
            assert np.allclose(got, want, atol=1e-5)


def test_a_tower_is_loaded_when_it_is_first_used(
    trained: tuple[Clip, Path], tmp_path: Path
) -> None:
    for one in trained[1].iterdir():
        (tmp_path / one.name).write_bytes(one.read_bytes())
    (tmp_path / "image.onnx").write_bytes(b"no model at all")
    encoder = OnnxEncoder(tmp_path)
    assert len(encoder.texts(["a dog"])) == 1  # the broken half is not needed for words
    with pytest.raises(BadEncoder, match=r"image\.onnx can not be loaded"):
        encoder.images(pictures())


def test_the_manifest_says_what_was_exported(trained: tuple[Clip, Path]) -> None:
    spec = EncoderSpec.read(trained[1])
    spec.verify(trained[1])
    assert (spec.image.side, spec.text.context_length, spec.dimension) == (128, 16, 16)
    assert spec.image.sha256 == sha256_of(trained[1] / "image.onnx")


def test_figures_are_taken_over_the_dev_photos_of_a_zip(
    trained: tuple[Clip, Path], tmp_path: Path
) -> None:
    rows = []
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for seed in range(6):
            one, written = draw(seed, (160, 120)), io.BytesIO()
            one.picture.save(written, "PNG")
            archive.writestr(f"set/{seed}.png", written.getvalue())
            split = "dev" if seed < 4 else "train"
            rows.append(f"set/{seed}.png\t{split}\t{one.sentence}\n")
    (tmp_path / "captions.tsv").write_text("".join(rows))
    encoder = OnnxEncoder(trained[1])
    photos, texts, owner, figures = measure(
        encoder, source_of(tmp_path / "photos.zip"), tmp_path / "captions.tsv"
    )
    assert (len(photos), len(texts), owner.tolist()) == (4, 4, [0, 1, 2, 3])
    assert figures["text_to_photo"]["R@5"] == 1.0
