"""Grow a tiny image tower: wider, deeper, or both, and see what each buys and costs.

    python docs/how-it-works/measure/width_or_depth.py

Three seeds each. Four times the layers, or twice the width, is four times the weights. About five
minutes on one core.
"""

import time
from dataclasses import replace

import torch
from results import spread, write
from tiny import SEEDS, TINY, Bench, Recipe, found_first, trained

from models.sizes import Size, build
from models.vit import VisionTransformer, VitConfig

BATCH = 64  # pictures, for the clock
ROUNDS = 15


def grown(width: int, layers: int) -> Size:
    """TINY with another image tower; a head is 32 numbers wide, as before."""
    assert isinstance(TINY.image, VitConfig)
    return replace(TINY, image=replace(TINY.image, width=width, heads=width // 32, layers=layers))


def picture_ms(tower: torch.nn.Module) -> float:
    """Milliseconds a picture, the quickest of several rounds: others use the machine too."""
    pixels = torch.zeros(BATCH, 3, 32, 32, dtype=torch.uint8)
    took_s = []
    with torch.inference_mode():
        for _ in range(ROUNDS):
            start_s = time.perf_counter()
            tower(pixels)
            took_s.append(time.perf_counter() - start_s)
    return round(min(took_s) / BATCH * 1000, 3)


def main() -> None:
    """Train, find, write."""
    torch.set_num_threads(1)
    bench = Bench.drawn()
    figures = {}
    for width, layers in ((32, 2), (64, 2), (128, 2), (64, 8), (32, 8)):
        size = grown(width, layers)
        assert isinstance(size.image, VitConfig)
        tower = VisionTransformer(size.image).eval()
        found = []
        for seed in SEEDS[:3]:
            clip = trained(bench, Recipe(seed), lambda size=size: build(size))  # type: ignore[misc]
            found.append(found_first(clip, bench.to_find))
        figures[f"{width} x {layers}"] = {
            "width": width,
            "layers": layers,
            "weights": sum(weight.numel() for weight in tower.parameters()),
            "picture_ms": picture_ms(tower),
            "found": spread(found),
        }
    write("width_or_depth", figures)


if __name__ == "__main__":
    main()
