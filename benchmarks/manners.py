"""How soon the indexer rests when a person pauses it, and how steady the time left is.

    python benchmarks/manners.py --photos 240 --large 24 [--set FOLDER]

Indexes a made set of photos by a real indexer process, pauses it in the middle, counts the CPU
seconds of all its processes, searches meanwhile, and goes on. Fails where the last work is done
more than two seconds after the pause, where it takes over one per cent of a core while it rests,
where progress goes back, or where the time left jumps.
"""

import argparse
import sys
import tempfile
import threading
import time
from itertools import pairwise
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.photo_set import Wanted, make
from indexer.client import Client
from indexer.events import Done, Manners, Progress
from indexer.library import Library
from indexer.query import Query
from indexer.search import Searcher
from indexer.view import View
from models.installed import find

REST_S = 2.0  # by then nothing is decoded or encoded
MOST = 0.01  # of a core while it rests
JUMP = 0.25  # of the time left, from one progress event to the next, but for one in twenty
LOOK_S = 0.05
PAUSED_S = 5.0

Moment = tuple[float, Progress]


def main() -> int:
    """Measure, print, and say by the exit status whether it keeps its bounds."""
    parser = argparse.ArgumentParser(description="How the indexer pauses and tells its pace.")
    parser.add_argument("--photos", type=int, default=240)
    parser.add_argument("--large", type=int, default=24)
    parser.add_argument("--set", type=Path, help="where the made photos lie, or are to stay")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        photos = given.set or Path(place) / "photos"
        make(photos, Wanted(given.photos, given.large))
        library = Library.at(Path(place) / "library")
        client = Client.connect(library, find())
        good = measure(client, library, photos)
        client.close()
        client.wait(10.0)
    return 0 if good else 1


def measure(client: Client, library: Library, photos: Path) -> bool:
    """One run with a pause in it; whether all bounds are kept."""
    moments: list[Moment] = []
    paused, done = threading.Event(), threading.Event()

    def hear() -> None:
        for event in client.events():
            if isinstance(event, Progress):
                moments.append((time.monotonic(), event))
            elif isinstance(event, Manners):
                paused.set()
            elif isinstance(event, Done):
                done.set()
                return

    threading.Thread(target=hear, daemon=True).start()
    client.add([photos])
    while not is_third(moments):
        time.sleep(LOOK_S)
    before = time.monotonic()
    client.pause()
    paused.wait()
    heard_s = time.monotonic() - before
    rest_s = until_rest(before)
    began_s, began_cpu_s = time.monotonic(), cpu_s()
    with View(library) as view:
        counts = view.counts()
    searcher = Searcher(library)
    hits = len(searcher.search(Query(words="a red car", everything=True)).hits)
    searcher.close()
    time.sleep(PAUSED_S)
    share = (cpu_s() - began_cpu_s) / (time.monotonic() - began_s)
    client.resume()
    done.wait()
    print(f"pause           heard in {heard_s * 1000:.0f} ms, last work {rest_s:.2f} s after it")
    print(
        f"paused          {share:.2%} of a core; {counts.indexed} of "
        f"{counts.indexed + counts.pending} kept, a search finds {hits}"
    )
    jumps = sorted(leaps(moments)) or [0.0]
    usual = jumps[int(len(jumps) * 0.95)]
    back = sum(b.indexed < a.indexed for (_, a), (_, b) in pairwise(moments))
    print(f"time left       {len(jumps)} steps: 95 in 100 within {usual:.0%}, most {jumps[-1]:.0%}")
    print(f"progress        {len(moments)} events, {back} went back")
    return rest_s <= REST_S and share <= MOST and usual <= JUMP and not back


def is_third(moments: list[Moment]) -> bool:
    """Whether a third of the photos is done."""
    return bool(moments) and 0 < moments[-1][1].found <= 3 * moments[-1][1].indexed


def processes() -> list[psutil.Process]:
    """The indexer, and all that it has started."""
    found: list[psutil.Process] = psutil.Process().children(recursive=True)
    return found


def cpu_s() -> float:
    """CPU seconds of those that run."""
    total = 0.0
    for process in processes():
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system
    return total


def until_rest(since_s: float) -> float:
    """Seconds from `since_s` until the processes have done nothing for a second."""
    last_s, before = since_s, cpu_s()
    while time.monotonic() - last_s < 1.0:
        time.sleep(LOOK_S)
        now = cpu_s()
        if now - before > 0.02:  # one or two ticks of the kernel's clock
            last_s = time.monotonic()
        before = now
    return last_s - since_s


def leaps(moments: list[Moment]) -> list[float]:
    """By which part the time left differs from what it was before, less the time that passed."""
    found = []
    for (then_s, before), (now_s, after) in pairwise(moments):
        if before.left_s is not None and after.left_s is not None and before.left_s > 2:
            due_s = max(0.1, before.left_s - (now_s - then_s))
            found.append(abs(after.left_s - due_s) / due_s)
    return found


if __name__ == "__main__":
    sys.exit(main())
