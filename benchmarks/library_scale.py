"""What does a large library cost: to look at when nothing changed, to open, to keep searchable?

    python benchmarks/library_scale.py                    # 100,000 photos, some minutes
    python benchmarks/library_scale.py --rows 1000000     # rows of a million, files of 100,000
    python benchmarks/library_scale.py --files 2000 --rows 2000

Three tables, each beside a yardstick of the same run: a look at folders in which nothing changed
beside a bare walk; the start of each part; snapshots of the vectors, and how long they keep a
commit waiting. Ends with status 1 above a bound.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.library_made import add_thumbnails, files, make_library, names
from benchmarks.library_memory import make_photos
from benchmarks.library_table import Table, timed
from indexer.photo import KnownEncoder
from indexer.rescan import Rescan
from indexer.scan import Found
from indexer.snapshots import Snapshots
from indexer.store import Content, Finished, Store
from indexer.view import View
from models.installed import find

HOME = Path(__file__).resolve().parent.parent
TURNS = 5
MANY = 10_000
MOST_RATIO = 2.0  # of a bare walk
MOST_START_S = 2.0
MOST_WAIT_S = 0.5  # of a commit or a command beside a snapshot
MOST_STOP_S = 2.0
CONNECT = """
import sys, time
from pathlib import Path
began = time.monotonic()
from indexer.client import Client
from indexer.library import Library
from models.installed import find
client = Client.connect(Library.at(Path(sys.argv[1])), find())
print(time.monotonic() - began)
client.close()
client.wait(10)
"""


def main() -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--cold", action="store_true", help="as root: empty the system's caches")
    given = parser.parse_args()
    table, encoder = Table(), find()
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        make_photos(place / "photos", given.files)
        store, _ = make_library(place, encoder, files(place))
        look(table, store, given.turns, is_cold=given.cold)
        add_thumbnails(store)
        store.close()
        starts(table, place, given.files, given.turns)
    with tempfile.TemporaryDirectory() as scratch:
        store, known = make_library(Path(scratch), encoder, names(Path(scratch), given.rows))
        snapshots(table, store, known, Path(scratch))
        store.close()
    return 1 if table.is_above else 0


def look(table: Table, store: Store, turns: int, *, is_cold: bool) -> None:
    """A look at folders in which nothing changed, beside a walk that only asks for each file."""
    root = store.folders()[0][1]
    rescan = Rescan(store, lambda _: None, lambda: False)
    bare: list[tuple[float, float]] = []
    ours: list[tuple[float, float]] = []
    cold = []
    for work in (lambda: walk(root), lambda: rescan.folder(root)) if is_cold else ():
        drop_caches()
        cold.append(timed(work)[0])
    for _ in range(turns):
        bare.append(timed(lambda: walk(root)))
        ours.append(timed(lambda: rescan.folder(root)))
    changes = rescan.folder(root)
    assert changes is not None
    assert changes.found == changes.unchanged == walk(root)
    table.head(f"Nothing changed in {changes.found:,} files, best of {turns}")
    (bare_s, bare_cpu_s), (ours_s, ours_cpu_s) = map(best, (bare, ours))
    table.line("os.scandir and stat, nothing else", bare_s, "s")
    table.line("the indexer's look", ours_s, "s")
    table.line("ratio by the clock", ours_s / bare_s, "")
    most = MOST_RATIO if changes.found >= MANY else None  # few say more of what each look costs
    table.line("ratio of CPU time", ours_cpu_s / bare_cpu_s, "", most)
    if cold:
        table.line("with cold caches: os.scandir and stat", cold[0], "s")
        table.line("with cold caches: the indexer's look", cold[1], "s")
        table.line("ratio by the clock", cold[1] / cold[0], "", MOST_RATIO)


def walk(root: Path) -> int:
    """The least that tells whether a file changed; how many files there are."""
    waiting, count = [str(root)], 0
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    entry.stat()
                    count += 1
    return count


def starts(table: Table, place: Path, photos: int, turns: int) -> None:
    """Each part from nothing to its answer, in fresh processes."""
    library, root = place / "library", str(place / "photos")
    table.head(f"Start with {photos:,} photos, medians of {turns}")
    python = [sys.executable, "-c", "pass"]
    table.line("Python itself", of_processes(python, turns), "s")
    ours = [sys.executable, "-m", "app", "--library"]
    indexed = [*ours, str(library), "index", root]
    first_s = of_processes(indexed, 1)
    table.line("`index` once more, the first time after a change", first_s, "s")
    with tempfile.TemporaryDirectory() as empty:
        Path(empty, "photos").mkdir()
        nothing = [*ours, str(Path(empty, "library")), "index", str(Path(empty, "photos"))]
        table.line(
            "`index` of an empty folder: two processes start", of_processes(nothing, turns), "s"
        )
    table.line("`index` of a folder in which nothing changed", of_processes(indexed, turns), "s")
    connect = [sys.executable, "-c", CONNECT, str(library)]
    answered = [float(output(connect).split()[-1]) for _ in range(turns)]
    table.line("the indexer answers its first call", median(answered), "s", MOST_START_S)
    for words in (["search", "a red boat"], ["status"]):
        command = [*ours, str(library), *words]
        table.line(f"`{words[0]}`", of_processes(command, turns), "s", MOST_START_S)
    script = str(HOME / "benchmarks" / "window_start.py")
    window = [sys.executable, script, "--library", str(library), "--turns", str(turns)]
    done = subprocess.run(window, capture_output=True, text=True, cwd=HOME, check=False)
    for line in done.stdout.splitlines():
        if line.startswith(("our window", "an empty")):
            what, _, figure = line.removesuffix(" ms").rpartition(" ")
            is_ours = line.startswith("our window, painted")
            most = MOST_START_S if is_ours else None
            table.line(what.strip(), int(figure) / 1000, "s", most)


def snapshots(table: Table, store: Store, known: KnownEncoder, place: Path) -> None:
    """A snapshot of all vectors, and photos that are committed while it is written."""
    with View(store.library) as view:
        count = view.counts(known.digest).vectors
    table.head(f"A snapshot of {count:,} vectors")
    quiet = [commit(store, known, place, n) for n in range(40)]
    began_s = time.perf_counter()
    written = Snapshots(store.library, known)  # finds none, and begins one
    table.line(
        "the indexer waits for it at its start", time.perf_counter() - began_s, "s", MOST_WAIT_S
    )
    beside: list[float] = []
    done = threading.Event()

    def wait() -> None:
        written.wait()
        done.set()

    threading.Thread(target=wait).start()
    while not done.wait(0.02):
        beside.append(commit(store, known, place, len(quiet) + len(beside)))
    table.line("until it lies on the disk", time.perf_counter() - began_s, "s")
    table.line("a commit of one photo: the longest without it", max(quiet), "s")
    table.line("the longest beside it", max(beside, default=0.0), "s", MOST_WAIT_S)
    change = store.connection.execute("SELECT max(change) FROM embedding").fetchone()[0]
    with View(store.library) as view:
        for words, query in {
            "what came since the last search": lambda: view.vectors_since(
                change - 10, known.digest
            ),
            "the next photos to be read": lambda: store.pending([place / "photos"], limit=500),
            "what an encoder has not seen": lambda: store.unseen(known.id, [1], limit=500),
            "the counts of a status": lambda: view.counts(known.digest),
            "the folders": view.folders,
        }.items():
            table.line(f"query: {words}", best([timed(query) for _ in range(3)])[0], "s")
        table.line("query: all photos, for the window", timed(view.table)[0], "s")
    written.added(count)  # as if as many had come
    threading.Event().wait(0.1)
    table.line("an end in the middle of the next one", timed(written.close)[0], "s", MOST_STOP_S)


def commit(store: Store, known: KnownEncoder, place: Path, number: int) -> float:
    """Add and commit one photo; how long the commit took."""
    store.add([Found(f"{place}/photos/new{number}.jpg", 1, 1)])
    (todo,) = store.pending([place / "photos"])
    content = Content(b"new" + number.to_bytes(13, "big"), 1, 1, 0)
    row = np.full(known.dimension, known.dimension**-0.5, np.float16)
    return timed(lambda: store.commit(known.id, [Finished(todo, content, row)]))[0]


def best(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The least of each."""
    walls, cpus = zip(*times, strict=True)
    return min(walls), min(cpus)


def of_processes(command: list[str], turns: int) -> float:
    """The median of the seconds that a process takes from start to end."""

    return median(timed(lambda: output(command))[0] for _ in range(turns))


def output(command: list[str]) -> str:
    """What a process prints; the end of us where it fails."""
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout


def drop_caches() -> None:
    """Let the system forget all files. Linux, root only."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


if __name__ == "__main__":
    sys.exit(main())
