"""The stages from a photo that waits to a committed batch, as generators over bounded parts.

    commit(store, encode(encoder, store, decode(pool, walk)))

A walk gives pending photos, or those that another encoder is to see.

Everything overlaps: decoder processes read, hash and decode ahead, threads encode some photos each,
and the caller's thread commits what is encoded. How many photos are decoded or encoded and not yet
committed is bounded, and so are memory and what a kill costs: the encoding of one batch.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import numpy as np

from indexer.decode import Decoded
from indexer.decoder_pool import DecoderPool
from indexer.errors import Reason
from indexer.store import FIRST, Finished, Store, ToDo
from models.encoder import Encoder, Images, Vectors

BATCH = 32  # photos that are encoded, or being encoded, and not yet committed: what a kill costs
PART = 8  # photos that one thread encodes at once: more make it no quicker,
PART_S = 1.0  # or fewer, of a slow encoder: tiles appear soon, and a stop is quick
LONGEST_S = 0.5  # what comes slowly is encoded after this, and what is encoded committed
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


Read = tuple[ToDo, Decoded | Reason]  # a photo, and what became of it
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
    """Run an encoder on several cores: parts side by side, each on one thread.

    One thread a part waits for nobody; several threads in one part wait for the slowest.
    """

    def __init__(
        self, encoder: Encoder, threads: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.encoder = encoder
        self.is_slow = False  # one part at a time, to save the battery
        self._alone = threading.Lock()
        self._clock = clock
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="encode")
        self._parts = threads
        self._photo_s = 0.0  # what the last part took for each of its photos

    @property
    def part(self) -> int:
        """How many photos to `begin` with at once, so that each thread finds one part waiting."""
        most = min(PART, BATCH // (2 * self._parts))
        return max(1, min(most, int(PART_S / self._photo_s) if self._photo_s else most))

    def begin(self, part: Images) -> Future[Vectors]:
        """Let a thread encode (n, 3, s, s) uint8 to (n, d) float32 unit rows."""
        return self._threads.submit(self._encode, part)

    def images(self, batch: Images) -> Vectors:
        """As the encoder's own, in the same order."""
        parts = [part for part in np.array_split(batch, self._parts) if len(part)]
        return np.concatenate(list(self._threads.map(self.encoder.images, parts)))

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    def _encode(self, part: Images) -> Vectors:
        with self._alone if self.is_slow else nullcontext():
            began_s = self._clock()
            rows = self.encoder.images(part)
            self._photo_s = (self._clock() - began_s) / len(part)
            return rows


@dataclass(frozen=True, slots=True)
class Part:
    """Photos that were read. `rows`: where the vectors come from of contents that had none."""

    photos: list[Read]
    rows: dict[bytes, tuple[Future[Vectors], int]]  # by content: an encoding, and the row in it
    fresh: list[bytes]  # contents that are encoded with this part, and with no other
    began_s: float

    def is_ready(self) -> bool:
        """Whether it can be committed."""
        return all(encoding.done() for encoding, _ in self.rows.values())

    def finished(self) -> Iterator[Finished]:
        """Its photos with their vectors, when it is ready. Raises BadEncoder."""
        for todo, one in self.photos:
            if isinstance(one, Decoded):
                encoding, row = self.rows.get(one.content.hash, (None, 0))
                vector = encoding.result()[row].astype(np.float16) if encoding else None
                yield Finished(todo, one.content, vector)


class UnderWay:
    """What is being encoded, or encoded and not yet committed. Commits keep the order."""

    def __init__(self, store: Store, encoder_id: int, encoder: BatchEncoder) -> None:
        self.photos = 0
        self._store, self._encoder_id, self._encoder = store, encoder_id, encoder
        self._parts: deque[Part] = deque()
        self._coming: dict[bytes, tuple[Future[Vectors], int]] = {}  # as the parts' `rows`

    def begin(self, photos: list[Read]) -> None:
        """Encode a part, but for contents that have a vector already or will get one."""
        squares = {one.content.hash: one.square for _, one in photos if isinstance(one, Decoded)}
        new = squares.keys() - self._coming.keys()
        fresh = list(new - self._store.seen(self._encoder_id, new))
        if fresh:
            encoding = self._encoder.begin(np.stack([squares[content] for content in fresh]))
            self._coming |= {content: (encoding, row) for row, content in enumerate(fresh)}
        rows = {content: self._coming[content] for content in squares if content in self._coming}
        self._parts.append(Part(photos, rows, fresh, time.monotonic()))
        self.photos += len(photos)

    def commit_ready(self) -> Batch | None:
        """Commit what is encoded, if that is much or waits long."""
        ready = list(takewhile(Part.is_ready, self._parts))
        is_much = 2 * sum(len(part.photos) for part in ready) >= BATCH
        is_old = bool(ready) and time.monotonic() - ready[0].began_s > LONGEST_S
        return self._commit(ready) if is_much or is_old else None

    def commit_next(self) -> Batch:
        """Wait for the next part, and commit what is encoded then."""
        wait([encoding for encoding, _ in self._parts[0].rows.values()])
        return self._commit(list(takewhile(Part.is_ready, self._parts)))

    def give_up(self) -> None:
        """Encode nothing more."""
        for encoding, _ in self._coming.values():
            encoding.cancel()

    def _commit(self, parts: list[Part]) -> Batch:
        photos = [pair for part in parts for pair in part.photos]
        fresh = [content for part in parts for content in part.fresh]
        finished = [one for part in parts for one in part.finished()]
        failed = [(todo, one) for todo, one in photos if isinstance(one, Reason)]
        change = self._store.commit(self._encoder_id, finished, failed)
        for part in parts:
            self._parts.remove(part)
        for content in fresh:
            del self._coming[content]
        self.photos -= len(photos)
        ids = tuple(todo.id for todo, _ in photos)
        return Batch(len(finished), len(failed), len(fresh), change, ids, photos[-1][0].path)


def index(
    store: Store, encoder_id: int, encoder: BatchEncoder, pool: DecoderPool, walk: Walk
) -> Iterator[Batch]:
    """Read what `walk` gives; yields after each commit. Ends early when the pool is stopped."""
    under_way = UnderWay(store, encoder_id, encoder)
    reading = pool.stream(walk, encoder.encoder.spec.image, store.library)
    try:
        for part in parts(reading, encoder):
            while part and under_way.photos + len(part) > BATCH:
                yield under_way.commit_next()
            if part:
                under_way.begin(part)
            if any(isinstance(one, Decoded) and not one.is_kept for _, one in part):
                store.db.await_room()  # else many photos would be read that have no thumbnails
            if (batch := under_way.commit_ready()) is not None:
                yield batch
        while under_way.photos:
            yield under_way.commit_next()
    finally:
        under_way.give_up()


def parts(reading: Iterable[Read | None], encoder: BatchEncoder) -> Iterator[list[Read]]:
    """Gather photos for one encoding each; empty lists between, so that there is time to commit."""
    part: list[Read] = []
    began_s = 0.0
    for one in reading:
        now_s = time.monotonic()
        began_s = began_s if part else now_s
        if one is not None:
            part.append(one)
        if len(part) >= encoder.part or (part and now_s - began_s > LONGEST_S):
            yield part
            part = []
        else:
            yield []
    yield part
