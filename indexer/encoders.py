"""Run the encoders of one library: the one that serves, and the one that is wanted.

They are loaded once and closed when they are no longer either. Which is which lies in the
database; here it is looked up when the indexer starts and changed when a client asks.
"""

import logging
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage

import numpy as np

from indexer.awaited import Awaited
from indexer.errors import BadLibrary, DiskFull
from indexer.kept_encoders import (
    drop_copy,
    folder_of,
    is_outlived,
    kept,
    leave,
    namesake,
    successor,
    sweep_copies,
)
from indexer.photo import KnownEncoder
from indexer.pipeline import BatchEncoder
from indexer.snapshot_files import drop, sweep
from indexer.snapshots import Snapshots
from indexer.store import Store
from indexer.transactions import ROOM_BYTES
from indexer.view import View
from models.encoder import Encoder
from models.errors import BadEncoder, EncoderAway, KnownError
from models.installed import SHIPPED, load
from models.spec import EncoderSpec

log = logging.getLogger(__name__)

Load = Callable[[Path], Encoder]


@dataclass(frozen=True, slots=True)
class Running:
    """One encoder at work for the library."""

    known: KnownEncoder
    batches: BatchEncoder
    snapshots: Snapshots

    def why_not(self) -> str | None:
        """What keeps its files away just now; None where it can see photos."""
        encoder = self.batches.encoder
        return encoder.why_not() if isinstance(encoder, Awaited) else None

    def close(self) -> None:
        """End its threads, and what the encoder holds."""
        self.snapshots.close()
        self.batches.close()
        self.batches.encoder.close()


class Encoders:
    """`serving` and `wanted`, which are the same at rest."""

    def __init__(
        self, store: Store, first: Path, cores: int, load: Load = load, shipped: Path = SHIPPED
    ) -> None:
        """Begin with those that the library names; with the one in `first` where it names none.

        Where the program brings a newer version of the one that serves, that is wanted now. Where
        the one that serves is nowhere any more, its namesake or else `first` takes its place at
        once: without its text tower its vectors can't be searched. One that is only out of reach
        keeps its place, and is awaited. Raises BadEncoder, BadLibrary.
        """
        self._store = store
        self._cores = cores
        self._load = load
        self._shipped = shipped
        self._running: dict[str, Running] = {}
        sweep_copies(store.library)
        with View(store.library) as view:
            sweep(view)  # before anybody writes a snapshot
        known = store.encoders.serving
        if known is None:
            store.encoders.want(self._add(first).known)
        else:
            self._find_serving(known, first)
        self._find_wanted()

    @property
    def serving(self) -> Running:
        """The one whose vectors answer."""
        known = self._store.encoders.serving
        assert known is not None
        return self._running[known.digest]

    @property
    def wanted(self) -> Running:
        """The one that is to serve."""
        known = self._store.encoders.wanted
        assert known is not None
        return self._running[known.digest]

    def want(self, folder: Path) -> None:
        """Let the encoder in `folder` be the wanted one. Raises BadEncoder if it does not work."""
        if EncoderSpec.read(folder).digest not in self._running:
            with closing(self._load(folder)) as tried:
                check(tried, folder)
        self._store.encoders.want(self._add(folder).known)
        try:
            EncoderSpec.read(folder)  # `models remove` may have taken it away meanwhile
        except BadEncoder:
            self.cancel()
            raise
        self._close_others()

    def cancel(self) -> None:
        """Stay with the one that serves."""
        self._store.encoders.want(self.serving.known)
        self._close_others()

    def swap(self) -> None:
        """Let the wanted one serve."""
        self.wanted.snapshots.catch_up()  # so that readers open it at once
        leave(self._store.library, self.serving.known)
        self._store.encoders.swap()
        self._close_others()

    def forget(self, digest: str, is_stopped: Callable[[], bool]) -> None:
        """Delete the vectors of an encoder, and our copy of it. Raises KnownError if it serves."""
        known = self._store.encoders.by_digest(digest)
        if known is None:
            return
        if known.id == self.serving.known.id:
            raise KnownError(
                f"Your photos are searched with {known.name}. "
                "Choose another encoder first, with `sightword models use NAME`."
            )
        if known.id == self.wanted.known.id:
            self.cancel()
        with suppress(DiskFull):  # nobody waits for room any more
            self._store.encoders.forget(known, is_stopped)
        if self._store.encoders.by_digest(digest) is not None:  # and nobody may think it is
            raise KnownError(f"Not all vectors of {known.name} are gone yet. Remove it again.")
        with View(self._store.library) as view:
            drop(view, digest)
        drop_copy(self._store.library, known)

    def forget_outlived(self, now_s: float, is_stopped: Callable[[], bool]) -> None:
        """Forget older versions of ours that nothing leads to. What a person added stays.

        Nobody asked for it: where the disk is full or it `is_stopped`, the next time goes on.
        """
        library = self._store.library
        if disk_usage(library.root).free < ROOM_BYTES:
            return
        with View(library) as view:
            known = view.encoders()
        at_work = (self.serving.known.id, self.wanted.known.id)
        for one in known:
            if one.id not in at_work and is_outlived(library, one, self._shipped, now_s):
                log.info("an older version of %s is forgotten", one.name)
                try:
                    self.forget(one.digest, is_stopped)
                except BadLibrary:
                    raise
                except KnownError as error:
                    log.info("%s", error)

    def close(self) -> None:
        """Let go of them all."""
        for running in self._running.values():
            running.close()
        self._running.clear()

    def _find_serving(self, known: KnownEncoder, first: Path) -> None:
        """Load the one that serves, or await it; another takes its place where it is gone."""
        try:
            self._find(known)
        except BadEncoder as error:
            log.warning("%s", error)
            heir = namesake(self._store.library, known, self._shipped) or first
            self._store.encoders.want(self._add(heir).known)
            self._store.encoders.swap()

    def _find_wanted(self) -> None:
        """Load the wanted one, or await it; stay with the one that serves where it is gone."""
        wanted, serving = self._store.encoders.wanted, self.serving.known
        try:
            if wanted is not None and wanted.id != serving.id:
                self._find(wanted)
            elif (newer := successor(self._store.library, serving, self._shipped)) is not None:
                self.want(newer)
        except BadEncoder as error:
            log.warning("%s", error)
            self.cancel()

    def _find(self, known: KnownEncoder) -> None:
        """Run an encoder from where it lies now. Raises BadEncoder where that is nowhere."""
        library = self._store.library

        def folder() -> Path:
            return folder_of(library, known, self._shipped)

        try:
            self._add(folder())
        except EncoderAway as error:
            log.warning("%s", error)
            batches = BatchEncoder(Awaited(lambda: self._load(folder())), self._cores)
            self._running[known.digest] = Running(known, batches, Snapshots(library, known))

    def _add(self, folder: Path) -> Running:
        """Know and run the encoder in `folder`; ours from a copy in the library."""
        library, spec = self._store.library, EncoderSpec.read(folder)
        home = kept(library, folder, spec, self._shipped)
        known = self._store.encoders.add(spec, home)
        if spec.digest not in self._running:
            batches = BatchEncoder(self._load(home), self._cores)
            self._running[spec.digest] = Running(known, batches, Snapshots(library, known))
        return self._running[spec.digest]

    def _close_others(self) -> None:
        at_work = {self.serving.known.digest, self.wanted.known.digest}
        for digest in [one for one in self._running if one not in at_work]:
            self._running.pop(digest).close()


def check(encoder: Encoder, folder: Path) -> None:
    """Let an encoder see one grey picture and read its name. Raises BadEncoder where it can not.

    Both must give a unit row: what sees photos and reads no words would find nothing.
    """
    side = encoder.spec.image.side
    grey = np.full((1, 3, side, side), 128, np.uint8)
    for rows in (encoder.images(grey), encoder.texts(["a grey square"])):
        if rows.shape != (1, encoder.spec.dimension) or not abs(np.linalg.norm(rows) - 1) < 0.01:
            raise BadEncoder(
                f"The encoder in {folder} gives vectors that can't be used. Install it again. "
                "Your library stays as it is."
            )
