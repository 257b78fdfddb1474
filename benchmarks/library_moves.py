"""What does a renamed tree of large files cost: how long is nothing told, how soon does it stop?

    python benchmarks/library_moves.py                 # 1,000 files of 4 MB
    python benchmarks/library_moves.py --files 10000   # 40 GB are read, none are written

Each file is read whole, for bytes have to say that it is the photo that went. Ends with status 1
above a bound.
"""

import argparse
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.library_made import files, make_library
from benchmarks.library_table import Table
from indexer.moves import content_hash
from indexer.rescan import Rescan
from models.installed import find

MOST_S = 2.0  # of silence, and until a stop takes effect
MOVED_BYTES = 4 << 20


def main() -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=1000, help="100 at least")
    given = parser.parse_args()
    table = Table()
    with tempfile.TemporaryDirectory() as scratch:
        moves(table, Path(scratch), find(), given.files)
    return 1 if table.is_above else 0


def moves(table: Table, place: Path, encoder: Path, count: int) -> None:
    """A renamed tree of files of 4 MB: how often something is told, and how soon it stops."""
    root = place / "photos"
    (root / "old").mkdir(parents=True)
    for number in range(count):
        with (root / "old" / f"{number:05}.jpg").open("wb") as file:
            file.write(number.to_bytes(8, "big"))
            file.truncate(MOVED_BYTES)  # takes no room
    store, _ = make_library(place, encoder, files(place))
    for path, row in store.rows(root).items():
        store.connection.execute(
            "UPDATE content SET hash = ? WHERE id ="
            " (SELECT content_id FROM photo WHERE photo.id = ?)",
            (content_hash(path), row.id),
        )
    (root / "old").rename(root / "new")
    told_s = [time.perf_counter()]
    half: list[float] = []

    def moved() -> None:
        told_s.append(time.perf_counter())
        if len(told_s) == 3:
            half.append(time.perf_counter())

    rescan = Rescan(store, lambda _: None, lambda: bool(half), moves=moved)
    rescan.folder(root)
    stopped_s = time.perf_counter() - half[0]
    rest = Rescan(store, lambda _: None, lambda: False, moves=moved).folder(root)
    assert rest is not None
    assert rest.unchanged == count
    took_s = time.perf_counter() - told_s[0]
    table.head(f"A renamed tree of {count:,} files of {MOVED_BYTES >> 20} MB, read whole")
    table.line("until all are known again", took_s, "s")
    table.line("megabytes a second", count * MOVED_BYTES / took_s / 1e6, "")
    gaps = [after - before for before, after in pairwise(told_s)]
    table.line("the longest silence between two that are told", max(gaps), "s", MOST_S)
    table.line("a stop takes effect after", stopped_s, "s", MOST_S)
    store.close()


if __name__ == "__main__":
    sys.exit(main())
