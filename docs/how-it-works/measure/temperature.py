"""What the temperature does: train with several fixed ones, and with a learnt one.

    python docs/how-it-works/measure/temperature.py

Three seeds each. It also keeps the similarity matrix of 16 pairs before and after one training,
for the picture of the batch. About four minutes on one core.
"""

import numpy as np
import torch
from results import spread, write
from tiny import SEEDS, TINY, Bench, Pairs, Recipe, found_first, trained

from models.sizes import build
from models.towers import TwoTowers

SCALES: tuple[float | None, ...] = (1.0, 5.0, 14.3, 100.0, None)
SHOWN = 16  # pairs in the picture


def matrix(clip: TwoTowers, pairs: Pairs) -> list[list[float]]:
    """(16, 16) the cosine of each picture with each sentence."""
    some = pairs.some(np.arange(SHOWN))
    with torch.inference_mode():
        cosines = clip.images(some.pixels) @ clip.texts(some.tokens).T
    return [[round(float(cosine), 3) for cosine in row] for row in cosines]


def main() -> None:
    """Train, find, write."""
    torch.set_num_threads(1)
    bench = Bench.drawn()
    found: dict[str, object] = {}
    for scale in SCALES:
        values = []
        for seed in SEEDS[:3]:
            clip = trained(bench, Recipe(seed, fixed_scale=scale))
            values.append(found_first(clip, bench.to_find))
        found[f"{scale:g}" if scale else "learnt"] = spread(values)
    torch.manual_seed(SEEDS[2])  # the last one trained is that with a learnt scale and this seed
    found["ends at"] = round(float(clip.scale().detach()), 1)
    found["before"] = matrix(build(TINY).eval(), bench.to_find)
    found["after"] = matrix(clip, bench.to_find)
    write("temperature", found)


if __name__ == "__main__":
    main()
