"""Find the encoders that are on this machine, and load one.

An encoder is a folder with a manifest. Ours lie in `resources/encoders/`; others that a person
added lie in a folder of the library's, given as `extra`.
"""

import importlib.util
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from models.encoder import Encoder
from models.errors import BadEncoder, KnownError
from models.spec import MANIFEST, EncoderSpec

DEFAULT = "sightword-small"
SHIPPED = Path(__file__).resolve().parent.parent / "resources" / "encoders"


@dataclass(frozen=True, slots=True)
class Installed:
    """An encoder and where it lies."""

    folder: Path
    spec: EncoderSpec


def installed(extra: Path | None = None) -> list[Installed]:
    """All encoders that can be used, by name; one in `extra` hides ours of the same name.

    A damaged one is left out: `find` says what is wrong with it when it is asked for.
    Raises KnownError where `extra` may not be looked at.
    """
    found: dict[str, Installed] = {}
    for home in (SHIPPED, extra):
        for folder in _folders(home):
            try:
                spec = EncoderSpec.read(folder)
            except BadEncoder:
                continue
            found[spec.name] = Installed(folder, spec)
    return [found[name] for name in sorted(found)]


def find(name: str | None = None, extra: Path | None = None) -> Path:
    """The folder of the encoder called `name`, or of the default one.

    Raises KnownError when there is none of that name, or when it is damaged.
    """
    wanted = name or DEFAULT
    for one in installed(extra):
        if one.spec.name == wanted:
            return one.folder
    for home in (extra, SHIPPED):
        if home is not None and _holds_manifest(home / wanted):
            EncoderSpec.read(home / wanted)  # it is there but was left out: raise what is wrong
    names = ", ".join(one.spec.name for one in installed(extra)) or "none"
    raise KnownError(f"There is no encoder called {wanted!r}. Installed: {names}.")


def load(folder: Path) -> Encoder:
    """The encoder in `folder`, ready to run here. Raises BadEncoder.

    Each tower is read at its first use. The runtime is imported only now: it is heavy. On Apple
    silicon Core ML takes over when there are many photos and the encoder has packages for it.
    """
    from models.onnx import OnnxEncoder

    onnx = OnnxEncoder(folder)
    if onnx.spec.coreml is None or not has_core_ml():
        return onnx
    from models.coreml import CoreMLEncoder
    from models.coreml_cache import cache_of
    from models.quick_or_sure import QuickOrSure

    return QuickOrSure(onnx, lambda: CoreMLEncoder(folder, cache_of(folder), onnx).prepare())


def is_apple_silicon() -> bool:
    """Whether this machine has a Neural Engine, which Core ML alone can reach."""
    return sys.platform == "darwin" and platform.machine() == "arm64"


def has_core_ml() -> bool:
    """Whether Core ML can be tried: Apple silicon, and coremltools to reach it by."""
    return is_apple_silicon() and importlib.util.find_spec("coremltools") is not None


def _folders(home: Path | None) -> list[Path]:
    """The sub-folders of `home` that hold a manifest."""
    if home is None:
        return []
    try:
        folders = list(home.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise KnownError(
            f"{home} can't be looked at for encoders: {error.strerror}. "
            "Allow it, or check how it is spelled."
        ) from error
    return sorted(folder for folder in folders if _holds_manifest(folder))


def _holds_manifest(folder: Path) -> bool:
    """Whether there is one; False too where the name is impossible or the folder forbidden."""
    return os.path.exists(folder / MANIFEST)  # noqa: PTH110 - Path's raises before Python 3.14
