"""What does a batch cost that is encoded in chunks, in memory and time, beside a plain one?

    python benchmarks/large_batch.py [--batch 4096] [--chunk 64]

The default towers at 128 px, bfloat16, one thread; each case in a process of its own. A plain batch
is measured at 256 and 512 rows only, and grows evenly from there. On Linux most of what a large
batch still takes is memory that was freed and not given back: MALLOC_MMAP_THRESHOLD_=1000000 in the
environment gives it back, for half as much time again.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

UNIT = 1 if sys.platform == "darwin" else 1 << 10  # of ru_maxrss, in bytes


def peak_mb() -> float:
    """The most memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / (1 << 20)


def one(batch: int, chunk: int) -> None:
    """One step forward and back; print what it took."""
    import torch

    from models.cached import Encodes, InChunks
    from models.clip import Clip
    from models.conv_tower import ImageConfig
    from models.loss import contrastive
    from models.text_tower import TextConfig

    torch.manual_seed(0)
    torch.set_num_threads(1)
    clip = Clip(ImageConfig(), TextConfig(), 256)
    clip.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch
    pixels = torch.randint(0, 256, (batch, 3, 128, 128), dtype=torch.uint8)
    tokens = torch.randint(1, 8000, (batch, 16))
    model: Encodes = InChunks(clip, chunk) if chunk else clip
    before_mb, before_s = peak_mb(), time.process_time()
    with torch.autocast("cpu", torch.bfloat16):
        loss = contrastive(model.images(pixels), model.texts(tokens), model.scale())
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
    used_s, more_mb = time.process_time() - before_s, peak_mb() - before_mb
    how = f"in chunks of {chunk}" if chunk else "plain"
    print(f"{batch:>6} pairs {how:<18} {more_mb:>7.0f} MB {used_s:>7.1f} s", flush=True)


def main() -> None:
    """Measure each case in a fresh process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--chunk", type=int, default=64)
    parser.add_argument("--one", nargs=2, type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        one(*options.one)
        return
    for batch, chunk in ((256, 0), (512, 0), (256, options.chunk), (options.batch, options.chunk)):
        words = [sys.executable, __file__, "--one", str(batch), str(chunk)]
        subprocess.run(words, check=True)


if __name__ == "__main__":
    main()
