"""How fast encoders are on this machine: measured for a moment, and remembered in the library."""

import json
import os
import platform
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from indexer.library import Library
from models.errors import KnownError
from models.installed import DEFAULT, Installed, find
from models.spec import EncoderSpec

FILE = "speeds.json"
BATCH = 8
ONE_CORE = "one core"
SECONDS = 0.4  # of measuring, after a first batch that is not counted


@dataclass(frozen=True, slots=True)
class Speed:
    """Photos a second of one core, or of Core ML's units, and against our own small encoder.

    Other work slows both down alike, so the ratio says more than the figure.
    """

    photos_per_s: float
    against_default: float  # times as fast as ours, on one core a moment before
    runs_on: str  # "one core", or Core ML's units


class Speeds:
    """What was measured in this library's machine, by the digests of encoders."""

    def __init__(self, library: Library) -> None:
        self._file = library.root / FILE
        self._known: dict[str, dict[str, object]] = {}
        self._default: float | None = None
        with suppress(OSError, ValueError):
            read = json.loads(self._file.read_text(encoding="utf-8"))
            if read["machine"] == _machine():
                self._known = read["speeds"]

    def of(self, one: Installed) -> Speed | None:
        """The speed of an encoder, measured now if it never was; None where it does not run."""
        with suppress(KeyError, TypeError):
            known = Speed(**self._known[one.spec.digest])  # type: ignore[arg-type]  # our own file
            if known.runs_on == (core_ml_speed(one.folder, one.spec)[0] or ONE_CORE):
                return known  # else Core ML had its trial since then
        try:
            speed = self._measure(one)
        except KnownError:
            return None
        self._known[one.spec.digest] = asdict(speed)
        with suppress(OSError):  # measured anew the next time
            kept = {"machine": _machine(), "speeds": self._known}
            if self._file.parent.is_dir():
                beside = self._file.with_suffix(".new")
                beside.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
                beside.replace(self._file)
        return speed

    def _measure(self, one: Installed) -> Speed:
        yardstick = photos_per_s(find(DEFAULT))  # each time: what else runs here changes
        is_default = one.spec.digest == EncoderSpec.read(find(DEFAULT)).digest
        measured = yardstick if is_default else photos_per_s(one.folder)
        units, on_core_ml = core_ml_speed(one.folder, one.spec)
        if on_core_ml is not None:
            return Speed(round(on_core_ml, 2), round(on_core_ml / yardstick, 3), units)
        return Speed(round(measured, 2), round(measured / yardstick, 3), ONE_CORE)


def photos_per_s(folder: Path, seconds: float = SECONDS) -> float:
    """Photos that the encoder in `folder` sees in a second, on one core. Raises BadEncoder."""
    import numpy as np

    from models.onnx import OnnxEncoder

    encoder = OnnxEncoder(folder)
    side = encoder.spec.image.side
    batch = np.random.default_rng(0).integers(0, 256, (BATCH, 3, side, side), np.uint8)
    encoder.images(batch)
    seen, began_s = 0, time.perf_counter()
    while (took_s := time.perf_counter() - began_s) < seconds:
        encoder.images(batch)
        seen += BATCH
    return seen / took_s


def core_ml_speed(folder: Path, spec: EncoderSpec) -> tuple[str, float | None]:
    """The units and the photos a second of Core ML's own trial, if there ever was one here."""
    from models.coreml_cache import cache_of
    from models.coreml_trial import remembered, this_machine
    from models.installed import has_core_ml

    if spec.coreml is None or not has_core_ml():
        return "", None
    trial = remembered(cache_of(folder), this_machine(), spec.coreml.image_sha256)
    chosen = trial.of_chosen() if trial else None
    return (chosen.units, chosen.photos_per_s) if chosen else ("", None)


def _machine() -> list[object]:
    """What a figure holds for."""
    return [platform.machine(), platform.processor(), os.cpu_count()]
