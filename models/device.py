"""Choose where to train, CUDA, Apple's MPS or the CPU, and say it plainly when memory runs out."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from models.errors import BadData

# How each device words it: torch.OutOfMemoryError on CUDA alone, a RuntimeError elsewhere.
FULL = ("out of memory", "can't allocate memory", "not enough memory")


def best_device() -> torch.device:
    """CUDA where there is one, then MPS, then the CPU. `torchrun` names the one of a process."""
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def half_precision(device: torch.device, wanted: bool = True) -> torch.autocast:
    """A context in which towers work in bfloat16, if that is wanted and the device can.

    Weights stay float32: what an update adds is often too small for the 8 bits of bfloat16.
    """
    able = device.type != "cuda" or torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted and able)


@contextmanager
def memory_for(batch: int) -> Iterator[None]:
    """Inside, running out of memory is a BadData that says how to go on."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        said = str(error).lower()
        if not isinstance(error, MemoryError) and not any(words in said for words in FULL):
            raise
        raise BadData(
            f"Too little memory for a batch of {batch:,}. Encode it in smaller chunks "
            "(--chunk 64 keeps the batch as it is), or choose a smaller --batch or --side."
        ) from error
