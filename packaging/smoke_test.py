"""Try a frozen Sightword: give it five photos, a question and an encoder, look at its window.

    python packaging/smoke_test.py dist/sightword/sightword

Everything happens in a temporary folder, with a library of its own. The window is painted by Qt's
`minimal` platform, which needs no display and saves each picture it flushes as a PNG.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import tokenizers
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent.parent))

from models import bundle
from models.bundle_parity import PARITY, Parity
from models.drawn import draw_folder
from models.onnx import OnnxEncoder
from models.spec import sha256_of
from tests.small_encoder import WORDS, small_encoder

FOREIGN = ("torch", "coremltools", "open_clip", "scipy", "matplotlib")  # no part of the app
COMMAND_S = 120.0
WINDOW_S = 60.0
COLOURS = 500  # an empty window of one grey has about ten; text and photos bring thousands


def look_inside(bundle: Path) -> None:
    """Nothing of training travels with the app."""
    found = [path for path in bundle.rglob("*") if path.name.lower().startswith(FOREIGN)]
    assert not found, f"the bundle holds {found[0]} and {len(found) - 1} more"
    size_mb = sum(path.lstat().st_size for path in bundle.rglob("*")) / 1e6
    print(f"bundle: {size_mb:.0f} MB, no torch")


def ask(program: Path, environment: dict[str, str], *arguments: str) -> list[dict[str, Any]]:
    """Run a command with --json and return the objects that it printed."""
    started_s = time.monotonic()
    done = subprocess.run(
        [program, *arguments, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        check=False,
    )
    print(f"{arguments[0]}: exit {done.returncode} after {time.monotonic() - started_s:.1f} s")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def foreign_bundle(folder: Path) -> Path:
    """A bundle as others' encoders come in: its tokenizer is a tokenizer.json."""
    made = folder / "foreign"
    spec = small_encoder(made)
    inner = tokenizers.Tokenizer(tokenizers.models.BPE(unk_token="<unk>"))
    inner.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=200, special_tokens=["<pad>", "<unk>"], show_progress=False
    )
    inner.train_from_iterator(WORDS, trainer)
    inner.save(str(made / "tokens"))
    sha256 = sha256_of(made / "tokens")
    text = replace(spec.text, kind="tokenizers", clean="lower", tokenizer_sha256=sha256)
    replace(spec, text=text).write(made)
    Parity.of(OnnxEncoder(made), 12).write(made / PARITY)
    bundle.write(made, folder / "foreign.sightword")
    return folder / "foreign.sightword"


def colours_of_window(program: Path, environment: dict[str, str], folder: Path) -> int:
    """Open the window, wait until it is painted with the photos, and count its colours."""
    painting = {**environment, "QT_QPA_PLATFORM": "minimal", "QT_DEBUG_BACKINGSTORE": "1"}
    with (folder / "window.log").open("wb") as log:
        window = subprocess.Popen([program], env=painting, cwd=folder, stderr=log, stdout=log)
    most, deadline_s = 0, time.monotonic() + WINDOW_S
    try:
        while most < COLOURS and time.monotonic() < deadline_s:
            said = (folder / "window.log").read_text(errors="replace")
            assert window.poll() is None, f"the window ended by itself: {said}"
            for path in sorted(folder.glob("output*.png"))[:-1]:  # the last may be half written
                with Image.open(path) as picture:
                    most = max(most, len(picture.convert("RGB").getcolors(1 << 24) or []))
                if most < COLOURS:
                    path.unlink()
            time.sleep(0.2)
    finally:
        window.terminate()
        window.wait(timeout=20)
    print(f"window: painted, {most} colours")
    return most


def main(program: Path) -> int:
    """Try the program; the first thing that is wrong stops it with an AssertionError."""
    look_inside(program.parent)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = draw_folder(folder / "photos", 5)
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        environment["SIGHTWORD_LIBRARY"] = str(folder / "library")
        done = ask(program, environment, "index", str(folder / "photos"))[-1]
        assert (done["event"], done["indexed"], done["failed"]) == ("done", 5, 0), done
        hits = ask(program, environment, "search", "a dog on the grass", "--all")
        assert {Path(hit["path"]).name for hit in hits} == {photo.path.name for photo in photos}
        ask(
            program, environment, "models", "add", str(foreign_bundle(folder))
        )  # proves both towers
        listed = ask(program, environment, "models", "list")
        assert any(one.get("name") == "foreign" for one in listed), listed
        assert colours_of_window(program, environment, folder) >= COLOURS, "the window stayed empty"
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
