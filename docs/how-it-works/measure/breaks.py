"""Where a tiny CLIP breaks that has seen nothing but drawn pairs.

    python docs/how-it-works/measure/breaks.py

It knows all the words and all the things: what it can not do is not for want of data of that
kind. 200 questions of each kind, two sentences a question: one half is chance. Five seeds of the
usual 150 steps, and two of four times as many. About four minutes on one core.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from questions import KINDS, Question
from results import spread, write
from tiny import LONGEST, SEEDS, SIDE, Bench, Recipe, trained

from models.tokenizer import Tokenizer
from models.towers import TwoTowers

ASKED = 200
KNOWN = ("object", "colour", "number", "which has which colour", "left one first")


def right(clip: TwoTowers, tokenizer: Tokenizer, asked: list[Question]) -> float:
    """The share of questions where the true sentence scores higher."""
    pixels = np.stack([np.asarray(one.picture).transpose(2, 0, 1) for one in asked])
    with torch.inference_mode():
        photos = clip.images(torch.from_numpy(pixels))
        true, false = (
            clip.texts(torch.from_numpy(tokenizer.batch(sentences, LONGEST)))
            for sentences in ([one.true for one in asked], [one.false for one in asked])
        )
    return float(((photos * true).sum(1) > (photos * false).sum(1)).float().mean())


def asked_of(bench: Bench, steps: int, seeds: Sequence[int]) -> dict[str, Any]:
    """The share of right answers of each kind after so many steps."""
    asked = {kind: KINDS[kind](ASKED, (SIDE, SIDE)) for kind in KNOWN}
    found: dict[str, list[float]] = {kind: [] for kind in KNOWN}
    for seed in seeds:
        clip = trained(bench, Recipe(seed, steps=steps))
        for kind in KNOWN:
            found[kind].append(right(clip, bench.tokenizer, asked[kind]))
    return {kind: spread(values) for kind, values in found.items()}


def main() -> None:
    """Train, ask, write."""
    torch.set_num_threads(1)
    bench = Bench.drawn()
    short, long = asked_of(bench, 150, SEEDS), asked_of(bench, 600, SEEDS[:2])
    write("breaks", {kind: {"150": short[kind], "600": long[kind]} for kind in KNOWN})


if __name__ == "__main__":
    main()
