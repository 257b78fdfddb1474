"""Does clearing away what nobody shows any more keep anybody waiting?

    python benchmarks/faults_leftovers.py --photos 100000

Takes a folder of so many photos out of a library and clears their contents, vectors and thumbnails
away, as the indexer does behind all other work. Between two steps it hears whoever calls, and a
reader never waits; no step may take longer than a quarter of a second.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.library import Library
from indexer.scan import Found
from indexer.store import Content, Finished, Store
from indexer.thumbnails import SIDES, thumbnail_path
from indexer.view import View
from models.installed import find
from models.spec import EncoderSpec

AT_ONCE = 5000  # photos that are made up in one transaction
LONGEST_S = 0.25
FOLDER = Path("/photos")


def main() -> int:
    """Make up a library, measure and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    photos = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as scratch:
        library = Library.at(Path(scratch) / "library")
        store = Store(library)
        make_up(store, photos)
        began_s = time.perf_counter()
        store.leave(FOLDER)
        leave_s = time.perf_counter() - began_s
        steps_s, reads_s = clear(store)
        with View(library) as view:
            left = view.counts().vectors
        files = sum(path.is_file() for path in library.thumbnails.rglob("*"))
        store.close()
    print(f"{photos:,} photos leave the library: {leave_s:.2f} s, in one transaction")
    print(f"cleared away in {sum(steps_s):.1f} s and {len(steps_s):,} steps")
    print(f"longest step       {max(steps_s) * 1000:6.0f} ms   <= {LONGEST_S * 1000:.0f}")
    print(f"longest read beside{max(reads_s) * 1000:6.0f} ms   <= {LONGEST_S * 1000:.0f}")
    print(f"left over          {left + files:6}      0")
    return 0 if max(*steps_s, *reads_s) <= LONGEST_S and left + files == 0 else 1


def make_up(store: Store, photos: int) -> None:
    """A library of photos that were never there, with vectors and a small thumbnail each."""
    encoder = store.encoders.add(EncoderSpec.read(find()), find())
    store.encoders.want(encoder)
    store.join(FOLDER)
    store.add([Found(f"{FOLDER}/{number:07}.jpg", 9, 1 + number) for number in range(photos)])
    row = np.zeros(encoder.dimension, np.float16)
    chance = np.random.default_rng(0)
    after = (photos + 1, 0)
    while some := store.pending([FOLDER], after, AT_ONCE):
        after = some[-1].place
        values = [Content(chance.bytes(16), 40, 30, 0) for _ in some]
        store.commit(encoder.id, [Finished(*one, row) for one in zip(some, values, strict=True)])
        for value in values:
            path = thumbnail_path(store.library, value.hash, SIDES[0])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


def clear(store: Store) -> tuple[list[float], list[float]]:
    """Clear all away: how long each step took, and each read that came between two, in seconds."""
    steps_s: list[float] = []
    reads_s: list[float] = []
    last_s = time.perf_counter()
    with View(store.library) as view:

        def between() -> bool:
            nonlocal last_s
            now_s = time.perf_counter()
            steps_s.append(now_s - last_s)
            if len(steps_s) % 10 == 1:
                view.folders()
                reads_s.append(time.perf_counter() - now_s)
            last_s = time.perf_counter()
            return False

        store.collect(between)
    return steps_s, reads_s


if __name__ == "__main__":
    sys.exit(main())
