"""Convert weights of open_clip here, where torch is installed; else say what is missing."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from app.commands.models_progress import Line
from indexer.errors import KnownError
from indexer.spawn import environment
from models.catalogue import Entry

NEEDED = ("torch", "open_clip", "onnx", "coremltools", "tokenizers")
OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
INSTALL = f"{Path(sys.executable).name} -m pip install --editable '.[models]'"
LAST_WORDS = 400  # characters of a converter that died


def check(entry: Entry) -> None:
    """Raise KnownError where this program can not convert; nothing is fetched before."""
    if can_convert():
        return
    elsewhere = (
        f"on a computer where it can, run `sightword models add {entry.name}` and `sightword "
        f"models export {entry.name} --to DIR`, carry the bundle over, and here run `sightword "
        f"models add DIR/{entry.name}.sightword`"
    )
    if _is_packed():
        raise KnownError(
            f"{entry.name} must be converted, and this program is packed without what that needs. "
            f"Take a bundle of it: {elsewhere}."
        )
    raise KnownError(
        f"{entry.name} must be converted, which needs {', '.join(_missing())}. In the folder of "
        f"Sightword's source run `{INSTALL}`. Or take a bundle: {elsewhere}."
    )


def can_convert() -> bool:
    """Whether weights can be converted by this program."""
    return not _is_packed() and not _missing()


def without_core_ml(name: str) -> str:
    """What to say on Apple silicon of an encoder that is added without packages for Core ML."""
    if _is_packed():
        return (
            f"{name} runs on the processor's cores here. For Core ML take in a bundle that was "
            "made where Sightword runs from its source, with `sightword models add NAME --coreml`."
        )
    return (
        f"{name} runs on the processor's cores. For Core ML, which is quicker, run `{INSTALL}` in "
        f"the folder of Sightword's source, then remove {name} and add it again."
    )


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """Run the converter to its end; or to ours, for then its stdin closes, however we end."""
    ours, its = os.pipe()
    try:
        return subprocess.run(
            command,
            stdin=ours,
            capture_output=True,
            text=True,
            errors="replace",
            env={**environment(), **OFFLINE},
            cwd=os.sep,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(its)


def _is_packed() -> bool:
    return bool(getattr(sys, "frozen", False))


def _missing() -> list[str]:
    return [name for name in NEEDED if importlib.util.find_spec(name) is None]


def convert(
    entry: Entry, weights: Path, tokenizer: Path | None, folder: Path, coreml: bool, line: Line
) -> None:
    """Write and prove the encoder in `folder`, in a process of its own. Raises KnownError."""
    if not weights.is_file():
        raise KnownError(f"The weights {weights} do not exist. Check how the file is spelled.")
    line.show("converting and proving, which takes minutes", 0)
    arguments = {
        "--architecture": entry.architecture,
        "--pretrained": entry.pretrained,
        "--weights": str(weights),
        "--name": entry.name,
        "--licence": f"{entry.licence.name} ({entry.licence.url})",
        "--out": str(folder),
    }
    if tokenizer is not None:
        arguments["--tokenizer"] = str(tokenizer)
    command = [sys.executable, "-m", "models.catalogue_convert", "--while-asked"]
    command += [word for pair in arguments.items() for word in pair]
    done = _run([*command, "--coreml"] if coreml else command)
    said = done.stdout.strip().rpartition("\n")[2]
    answer = json.loads(said) if said.startswith("{") else {}
    if "trouble" in answer:
        raise KnownError(f"{entry.name} was not added: {answer['trouble']}")
    if done.returncode != 0 or "digest" not in answer:
        words = done.stderr.strip()[-LAST_WORDS:] or f"status {done.returncode}"
        raise KnownError(
            f"{entry.name} was not added: the converter ended before its time. Is there memory "
            f"enough ({(entry.parameters_m or 150) * 12 / 1e3:.1f} GB)? Its last words: {words}"
        )
