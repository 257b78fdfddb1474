"""Is a linear projection into the common space enough? Train both kinds and look.

    python docs/how-it-works/measure/projections.py

Five seeds each of a tiny CLIP whose projections are one matrix, and of one whose projections are
two matrices with a ReLU between. About three minutes on one core.
"""

import torch
from results import spread, write
from tiny import SEEDS, TINY, Bench, Recipe, found_first, trained
from torch import nn

from models.sizes import build
from models.towers import TwoTowers


def with_bends() -> TwoTowers:
    """TINY with a small network as each projection, in the style of SimCLR."""
    clip = build(TINY)
    for side in ("image", "text"):
        width = getattr(clip, f"{side}_projection").in_features
        bent = nn.Sequential(
            nn.Linear(width, width), nn.ReLU(), nn.Linear(width, TINY.dimension, bias=False)
        )
        setattr(clip, f"{side}_projection", bent)
    return clip


def main() -> None:
    """Train, find, write."""
    torch.set_num_threads(1)
    bench = Bench.drawn()
    kinds = {"linear": None, "non-linear": with_bends}
    found = {
        name: [found_first(trained(bench, Recipe(seed), make), bench.to_find) for seed in SEEDS]
        for name, make in kinds.items()
    }
    write("projections", {name: spread(values) for name, values in found.items()})


if __name__ == "__main__":
    main()
