"""An indexer process that notes each picture it encodes, for tests that kill it.

    python -m tests.counting_indexer LIBRARY ENCODER NOTES [NAME COUNT]

With a name and a count it stops in the middle of a batch when the encoder of that name has been
given so many pictures, says "held", and waits to be killed.
"""

import hashlib
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from indexer.encoders import Encoders
from indexer.library import Library
from indexer.lock import lock
from indexer.service import Service
from indexer.store import Store
from models.encoder import Encoder, Images, Vectors
from models.installed import load
from models.spec import EncoderSpec


class Counting:
    """An encoder that appends "name picture" to a file for each picture, before it is encoded."""

    def __init__(self, encoder: Encoder, notes: Path, hold: int | None) -> None:
        self._encoder = encoder
        self._left = hold  # pictures until it holds; None for never
        self._notes = os.open(notes, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    @property
    def spec(self) -> EncoderSpec:
        return self._encoder.spec

    def images(self, batch: Images) -> Vectors:
        name = self.spec.name
        lines = [f"{name} {hashlib.md5(one.tobytes()).hexdigest()}\n" for one in batch]
        os.write(self._notes, "".join(lines).encode())
        if self._left is not None:
            self._left -= len(batch)
            if self._left <= 0:
                print("held", flush=True)
                threading.Event().wait()
        return self._encoder.images(batch)

    def texts(self, sentences: Sequence[str]) -> Vectors:
        return self._encoder.texts(sentences)

    def close(self) -> None:
        self._encoder.close()
        os.close(self._notes)


def main() -> None:
    """Serve until the last client is gone."""
    library, first, notes = Library.at(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[3])
    holds = dict([(sys.argv[4], int(sys.argv[5]))] if sys.argv[4:] else [])

    def counting(folder: Path) -> Encoder:
        encoder = load(folder)
        return Counting(encoder, notes, holds.get(encoder.spec.name))

    with lock(library):
        store = Store(library)
        cores = os.cpu_count() or 1
        encoders = Encoders(store, first, cores, counting)
        service = Service(store, encoders, cores)
        print("ready", flush=True)
        service.run()
        service.close()


if __name__ == "__main__":
    main()
