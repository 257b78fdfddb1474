"""Encoders whose packages are for the stand-in of Core ML in `fake_coremltools`."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.coreml_link import Link, environment
from models.encoder import Images, Vectors, unit_rows
from models.spec import CoreMLSpec, EncoderSpec, ImageSpec, TextSpec, sha256_of_tree
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn

HERE = Path(__file__).resolve().parent
FAKE = HERE / "fake_coremltools"
CAPTIONS = ["a dog on the grass"] * 3
D, SIDE, LENGTH, VOCABULARY, BATCH = 6, 16, 8, 600, 4
WEIGHTS = np.random.default_rng(0).normal(size=(3, D)).astype(np.float32)
TABLE = np.random.default_rng(1).normal(size=(VOCABULARY, D)).astype(np.float32)


class Right:
    """The rows that the fake gives where nothing is wrong with it."""

    def __init__(self, spec: EncoderSpec) -> None:
        self.spec = spec
        self._tokenizer = Tokenizer(learn(CAPTIONS, 9))

    def images(self, batch: Images) -> Vectors:
        return unit_rows(batch.astype(np.float32).mean(axis=(2, 3)) @ WEIGHTS)

    def texts(self, sentences: Sequence[str]) -> Vectors:
        tokens = self._tokenizer.batch(sentences, LENGTH)
        return unit_rows(TABLE[tokens].mean(axis=1))

    def close(self) -> None:
        pass


def package(path: Path, source: str, shape: list[int], dtype: str, faults: dict[str, str]) -> str:
    """Write a package for the fake; its digest."""
    path.mkdir()
    told = {"input": source, "shape": shape, "dtype": dtype, "faults": faults}
    (path / "fake.json").write_text(json.dumps(told))
    np.save(path / "weights.npy", WEIGHTS if source == "images" else TABLE)
    return sha256_of_tree(path)


def encoder_folder(folder: Path, **faults: str) -> EncoderSpec:
    """An encoder with packages for the fake; its ONNX towers are none."""
    folder.mkdir()
    for file in ("image.onnx", "text.onnx"):
        (folder / file).write_bytes(b"none")
    Tokenizer(learn(CAPTIONS, 9)).write(folder / "tokens")
    image = package(folder / "image.mlpackage", "images", [BATCH, 3, SIDE, SIDE], "float32", faults)
    text = package(folder / "text.mlpackage", "tokens", [1, LENGTH], "int32", faults)
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)
    spec = EncoderSpec(
        name="tiny",
        dimension=D,
        image=ImageSpec(SIDE, mean, std, "bicubic", "squash", "image.onnx", ""),
        text=TextSpec(LENGTH, "tokens", "text.onnx", "", ("LATIN",)),
        calibration=None,
        licence="",
        digest="",
        coreml=CoreMLSpec(image_sha256=image, text_sha256=text, image_batch=BATCH),
    ).sealed()
    spec.write(folder)
    return spec


def fake_link(*command: str) -> Link:
    """Core ML's process, with the fake in it."""
    paths = {**environment()}
    paths["PYTHONPATH"] = f"{FAKE}{os.pathsep}{paths['PYTHONPATH']}"
    return Link(command or (sys.executable, "-m", "models.coreml_process"), paths)
