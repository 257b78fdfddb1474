"""Stream photos and captions from WebDataset shards, for sets that outgrow a disk.

A shard is a tar of `000.jpg`, `000.txt`, `001.jpg`, `001.txt`, ... and is read from front to back,
which suits slow disks and networks. (`.json` with a "caption" does for `.txt`.) The library
`webdataset` opens the shards, shuffles them and deals them out to the processes of `torchrun`; here
their photos become squares, and what is broken is counted: a photo, a caption, the rest of a
truncated shard. A shard that is not there stops the run before it begins.
"""

import json
import random
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import webdataset
from numpy.typing import NDArray
from webdataset.tariterators import group_by_keys, tar_file_expander

from models.data import PACK_SIDE
from models.errors import BadData
from models.photo_files import PHOTOS, square
from models.skips import Skips

SHUFFLE = 1000  # samples held back, to mix neighbours; as bytes of files about 100 MB
KINDS = {suffix.removeprefix(".") for suffix in PHOTOS}


@dataclass(frozen=True, slots=True)
class ShardBatch:
    """The rows of one step."""

    pixels: NDArray[np.uint8]  # (n, 160, 160, 3)
    captions: tuple[str, ...]
    owner: NDArray[np.int64]  # (n,) equal for copies of one pair


class Shards:
    """Batches from shards, epoch after epoch, in an order that follows from the seed."""

    def __init__(self, paths: Sequence[Path], seed: int, skips: Skips, threads: int = 2) -> None:
        """`threads` decode photos. Raises BadData, which names every shard that is not there."""
        missing = [str(path) for path in paths if not path.is_file()]
        if missing or not paths:
            raise BadData(f"These shards are not there: {', '.join(missing) or '(none named)'}.")
        self.paths, self.seed, self.skips, self.threads = paths, seed, skips, threads

    def batches(self, batch: int, first: int = 0) -> Iterator[ShardBatch]:
        """Batches without end, from number `first` on; those before are read over, not decoded.

        A sample that is broken leaves a gap in its batch, which is filled by repeating others: the
        batch keeps its size, and `owner` tells the loss about the copies.
        """
        samples = (sample for epoch in count() for sample in self._epoch(epoch))
        for _ in range(first * batch):
            next(samples)
        with ThreadPoolExecutor(self.threads) as pool:
            while True:
                yield self._batch([next(samples) for _ in range(batch)], pool)

    def _epoch(self, epoch: int) -> Iterator[dict[str, Any]]:
        """The samples of all shards, once. Raises BadData where there is none."""
        mixed = random.Random(f"{self.seed} {epoch}")
        paths = [str(path) for path in self.paths]
        mixed.shuffle(paths)
        stream = webdataset.DataPipeline(
            webdataset.SimpleShardList(paths),
            webdataset.split_by_node,
            opened,
            partial(tar_file_expander, handler=self._broken),
            partial(group_by_keys, handler=self._broken),
            webdataset.shuffle(SHUFFLE, rng=mixed),
        )
        some = False
        for sample in stream:
            some = True
            yield sample
        if not some:
            raise BadData(f"{', '.join(paths)}: no sample can be read. {self.skips}")

    def _broken(self, error: Exception) -> bool:
        """Called by webdataset for what it can not read on: count it, and take the next shard."""
        self.skips.add("broken shards, read up to the break", f"{error.args[-1]}: {error.args[0]}")
        return True

    def _batch(self, samples: Sequence[dict[str, Any]], pool: Executor) -> ShardBatch:
        photos, captions = [], []
        for sample, photo in zip(samples, pool.map(photo_of, samples), strict=True):
            caption = caption_of(sample)
            if isinstance(photo, BadData):
                self.skips.add("unreadable", str(photo))
            elif not caption:
                self.skips.add("without a caption", where(sample))
            else:
                photos.append(photo)
                captions.append(caption)
        if not photos:
            raise BadData(f"A whole batch of {len(samples)} can not be used. {self.skips}")
        owner = np.arange(len(samples)) % len(photos)  # the gaps are filled from the front
        return ShardBatch(np.stack(photos)[owner], tuple(captions[row] for row in owner), owner)


def where(sample: dict[str, Any]) -> str:
    """The name of a sample, and of its shard."""
    return f"{sample['__key__']} in {Path(sample['__url__']).name}"


def photo_of(sample: dict[str, Any]) -> NDArray[np.uint8] | BadData:
    """The (160, 160, 3) square of the sample's photo, or what is wrong with it."""
    kind = next((key for key in sample if key.rpartition(".")[2] in KINDS), None)
    if kind is None:
        return BadData(f"{where(sample)} has no photo.")
    try:
        return square(sample[kind], PACK_SIDE, where(sample))
    except BadData as error:
        return error


def opened(shards: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each shard with its file, closed when the next one is asked for; the library would not."""
    for shard in shards:
        with Path(shard["url"]).open("rb") as stream:
            yield {**shard, "stream": stream}


def caption_of(sample: dict[str, Any]) -> str:
    """What the sample's .txt or .json says, or nothing.

    >>> caption_of({"json": b'{"caption": "a dog"}'})
    'a dog'
    """
    try:
        if "txt" in sample:
            return str(sample["txt"], "utf-8").strip()
        return str(json.loads(sample["json"])["caption"]).strip()
    except (KeyError, ValueError, TypeError):
        return ""
