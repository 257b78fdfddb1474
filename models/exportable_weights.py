"""Copy a local file of weights into an open_clip model: all of them, or an error that says why."""

import pickle
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from models.errors import BadEncoder
from models.pretrained import open_clip

NAMED = 5  # of all that is wrong with a file: enough to see what it is
SCALES = ("logit_scale", "logit_bias")  # one number each, with or without an axis around it


def load_into(model: Any, path: Path, architecture: str) -> None:
    """Give `model` the weights of a .safetensors file or a torch checkpoint, strictly.

    Nothing is resized to fit: open_clip's own loader stretches places of another picture size, and
    so takes ViT-B-32-256 for ViT-B-32. Raises BadEncoder; the model is then as it was.
    """
    state = dict(state_of(path))
    wanted = model.state_dict()
    try:
        state = open_clip().convert.convert_state_dict(model, state)
        if any(name.startswith("text.") for name in wanted):
            state = open_clip().model.convert_to_custom_text_state_dict(state)
    except (KeyError, RuntimeError, ValueError, AttributeError) as error:
        raise BadEncoder(f"{path} holds weights that are not of {architecture}: {error}") from error
    for name in SCALES:
        if name in wanted and name in state and state[name].numel() == 1:
            state[name] = state[name].reshape(wanted[name].shape)
    if "logit_bias" in wanted:  # search never reads it
        state.setdefault("logit_bias", wanted["logit_bias"])
    if wrong := differences(wanted, state):
        more = f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise BadEncoder(
            f"{path} holds weights of another architecture than {architecture}: "
            f"{'; '.join(wrong[:NAMED])}{more}."
        )
    broken = [name for name, array in state.items() if not bool(torch.isfinite(array).all())]
    if broken:
        raise BadEncoder(f"{path} holds numbers that are none, in {broken[0]}. Fetch it again.")
    model.load_state_dict(state)


def differences(wanted: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> list[str]:
    """What `state` lacks, has in another shape, or has too much, a few words each."""
    missing = [f"{name} is missing" for name in wanted if name not in state]
    shapes = [
        f"{name} is {tuple(state[name].shape)} and should be {tuple(array.shape)}"
        for name, array in wanted.items()
        if name in state and state[name].shape != array.shape
    ]
    return shapes + missing + [f"{name} has no place" for name in state if name not in wanted]


def state_of(path: Path) -> Mapping[str, Tensor]:
    """The arrays of a file by their names. Runs no code of the file. Raises BadEncoder."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, struct.error, SafetensorError, pickle.UnpicklingError) as error:
        raise BadEncoder(damaged(path, error)) from error
    except RuntimeError as error:
        if "TorchScript" in str(error):
            raise BadEncoder(
                f"{path} is a program (TorchScript) and not weights alone. Take the same weights "
                "as .safetensors."
            ) from error
        raise BadEncoder(damaged(path, error)) from error
    state = state.get("state_dict", state) if isinstance(state, dict) else state
    if not isinstance(state, dict) or not all(isinstance(one, Tensor) for one in state.values()):
        raise BadEncoder(f"{path} holds no weights by name. Name a checkpoint of open_clip.")
    return {name.removeprefix("module."): array for name, array in state.items()}


def damaged(path: Path, error: Exception) -> str:
    """The sentence for a file that can not be read as weights."""
    why = (str(error).splitlines() or [type(error).__name__])[0]
    return f"{path} can not be read as weights: it is cut short, damaged or something else ({why})."
