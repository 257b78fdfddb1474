"""Choose what of a CLIP may change: everything, a correction to it, its last blocks, or little.

    all            every weight
    lora:8         a correction of rank 8 to each linear layer (`lora.py`), and the projections
    blocks:2       the last 2 blocks of each tower, what stands behind them, and the projections
    projections    the two linear maps into the common space

The scale always learns. Early blocks see edges and syllables, which are the same on anybody's
photos; the last ones see what a set is about.
"""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from models.errors import BadData
from models.lora import add_low_rank

BLOCKS = {"layers", "blocks", "stages"}  # what our towers call the part that repeats


def choose(clip: nn.Module, train: str) -> None:
    """Let learn what `train` names, and nothing else. Raises BadData."""
    kind, _, number = train.partition(":")
    if kind == "all" and not number:
        return
    clip.requires_grad_(False)
    for name, child in clip.named_children():
        if name.endswith("_projection"):
            child.requires_grad_(True)
    clip.get_parameter("log_scale").requires_grad_(True)
    towers = [clip.get_submodule("image_tower"), clip.get_submodule("text_tower")]
    if kind == "lora" and number.isdigit() and int(number) > 0:
        for tower in towers:  # one of convolutions alone has no linear layer, and stays
            add_low_rank(tower, int(number))
    elif kind == "blocks" and number.isdigit() and int(number) > 0:
        for tower in towers:
            free_last(tower, int(number))
    elif train != "projections":
        raise BadData(f"--train {train}: it takes all, projections, blocks:2 or lora:8.")


def free_last(tower: nn.Module, count: int) -> None:
    """Let the last `count` blocks of a tower learn, and what stands behind them."""
    children = list(tower.named_children())
    place = next(at for at, (name, _) in enumerate(children) if name in BLOCKS)
    blocks = list(children[place][1].children())
    for part in [*blocks[-count:], *(child for _, child in children[place + 1 :])]:
        part.requires_grad_(True)


def still_norms(model: nn.Module) -> list[nn.Module]:
    """Batch normalisations that may not learn. Their statistics are to stay as well.

    A frozen layer that went on averaging over the small set would drift all the same.
    """
    return [
        part
        for part in model.modules()
        if isinstance(part, _BatchNorm) and not any(w.requires_grad for w in part.parameters())
    ]
