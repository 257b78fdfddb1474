"""Whether the encoder that answers searches is whole, runs right, and how fast and where."""

from collections.abc import Iterator
from pathlib import Path

from app.commands.doctor_check import Check, State
from app.commands.models_list import times
from app.commands.models_speed import Speeds
from indexer.errors import KnownError
from indexer.library import Library
from indexer.view import View
from models.encoder import bank_of
from models.errors import BadEncoder, ParityError
from models.installed import Installed, find, has_core_ml
from models.spec import EncoderSpec

SLOW_PER_S = 2.0  # photos on one core: under it 50,000 take most of a day on eight
DEVICES = {"neural_engine": "Neural Engine", "gpu": "GPU", "cpu": "CPU"}


def look(library: Library, model: str | None) -> Iterator[Check]:
    """The encoder called `model`, or the one that serves, or the default one."""
    try:
        folder = _folder(library, model)
        spec = EncoderSpec.read(folder)
        spec.verify(folder)
        bank_of(folder, spec)
    except KnownError as error:
        yield Check("encoder", "files", "problem", str(error))
        return
    values: dict[str, object] = {"name": spec.name, "digest": spec.digest, "folder": str(folder)}
    words = f"{spec.name}, {spec.dimension} numbers, {spec.image.side} px; its files are whole"
    yield Check("encoder", "files", "ok", words, values=values)
    yield _runs(folder, spec)
    yield _speed(library, Installed(folder, spec))
    yield from _core_ml(folder, spec)


def _folder(library: Library, model: str | None) -> Path:
    """Where the encoder lies. Raises KnownError."""
    if model is None:
        from indexer.kept_encoders import folder_of

        try:
            with View(library) as view:
                serving = view.serving()
        except KnownError:
            serving = None  # the library's own trouble is told already
        if serving is not None:
            return folder_of(library, serving)
    return find(model, library.encoders)


def _runs(folder: Path, spec: EncoderSpec) -> Check:
    """The fixture that travels with it, or without one a picture and a sentence."""
    from models.bundle_parity import PARITY, Parity
    from models.onnx import OnnxEncoder

    try:
        encoder = OnnxEncoder(folder)
        if (folder / PARITY).is_file():
            worst = Parity.read(folder, spec).check(encoder)
            words = f"gives the vectors of its reference here (worst cosine {worst:.5f})"
            return Check("encoder", "parity", "ok", words, values={"cosine": worst})
        found = Parity.of(encoder).check(encoder)
        words = "runs, and tells pictures and sentences apart"
        return Check("encoder", "parity", "ok", words, values={"cosine_to_itself": found})
    except (KnownError, ParityError) as error:
        todo = "Remove it and add it again, or use another: sightword models list"
        return Check("encoder", "parity", "problem", str(error), todo)


def _speed(library: Library, one: Installed) -> Check:
    speed = Speeds(library).of(one)
    if speed is None:
        return Check("encoder", "speed", "problem", f"{one.spec.name} can't be run here")
    words = f"{speed.photos_per_s:.1f} photos a second on {speed.runs_on}"
    if speed.against_default != 1:
        words += f", {times(speed.against_default)} what our small one does"
    state: State = "ok" if speed.photos_per_s >= SLOW_PER_S else "warning"
    todo = None if state == "ok" else "A smaller one is quicker: sightword models list"
    values: dict[str, object] = {
        "photos_per_s": speed.photos_per_s,
        "against_default": speed.against_default,
        "runs_on": speed.runs_on,
    }
    return Check("encoder", "speed", state, words, todo, values)


def _core_ml(folder: Path, spec: EncoderSpec) -> Iterator[Check]:
    """On a Mac: what Core ML means to run where, how long it loads, and how fast it is."""
    if not has_core_ml():
        return
    if spec.coreml is None:
        words = f"{spec.name} has no packages for Core ML: the processor's cores do the work"
        yield Check("encoder", "core ml", "warning", words, "See docs/command-line.md: --coreml")
        return
    from models.coreml import compute_plan

    try:
        plans = compute_plan(folder)
    except BadEncoder as error:
        yield Check("encoder", "core ml", "warning", str(error), "ONNX Runtime does the work.")
        return
    for plan in plans:
        where = ", ".join(f"{plan.on(device)} on the {DEVICES[device]}" for device in DEVICES)
        rows = "photos" if plan.tower == "image" else "sentences"
        words = (
            f"{plan.tower} tower with {plan.units}: {where}; first load {plan.first_load_s:.1f} s, "
            f"{plan.rows_per_s:.0f} {rows} a second"
        )
        values: dict[str, object] = {
            "tower": plan.tower,
            "units": plan.units,
            "operations": plan.operations,
            "costs": plan.costs,
            "first_load_s": plan.first_load_s,
            "rows_per_s": plan.rows_per_s,
        }
        yield Check("encoder", "core ml", "ok", words, values=values)
