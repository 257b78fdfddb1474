"""A library with its writer, decoders and a fake encoder in one process, driven by hand."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from indexer.changes import Changes, Known, compare
from indexer.decoder_pool import DecoderPool
from indexer.library import Library
from indexer.photo import PhotoState
from indexer.pipeline import Batch, BatchEncoder, Read, Waiting, Walk, index
from indexer.scan import Scan
from indexer.store import Store
from indexer.view import View
from models.spec import EncoderSpec
from tests.fakes import SPEC, ColourEncoder


class Done(DecoderPool):
    """Decoders whose work is done: they give the same whatever is asked."""

    def __init__(self, read: Iterable[Read | None]) -> None:
        super().__init__(count=1)
        self.read = read

    def stream(self, *_: object) -> Iterator[Any]:
        return iter(self.read)


class Bench:
    """A library with its writer, decoders and a fake encoder, driven by hand."""

    def __init__(self, folder: Path) -> None:
        self.library = Library.at(folder / "a library")
        self.encoder = ColourEncoder()
        self.open_store()
        self.batches = BatchEncoder(self.encoder, threads=2)
        self.pool = DecoderPool(2)
        self.view = View(self.library)

    def open_store(self, spec: EncoderSpec = SPEC) -> None:
        self.store = Store(self.library)
        self.known = self.store.encoders.add(spec, Path("nowhere"))
        self.store.encoders.want(self.known)

    def scan(self, folder: Path) -> Changes:
        self.store.join(folder)
        known = Known(iter(()), self.store.rows(folder), self.store.rows_at)
        changes = compare(Scan(folder), known)
        self.store.add(changes.to_add)
        self.store.set_states([row.id for row in changes.missing.values()], PhotoState.MISSING)
        self.store.set_states(changes.returned, PhotoState.INDEXED)
        return changes

    def read(self, folder: Path) -> list[Batch]:
        waiting = Waiting(self.store, [folder])
        return self.read_walk(waiting, self.known.id)

    def read_walk(self, walk: Walk, encoder_id: int) -> list[Batch]:
        return list(index(self.store, encoder_id, self.batches, self.pool, walk))

    def encode_with(self, encoder: ColourEncoder, threads: int) -> None:
        self.batches.close()
        self.encoder, self.batches = encoder, BatchEncoder(encoder, threads)

    def write(self, read: Iterable[Read | None]) -> list[Batch]:
        """Encode and commit photos that were read already."""
        return list(index(self.store, self.known.id, self.batches, Done(read), ()))

    def update(self, folder: Path) -> tuple[Changes, list[Batch]]:
        return self.scan(folder), self.read(folder)

    def close(self) -> None:
        self.view.close()
        self.pool.close()
        self.batches.close()
        self.store.close()
