"""Load open_clip, despite a torchvision that was built for another torch.

`import open_clip` imports torchvision, and that fails beside a CPU build of torch: `operator
torchvision::nms does not exist`. Its compiled half did not load, so two operators have no name. We
need neither (they thin out the boxes of object detectors): to name them is enough.
"""

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import torch

from models.errors import BadEncoder

MISSING = ("nms", "qnms")
SIGNATURE = "(Tensor boxes, Tensor scores, float overlap) -> Tensor"
TABLE = "bpe_simple_vocab_16e6.txt.gz"


def open_clip() -> ModuleType:
    """The module `open_clip`."""
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        for name in MISSING:
            torch.library.define(f"torchvision::{name}", SIGNATURE)
    return importlib.import_module("open_clip")


def clip_table() -> Path:
    """CLIP's table of tokens among the files of open_clip. Raises BadEncoder. Imports nothing."""
    found = importlib.util.find_spec("open_clip")
    if found is None or found.origin is None:
        raise BadEncoder("open_clip is not installed: pip install open_clip_torch")
    return Path(found.origin).parent / TABLE
