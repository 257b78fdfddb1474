"""The stages from a photo that waits to a committed batch, as generators over bounded parts.

    commit(store, encode(encoder, store, decode(pool, walk)))

A walk gives pending photos, or those that another encoder is to see.

Decoder processes work ahead by a bounded number of photos. One batch at a time is encoded and
then committed whole, before the next is begun: a kill costs the encoding of one batch.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from indexer.decode import Decoded
from indexer.decoder_pool import DecoderPool
from indexer.errors import Reason
from indexer.store import FIRST, Finished, Store, ToDo
from models.encoder import Encoder, Images, Vectors

BATCH = 16  # photos a commit: small, so that tiles appear soon and a stop is quick
LONGEST_S = 1.0  # a batch that fills slowly is taken after this
PAGE = 500  # waiting photos read from the database at once


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit did."""

    indexed: int
    failed: int
    embedded: int  # indexed without those whose content had a vector already
    change: int  # highest change number of the library
    photos: tuple[int, ...]  # the ids of all in it
    last: str  # path of one of them


Walk = Iterable[tuple[ToDo, str]]  # photos to be read, with their paths


@dataclass(slots=True)
class Waiting:
    """The pending photos below `folders`, newest first, each once. Folders may be added.

    `taken` holds those that are handed out and not yet committed: whoever commits takes them out.
    """

    store: Store
    folders: list[Path] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    _after: tuple[int, int] = FIRST

    def rewind(self) -> None:
        """Begin again at the newest: there are new photos."""
        self._after = FIRST

    def __iter__(self) -> Iterator[tuple[ToDo, str]]:
        while page := self.store.pending(self.folders, self._after, PAGE):
            for photo in page:
                self._after = photo.place
                if photo.id not in self.taken:
                    self.taken.add(photo.id)
                    yield photo, photo.path
                    if self._after == FIRST:  # rewound meanwhile
                        break


def unseen(store: Store, encoder_id: int, folder_ids: Sequence[int]) -> Walk:
    """A photo of each content that an encoder has not seen, newest first."""
    after = FIRST
    while page := store.unseen(encoder_id, folder_ids, after, PAGE):
        after = page[-1].place
        yield from ((photo, photo.path) for photo in page)


class BatchEncoder:
    """Run an encoder on several cores: parts of a batch side by side, each on one thread.

    One thread a part waits for nobody; several threads in one part wait for the slowest.
    """

    def __init__(self, encoder: Encoder, threads: int) -> None:
        self.encoder = encoder
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="encode")
        self._parts = threads

    def images(self, batch: Images) -> Vectors:
        """As the encoder's own, in the same order."""
        parts = [part for part in np.array_split(batch, self._parts) if len(part)]
        return np.concatenate(list(self._threads.map(self.encoder.images, parts)))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()


def batches(
    decoded: Iterator[tuple[ToDo, Decoded | Reason]], size: int = BATCH
) -> Iterator[list[tuple[ToDo, Decoded | Reason]]]:
    """Gather photos to batches of `size`, or of what came within `LONGEST_S`."""
    batch: list[tuple[ToDo, Decoded | Reason]] = []
    began = 0.0
    for one in decoded:
        if not batch:
            began = time.monotonic()
        batch.append(one)
        if len(batch) >= size or time.monotonic() - began > LONGEST_S:
            yield batch
            batch = []
    if batch:
        yield batch


def write(
    store: Store,
    encoder_id: int,
    encoder: BatchEncoder,
    batch: Sequence[tuple[ToDo, Decoded | Reason]],
) -> Batch:
    """Encode and commit one batch. Contents that have a vector already are not encoded again."""
    photos = [(todo, one) for todo, one in batch if isinstance(one, Decoded)]
    failed = [(todo, one) for todo, one in batch if isinstance(one, Reason)]
    squares = {one.content.hash: one.square for _, one in photos}
    known = store.seen(encoder_id, squares)
    fresh = [content for content in squares if content not in known]
    vectors = {}
    if fresh:
        rows = encoder.images(np.stack([squares[content] for content in fresh]))
        vectors = dict(zip(fresh, rows.astype(np.float16), strict=True))
    finished = [Finished(todo, one.content, vectors.get(one.content.hash)) for todo, one in photos]
    change = store.commit(encoder_id, finished, failed)
    ids = tuple(todo.id for todo, _ in batch)
    return Batch(len(finished), len(failed), len(fresh), change, ids, batch[-1][0].path)


def index(
    store: Store, encoder_id: int, encoder: BatchEncoder, pool: DecoderPool, walk: Walk
) -> Iterator[Batch]:
    """Read what `walk` gives; yields after each commit. Ends early when the pool is stopped."""
    spec = encoder.encoder.spec.image
    for batch in batches(pool.index(walk, spec, store.library)):
        yield write(store, encoder_id, encoder, batch)
