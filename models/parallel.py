"""Train on many processes or machines as if they were one: each encodes its share of the batch.

    torchrun --nproc-per-node 4 -m -- models.parallel --run runs/both --packs flickr8k-train.bin \\
        --captions flickr8k.tsv --tokenizer tokenizer.bpe --batch 4096

          process 0: pictures, sentences -> vectors --\\                 /-- the loss of all
                                                       all_gather, (n, d)
          process 1: pictures, sentences -> vectors --/                 \\-- the loss of all

Every picture must choose among the sentences of *all* processes, so vectors are gathered, and with
them the way back: `gather` sums the gradients that all processes have for a row. Each process works
out the whole loss, so this sum is as many times too large as there are processes; and
DistributedDataParallel takes the mean over processes, which makes it right again, for the towers
as for the scale. The gradient is that of one process with the global batch. What travels is small:
4,096 vectors of 512 numbers are 8 MB.

Batch normalisation sees the rows of its own process, or of all on CUDA, where torch can (its
SyncBatchNorm knows no CPU). All processes must see the run's folder: one writes, and all go on from
what it wrote. (`--` keeps torchrun, which has a --run-path, from taking our --run for it.)
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed._functional_collectives import all_gather_single
from torch.nn.parallel import DistributedDataParallel

from models.cached import Encodes, InChunks
from models.errors import BadData
from models.pair_lesson import PairLesson
from models.script import as_script
from models.train import pair_arguments, prepared, train


@contextmanager
def joined() -> Iterator[None]:
    """Inside, this process is one of those that `torchrun` started.

    They find each other by what torchrun put into the environment; CUDA talks NCCL, a CPU gloo.
    """
    backend = "nccl" if torch.cuda.is_available() else "gloo"
    if backend == "nccl":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group(backend)
    try:
        yield
    finally:
        dist.destroy_process_group()


def gather(rows: Tensor) -> Tensor:
    """(m, ...) of each process -> (m x processes, ...), in their order. Gradients flow back."""
    world = dist.group.WORLD
    assert world is not None, "gather() outside of joined()"
    return all_gather_single(rows.contiguous(), 0, world)


class Share(nn.Module):
    """What each process does with its share: one forward pass of both towers.

    DistributedDataParallel watches `forward` alone, so that is where both towers have to run.
    """

    def __init__(self, clip: nn.Module, chunk: int = 0) -> None:
        super().__init__()
        self.clip = clip
        self.chunk = chunk  # rows encoded at a time (`cached.py`); 0 for all at once

    def forward(self, pixels: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(m, 3, s, s), (m, l) -> (m, d) and (m, d) unit rows, and the factor on cosines."""
        clip: Encodes = self.clip  # type: ignore[assignment]  # nn.Module hides what it has
        if self.chunk:
            clip = InChunks(clip, self.chunk)
        return clip.images(pixels), clip.texts(tokens), clip.scale()


def shared(clip: nn.Module, chunk: int = 0) -> DistributedDataParallel:
    """`clip` under DistributedDataParallel: all begin with the weights of process 0."""
    if torch.cuda.is_available():
        clip = nn.SyncBatchNorm.convert_sync_batchnorm(clip)  # type: ignore[no-untyped-call]  # torch
    return DistributedDataParallel(Share(clip, chunk))


class ParallelLesson:
    """The objective of each process: its share of the batch, scored against the shares of all."""

    def __init__(self, lesson: PairLesson, clip: nn.Module) -> None:
        """Raises BadData where the batch can not be shared out evenly."""
        batch, processes = lesson.settings.batch, dist.get_world_size()
        if batch % processes:
            raise BadData(f"A batch of {batch} can not be shared out to {processes} processes.")
        self.lesson = lesson
        self.both = shared(clip, lesson.settings.chunk)

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The loss of a step, the same number in all processes."""
        draw = self.lesson.draw(step, dist.get_rank(), dist.get_world_size())
        device = self.lesson.clip.scale().device
        images, texts, scale = self.both(draw.pixels.to(device), draw.tokens.to(device))
        owner = gather(draw.owner.to(device))
        loss = self.lesson.loss(gather(images), gather(texts), scale, owner)
        return {"contrastive": loss}


def main() -> None:
    """Train on pairs, as one of many."""
    options = pair_arguments(__doc__).parse_args()
    with joined():
        clip, lesson = prepared(options)
        objective = ParallelLesson(lesson, clip)
        writes = dist.get_rank() == 0
        train(clip, objective, lesson.settings, options.run, writes)


if __name__ == "__main__":
    as_script(main)
