"""Learn from a batch larger than memory: encode it in chunks, and keep only the vectors.

A contrastive loss wants a large batch, for each other sentence is a wrong answer to choose against.
What fills memory is not the loss but what the towers keep for their gradients. Gao et al. 2021
(https://arxiv.org/abs/2101.06983) saw that the loss needs the vectors alone:

    1. encode chunk by chunk, and forget all but the vectors            (n, d)
    2. the loss, and its gradient for each vector                       (n, d)
    3. encode each chunk again, this time with memory, and hand the vectors' gradients on

That is "checkpointing" with a chunk as its unit, which torch does well: it repeats random numbers
(dropout) and autocast as they were. So the gradient is that of the plain batch, and `backward()` is
called as ever. The price is a second encoding: about a third more time.

Batch normalisation is the exception. It looks across the rows it is given, and these are now the
rows of a chunk: vectors and gradients are those of a plain batch in which each chunk was normalised
alone. Give it chunks of 64 or more. Its running statistics move once for each chunk, not twice. The
tests hold both: equal to that batch, and with fixed statistics equal to the plain one.
`benchmarks/large_batch.py` measures memory and time.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


class Encodes(Protocol):
    """What a lesson asks of a CLIP."""

    def images(self, pixels: Tensor) -> Tensor:
        """(n, 3, s, s) -> (n, d) unit rows."""

    def texts(self, tokens: Tensor) -> Tensor:
        """(n, l) int64 -> (n, d) unit rows."""

    def scale(self) -> Tensor:
        """The factor on cosines."""


class InChunks:
    """A CLIP that encodes at most `chunk` rows at a time.

    It takes the place of the CLIP that it wraps in any lesson: `InChunks(clip, 128)` with a batch
    of 4,096 needs the memory of 128. Keep the pixels as bytes until then.
    """

    def __init__(self, clip: Encodes, chunk: int) -> None:
        self.clip = clip
        self.chunk = chunk

    def images(self, pixels: Tensor) -> Tensor:
        """(n, 3, s, s) -> (n, d) unit rows."""
        return self._encode(self.clip.images, pixels)

    def texts(self, tokens: Tensor) -> Tensor:
        """(n, l) int64 -> (n, d) unit rows."""
        return self._encode(self.clip.texts, tokens)

    def scale(self) -> Tensor:
        """The factor on cosines."""
        return self.clip.scale()

    def _encode(self, encode: Callable[[Tensor], Tensor], batch: Tensor) -> Tensor:
        def contexts() -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
            return nullcontext(), statistics_held(self.clip)  # for the first and second encoding

        vectors = [
            checkpoint(encode, rows, use_reentrant=False, context_fn=contexts)
            for rows in torch.split(batch, self.chunk)
        ]
        return torch.cat(vectors)


@contextmanager
def statistics_held(model: object) -> Iterator[None]:
    """Inside, batch normalisation uses what it sees as ever, but its running averages stay."""
    modules = model.modules() if isinstance(model, nn.Module) else ()
    norms = [part for part in modules if isinstance(part, _BatchNorm) and part.training]
    before = [(norm.momentum, norm.num_batches_tracked) for norm in norms]
    for norm in norms:
        norm.momentum = 0.0  # the share of the new in the average
        if norm.num_batches_tracked is not None:
            norm.num_batches_tracked = norm.num_batches_tracked.clone()
    try:
        yield
    finally:
        for norm, (momentum, batches) in zip(norms, before, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, batches
