"""Small stand-ins that we own, for tests of what lies around the real thing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.encoder import Images, Vectors
from models.spec import EncoderSpec, ImageSpec, TextSpec

SPEC = EncoderSpec(
    name="fake",
    dimension=8,
    image=ImageSpec(
        side=32,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
        interpolation="bicubic",
        resize="short-side",
        file="image.onnx",
        sha256="",
    ),
    text=TextSpec(
        context_length=8, tokenizer="tokens", file="text.onnx", sha256="", scripts=("LATIN",)
    ),
    calibration=None,
    licence="none",
    digest="fake-digest-0001",
)
COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255,) * 3}


def write_encoder(folder: Path, spec: EncoderSpec = SPEC, *, named: str = "") -> EncoderSpec:
    """A folder that passes for an encoder's: a manifest, and files that nobody opens.

    Another name makes another digest, as other weights would.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = named or spec.name
    image, text = replace(spec.image, sha256=f"image of {name}"), spec.text
    replace(spec, name=name, image=image).write(folder)
    for file in (image.file, text.file, text.tokenizer):
        (folder / file).write_bytes(b"")
    return EncoderSpec.read(folder)


def load_fake(folder: Path) -> "ColourEncoder":
    """A ColourEncoder for the manifest in `folder`."""
    return ColourEncoder(EncoderSpec.read(folder))


class ColourEncoder:
    """Sees the mean colour and nothing else; knows the words of four colours."""

    def __init__(self, spec: EncoderSpec = SPEC) -> None:
        self.spec = spec
        self.seen = 0  # pictures encoded so far
        self.is_closed = False

    def images(self, batch: Images) -> Vectors:
        self.seen += len(batch)
        return self._rows(batch.reshape(len(batch), 3, -1).mean(axis=2))

    def texts(self, sentences: Sequence[str]) -> Vectors:
        named = [
            next((rgb for word, rgb in COLOURS.items() if word in text), (9, 9, 9))
            for text in sentences
        ]
        return self._rows(np.array(named, np.float32).reshape(-1, 3))

    def close(self) -> None:
        self.is_closed = True

    def _rows(self, colours: np.ndarray) -> Vectors:
        rows = np.zeros((len(colours), self.spec.dimension), np.float32)
        rows[:, :3] = colours / 255 - 0.5
        rows[:, 3] = 0.05
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)
