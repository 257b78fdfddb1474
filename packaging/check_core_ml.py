"""Hold what Core ML computes on this Mac against what an encoder's reference computes.

    python packaging/check_core_ml.py resources/encoders/sightword-small
    python packaging/check_core_ml.py build/random --random MobileCLIP2-S0

Elsewhere packages are proven by executing them ourselves (`models.mil`); what Core ML makes of them
only a Mac can say. Each choice of compute units answers 200 drawn pictures and sentences, and the
units that a trial chooses must agree with ONNX Runtime, and with the parity fixture beside the
encoder, which torch made. `--random` first exports an architecture with random weights that were
woken. A line of JSON each; the exit status is 1 where Core ML is wrong.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from models.bundle_parity import PARITY, Parity
from models.coreml import CoreMLEncoder
from models.coreml_link import Link
from models.coreml_trial import UNITS
from models.encoder import Encoder
from models.errors import KnownError
from models.gate import HALF, SAMPLES, Answers, Verdict, ask, compare, samples
from models.onnx import OnnxEncoder


def check(
    folder: Path,
    cache: Path,
    right: Encoder,
    start: Callable[[], Link] = Link,
    count: int = SAMPLES,
) -> list[dict[str, Any]]:
    """What is to be said of the encoder in `folder`: one entry for each units, then the plan.

    Under "wrong" an entry has what is wrong with the units that the trial chose. Raises KnownError
    where Core ML does not run the encoder at all.
    """
    photos, sentences = samples(right.spec, count)
    wanted = {"ONNX Runtime": (photos, sentences, ask(right, photos, sentences))}
    if (folder / PARITY).exists():
        fixture = Parity.read(folder, right.spec)
        wanted["the reference"] = (fixture.images, fixture.sentences, fixture.answers)
    encoder = CoreMLEncoder(folder, cache, right, None, start())
    said: list[dict[str, Any]]
    try:
        chosen = encoder.units()
        said = [
            *({"units": tried.units, "trial": asdict(tried)} for tried in encoder.trial().tried),
            *({"plan": asdict(encoder.plan(tower))} for tower in ("image", "text")),
        ]
    except KnownError as error:
        said, chosen = [{"trouble": str(error), "wrong": [str(error)]}], ""
    finally:
        encoder.close()
    for units in UNITS:
        for name, (pictures, words, want) in wanted.items():
            entry = compared(
                CoreMLEncoder(folder, cache, right, units, start()), pictures, words, want
            )
            entry = {"units": units, "against": name, **entry}
            said.append(entry if units == chosen else {**entry, "wrong": []})
    return said


def compared(encoder: CoreMLEncoder, pictures: Any, words: Any, want: Answers) -> dict[str, Any]:
    """How the answers of one encoder differ, and what is wrong with that."""
    try:
        verdict: Verdict = compare(want, ask(encoder, pictures, words))
    except KnownError as error:
        return {"trouble": str(error), "wrong": [str(error)]}
    finally:
        encoder.close()
    return {**asdict(verdict), "wrong": verdict.complaints(HALF)}


def export_random(architecture: str, folder: Path) -> None:
    """Export `architecture` to `folder` with random weights that tell pictures apart."""
    from models.export_encoder import Formats, Samples, export_measured
    from models.exportable import of_open_clip
    from models.gate import WOKEN
    from models.wake import wake

    exportable = of_open_clip(architecture, name=f"{architecture}-random")
    asked = Samples(*samples(exportable.spec))
    wake(exportable, asked.photos, asked.sentences)
    exported = export_measured(exportable, folder, Formats(coreml=16), asked, WOKEN)
    print(json.dumps({"exported": architecture, **exported.figures()}))


def main() -> int:
    """Check one encoder; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="an encoder with packages for Core ML")
    parser.add_argument("--random", metavar="ARCHITECTURE", help="export it to the folder first")
    options = parser.parse_args()
    if options.random:
        export_random(options.random, options.folder)
    try:
        with tempfile.TemporaryDirectory() as cache:
            said = check(options.folder, Path(cache), OnnxEncoder(options.folder))
    except KnownError as error:
        said = [{"trouble": str(error), "wrong": [str(error)]}]
    wrong = []
    for entry in said:
        print(json.dumps(entry))
        wrong += entry.get("wrong", [])
    for one in wrong:
        print(f"wrong: {one}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
