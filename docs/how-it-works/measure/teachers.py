"""Learn from a few pairs, or from a teacher and no pair at all.

    python docs/how-it-works/measure/teachers.py

The teacher is a tiny CLIP that saw all 4,000 pairs. One student learns from 100 pairs. The other
sees no pair: pictures without sentences, and where the teacher puts them; and sentences of other
pictures, and where the teacher puts those. Three seeds. About three minutes on one core.
"""

from dataclasses import replace

import numpy as np
import torch
from results import spread, write
from tiny import (
    LEARN_FROM,
    SEEDS,
    TINY,
    Bench,
    Recipe,
    found_first,
    optimizer_step,
    trained,
)

from models.data import rows_of_step
from models.loss import imitation
from models.sizes import build
from models.towers import TwoTowers

FEW = 100  # pairs


def taught(bench: Bench, recipe: Recipe, teacher: TwoTowers) -> TwoTowers:
    """A student of `teacher`: pictures of the first half, sentences of the second."""
    torch.manual_seed(recipe.seed)
    student = build(TINY)
    optimizer = torch.optim.AdamW(student.parameters(), betas=(0.9, 0.98), weight_decay=0.05)
    half = LEARN_FROM // 2
    for step in range(recipe.steps):
        rows = rows_of_step(recipe.seed, step, recipe.batch, half)
        pixels = bench.learn_from.some(rows).pixels
        tokens = bench.learn_from.some(rows + half).tokens
        with torch.no_grad():
            want_images, want_texts = teacher.images(pixels), teacher.texts(tokens)
        loss = imitation(student.images(pixels), want_images)
        loss = loss + imitation(student.texts(tokens), want_texts)
        optimizer_step(optimizer, loss, recipe.rate_at(step))
    return student.eval()


def main() -> None:
    """Train, find, write."""
    torch.set_num_threads(1)
    bench = Bench.drawn()
    few = replace(bench, learn_from=bench.learn_from.some(np.arange(FEW)))
    found: dict[str, list[float]] = {"teacher": [], "few pairs": [], "taught": []}
    for seed in SEEDS[:3]:
        teacher = trained(bench, Recipe(seed))
        alone = trained(few, Recipe(seed, batch=FEW))
        student = taught(bench, Recipe(seed + 100), teacher)
        for name, clip in (("teacher", teacher), ("few pairs", alone), ("taught", student)):
            found[name].append(found_first(clip, bench.to_find))
    write("teachers", {name: spread(values) for name, values in found.items()})


if __name__ == "__main__":
    main()
