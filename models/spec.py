"""Describe an encoder: the manifest that lies beside its weights.

An encoder *is* its weights plus this recipe. Every number that a picture or a sentence needs on
its way to a vector (side, mean, crop rule, context length, tokenizer) is written here once and
read from here everywhere. `digest` covers all of it, so vectors made by one encoder are never
compared with vectors of another.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from models.errors import BadEncoder

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What the image tower wants: a square of `side` px, made as `resize` and `interpolation` say.

    `mean` and `std` are of RGB in 0..1. They are applied inside the exported tower, so that
    pixels travel as bytes; they stand here for those who run a tower of another maker.
    """

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Literal["bicubic", "bilinear"]
    resize: Literal["short-side", "squash"]  # short side to `side` and crop, or squeeze to square
    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class TextSpec:
    """What the text tower wants: `context_length` tokens of the tokenizer in file `tokenizer`."""

    context_length: int
    tokenizer: str
    file: str
    sha256: str
    scripts: tuple[str, ...]  # what it has read, as first words of Unicode names: ("LATIN",)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where the tail of a search is cut: above `median + cut_z * sigma` of the bank's scores.

    `bank` names an .npy of (b, d) float16 unit rows: photos that have nothing to do with the
    query. `sigma` is 1.4826 times the median absolute deviation of their scores.
    """

    bank: str
    cut_z: float


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """One encoder. `digest` is a SHA-256 over both towers and the recipe that leads to them."""

    name: str
    dimension: int
    image: ImageSpec
    text: TextSpec
    calibration: Calibration | None
    licence: str
    digest: str

    @classmethod
    def read(cls, folder: Path) -> "EncoderSpec":
        """The encoder in `folder`: the manifest is checked, and that its files are there.

        Raises BadEncoder: no manifest, a key missing or of the wrong kind, a file missing.
        """
        path = folder / MANIFEST
        try:
            spec = _from_json(json.loads(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise BadEncoder(
                f"{folder} holds no encoder: {MANIFEST} can not be read ({error.strerror}). "
                "Install the application again, or name another encoder."
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise BadEncoder(
                f"{path} is not a manifest we understand ({error!r}). "
                "Export the encoder again, or name another one."
            ) from error
        for file in spec.files():
            if not (folder / file).is_file():
                raise BadEncoder(
                    f"{folder} is incomplete: {file} is missing. Install the encoder again."
                )
        return spec

    def files(self) -> tuple[str, ...]:
        """The names of the files that belong to this encoder, beside the manifest."""
        bank = (self.calibration.bank,) if self.calibration else ()
        return (self.image.file, self.text.file, self.text.tokenizer, *bank)

    def write(self, folder: Path) -> None:
        """Put the manifest into `folder`, with the digest made anew."""
        text = json.dumps(asdict(self.sealed()), indent=2, ensure_ascii=False)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

    def sealed(self) -> "EncoderSpec":
        """The same encoder with the digest that belongs to it.

        Name, licence and calibration stay out: they change no vector.
        """
        recipe = json.dumps([self.dimension, asdict(self.image), asdict(self.text)], sort_keys=True)
        return replace(self, digest=hashlib.sha256(recipe.encode()).hexdigest())

    def verify(self, folder: Path) -> None:
        """Read both towers and compare their bytes with the manifest. Raises BadEncoder."""
        for tower in (self.image, self.text):
            if sha256_of(folder / tower.file) != tower.sha256:
                raise BadEncoder(f"{folder / tower.file} is damaged. Install the encoder again.")
        if self.sealed().digest != self.digest:
            raise BadEncoder(f"{folder / MANIFEST} was changed by hand. Install the encoder again.")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _from_json(values: dict[str, Any]) -> EncoderSpec:
    """Build the values from parsed JSON. Raises KeyError, TypeError or ValueError on nonsense."""
    image, text, calibration = values["image"], values["text"], values["calibration"]
    if image["interpolation"] not in ("bicubic", "bilinear"):
        raise ValueError(f"interpolation {image['interpolation']!r}")
    if image["resize"] not in ("short-side", "squash"):
        raise ValueError(f"resize {image['resize']!r}")
    if not (isinstance(image["side"], int) and isinstance(values["dimension"], int)):
        raise TypeError("side and dimension must be whole numbers")
    return EncoderSpec(
        name=values["name"],
        dimension=values["dimension"],
        image=ImageSpec(**{**image, "mean": _three(image["mean"]), "std": _three(image["std"])}),
        text=TextSpec(**{**text, "scripts": tuple(text["scripts"])}),
        calibration=None if calibration is None else Calibration(**calibration),
        licence=values["licence"],
        digest=values["digest"],
    )


def _three(values: list[float]) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in values)
    return red, green, blue
