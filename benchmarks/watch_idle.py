"""What it costs to watch a library while nothing happens, and to begin with it.

    python benchmarks/watch_idle.py --files 100000 --seconds 30

Makes a tree of empty files, watches it as the indexer does (`take` five times a second), and
counts the CPU seconds of this process. Fails above one per cent of a core.
"""

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.watch import Watcher

IN_A_FOLDER = 100
TAKE_S = 0.2  # as indexer.service asks while it is idle
MOST = 0.01  # of a core


def main() -> int:
    """Measure, print, and say by the exit status whether it is little enough."""
    parser = argparse.ArgumentParser(description="What watching costs while nothing happens.")
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=30.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        root = Path(place) / "photos"
        make(root, given.files)
        watcher = Watcher()
        began = time.perf_counter()
        watcher.watch([root])
        begin_s = time.perf_counter() - began
        share = idle(watcher, given.seconds)
        heard_s = hear(watcher, root)
        watcher.close()
    folders = -(-given.files // IN_A_FOLDER)
    print(f"{given.files:,} files in {folders:,} folders: watched after {begin_s:.2f} s")
    print(f"idle: {share:.3%} of a core over {given.seconds:.0f} s (at most {MOST:.0%})")
    print(f"a new photo is given out {heard_s:.2f} s after its last byte")
    return 0 if share < MOST else 1


def make(root: Path, files: int) -> None:
    """Empty files, a hundred a folder."""
    for number in range(files):
        folder = root / f"{number // IN_A_FOLDER:05}"
        if number % IN_A_FOLDER == 0:
            folder.mkdir(parents=True)
        (folder / f"{number:07}.jpg").touch()


def idle(watcher: Watcher, seconds: float) -> float:
    """The share of a core that this process takes while nothing happens."""
    while watcher.take():
        pass
    pause, end = threading.Event(), time.monotonic() + seconds
    before = time.process_time()
    while time.monotonic() < end:
        pause.wait(TAKE_S)
        assert not watcher.take(), "something happened in the folder of this benchmark"
    return (time.process_time() - before) / seconds


def hear(watcher: Watcher, root: Path) -> float:
    """How long a new photo takes from its last byte to `take`, in seconds."""
    path, pause = root / "00000" / "new.jpg", threading.Event()
    path.write_bytes(b"x")
    began = time.perf_counter()
    while str(path) not in watcher.take().files:
        pause.wait(TAKE_S)
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
