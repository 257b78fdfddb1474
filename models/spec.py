"""Describe an encoder: the manifest that lies beside its weights.

An encoder *is* its weights plus this recipe. Every number that a picture or a sentence needs on
its way to a vector (side, mean, crop rule, context length, tokenizer) is written here once and
read from here everywhere. `digest` covers all of it, so vectors made by one encoder are never
compared with vectors of another.
"""

import hashlib
import json
from dataclasses import MISSING, asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from models.errors import BadEncoder
from models.reach import is_gone, is_there, out_of_reach
from models.strict import build

MANIFEST = "manifest.json"
MOST = 4096  # pixels a side, numbers a vector, tokens, rows: several times what any CLIP has
ANY_SCRIPT = "ANY"  # among `scripts`: there is none that the encoder has not read


@dataclass(frozen=True, slots=True)
class ImageSpec:
    """What the image tower wants: a square of `side` px, made as `resize` and `interpolation` say.

    `mean` and `std` are of RGB in 0..1. A tower that `takes` bytes, (n, 3, s, s) uint8 0..255,
    applies them inside; one that takes them normalised is fed float32 (x / 255 - mean) / std.
    """

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Literal["bicubic", "bilinear"]
    resize: Literal["short-side", "squash"]  # short side to `side` and crop, or squeeze to square
    file: str
    sha256: str
    takes: Literal["bytes", "normalised"] = "bytes"
    input: str = "images"
    output: str = "vectors"


@dataclass(frozen=True, slots=True)
class TextSpec:
    """What the text tower wants: `context_length` tokens of the tokenizer in file `tokenizer`.

    `kind` says who reads that file: our own table (`models.tokenizer`), CLIP's
    (`models.clip_bpe`), or a tokenizer.json of the `tokenizers` library, before which sentences
    are cleaned as `clean` says. Rows are filled up with `pad`; a `fixed` tower wants them whole,
    any other may be spared the columns that are padding in every row.
    """

    context_length: int
    tokenizer: str
    file: str
    sha256: str
    scripts: tuple[str, ...]  # what it has read, as first words of Unicode names: ("LATIN",)
    kind: Literal["sightword", "clip", "tokenizers"] = "sightword"
    pad: int = 0
    fixed: bool = False
    clean: Literal["none", "lower", "canonicalize", "whitespace"] = "none"
    input: str = "tokens"
    output: str = "vectors"
    integers: Literal["int64", "int32"] = "int64"
    tokenizer_sha256: str = ""  # empty in our oldest manifests: then nobody looks


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where the tail of a search is cut: above `median + cut_z * sigma` of the bank's scores.

    `bank` names an .npy of (b, d) float16 unit rows: photos that have nothing to do with the
    query. `sigma` is 1.4826 times the median absolute deviation of their scores.
    """

    bank: str
    cut_z: float


@dataclass(frozen=True, slots=True)
class CoreMLSpec:
    """The same two towers for Core ML: packages (folders) that take so many rows at once."""

    image: str = "image.mlpackage"
    text: str = "text.mlpackage"
    image_sha256: str = ""
    text_sha256: str = ""
    image_batch: int = 8
    text_batch: int = 1


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """One encoder. `digest` is a SHA-256 over both towers and the recipe that leads to them.

    Core ML's packages stay out of it: they were proven to lead to the same space.
    """

    name: str
    dimension: int
    image: ImageSpec
    text: TextSpec
    calibration: Calibration | None
    licence: str
    digest: str
    coreml: CoreMLSpec | None = None
    version: str = ""
    author: str = ""

    @classmethod
    def read(cls, folder: Path) -> "EncoderSpec":
        """The encoder in `folder`: the manifest is checked, and that its files are there.

        Raises BadEncoder: no manifest, a key missing, unknown or of the wrong kind, a file
        missing. Packages for Core ML may be missing: then ONNX Runtime runs the towers.
        Raises EncoderAway, which is one too, where that may be another time.
        """
        path = folder / MANIFEST
        try:
            spec = build(cls, json.loads(path.read_text(encoding="utf-8")), "manifest")
            spec.check()
        except OSError as error:
            if not is_gone(path, error):
                raise out_of_reach(folder, error) from error
            raise BadEncoder(
                f"{folder} holds no encoder: {MANIFEST} can not be read ({error.strerror}). "
                "Install the application again, or name another encoder."
            ) from error
        except (ValueError, RecursionError) as error:
            raise BadEncoder(
                f"{path} is not a manifest we understand ({error}). "
                "Export the encoder again, or name another one."
            ) from error
        for file in spec.single_files():
            if not is_there(folder, file):
                raise BadEncoder(
                    f"{folder} is incomplete: {file} is missing. Install the encoder again."
                )
        return spec

    def check(self) -> None:
        """See that each value can be what it says. Raises ValueError that names the value."""
        names = [name.lower() for name in (MANIFEST, *self.files())]  # one on a Mac, in any case
        if len(set(names)) < len(names):
            raise ValueError(f"two of {', '.join(names)} are one")
        for name in (*names, self.name):
            # A name, never a way out of the folder: manifests come with bundles of strangers.
            odd = set(name) & set("/\\") or not name.isprintable() or len(name) > 120
            if not name or name[0] in ".-" or odd:  # a dash begins an option
                raise ValueError(f"{name!r} can not be the name of a file")
        batches = (self.coreml.image_batch, self.coreml.text_batch) if self.coreml else ()
        counts = (self.dimension, self.image.side, self.text.context_length, *batches)
        if not all(0 < count <= MOST for count in counts):  # more would fill the memory
            raise ValueError(f"one of {counts} (dimension, side, context length, batches) is odd")
        if self.text.context_length < 2:
            raise ValueError("context_length must be at least 2")
        if self.text.pad < 0 or (self.text.pad > 0 and self.text.kind != "tokenizers"):
            raise ValueError("pad must be 0, or for `tokenizers` the number of a token")
        if not all(value > 0 for value in self.image.std):
            raise ValueError(f"image.std must be over 0, not {self.image.std}")
        if not self.text.scripts:
            raise ValueError(f"text.scripts must name one, or {ANY_SCRIPT}")

    def single_files(self) -> tuple[str, ...]:
        """The names of the files without which the encoder can not run, beside the manifest."""
        bank = (self.calibration.bank,) if self.calibration else ()
        return (self.image.file, self.text.file, self.text.tokenizer, *bank)

    def packages(self) -> dict[str, str]:
        """Core ML's packages, folders beside the manifest, each with its digest."""
        one = self.coreml
        return {one.image: one.image_sha256, one.text: one.text_sha256} if one else {}

    def files(self) -> tuple[str, ...]:
        """The names of all that belongs to this encoder beside the manifest, packages too."""
        packages = (self.coreml.image, self.coreml.text) if self.coreml else ()
        return (*self.single_files(), *packages)

    def write(self, folder: Path) -> None:
        """Put the manifest into `folder`, with the digest made anew."""
        text = json.dumps(asdict(self.sealed()), indent=2, ensure_ascii=False)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

    def sealed(self) -> "EncoderSpec":
        """The same encoder with the digest that belongs to it.

        Name, licence, calibration and what stands for Core ML stay out: they change no vector.
        """
        parts = [self.dimension, _recipe(self.image), _recipe(self.text)]
        recipe = json.dumps(parts, sort_keys=True)
        return replace(self, digest=hashlib.sha256(recipe.encode()).hexdigest())

    def verify(self, folder: Path) -> None:
        """Read all towers and compare their bytes with the manifest. Raises BadEncoder."""
        wanted = {self.image.file: self.image.sha256, self.text.file: self.text.sha256}
        if self.text.tokenizer_sha256:
            wanted[self.text.tokenizer] = self.text.tokenizer_sha256
        for file, sha256 in wanted.items():
            if sha256_of(folder / file) != sha256:
                raise BadEncoder(f"{folder / file} is damaged. Install the encoder again.")
        for package, sha256 in self.packages().items():
            if sha256_of_tree(folder / package) != sha256:
                raise BadEncoder(f"{folder / package} is damaged. Install the encoder again.")
        if self.sealed().digest != self.digest:
            raise BadEncoder(f"{folder / MANIFEST} was changed by hand. Install the encoder again.")


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_tree(folder: Path) -> str:
    """The SHA-256 over the names, sizes and bytes of all files in `folder`, in hexadecimal.

    What Finder leaves behind (.DS_Store) is passed over. Raises BadEncoder: the folder is
    missing or can't be read, or holds a link, which may lead anywhere.
    """
    whole = hashlib.sha256()
    try:
        if folder.is_symlink() or not folder.is_dir():
            raise BadEncoder(f"{folder} is missing. Install the encoder again.")
        paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
        for name, path in sorted(paths.items()):
            if path.is_symlink():
                raise BadEncoder(f"{path} is a link. Install the encoder again.")
            if path.is_file() and path.name != ".DS_Store":
                whole.update(f"{name}\0{path.stat().st_size}\0".encode())
                whole.update(bytes.fromhex(sha256_of(path)))
    except OSError as error:
        raise BadEncoder(
            f"{folder} can not be read ({error.strerror}). Install the encoder again."
        ) from error
    return whole.hexdigest()


def _recipe(part: ImageSpec | TextSpec) -> dict[str, Any]:
    """The fields of `part`, but for younger ones that say nothing new: old digests stay."""
    default = {field.name: field.default for field in fields(part)}
    return {
        name: value
        for name, value in asdict(part).items()
        if default[name] is MISSING or value != default[name]
    }
