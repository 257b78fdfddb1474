"""Does a switch of encoders fail, mix or stall any search, and does it outlive a kill?

Draws 5,000 photos (or `--photos`) and indexes them with the default encoder; then switches to
another one while one long-living searcher asks without end. The other one is the default with
the numbers of its vectors in another order: the same work, a space of the same dimension, and
nothing in common, so that any answer that mixes the two is seen by its scores. Half-way the
indexer is killed and started again. Ends with status 1 where a search failed, mixed or stalled,
or where more than one batch was encoded twice.

    python benchmarks/switching.py
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

PHOTOS = 5000
LONGEST_S = 0.25  # a search that a person still takes for instant,
TIMES = 20  # or so many times the median, where the machine has much else to do
REST_S = 10.0  # how long searches are measured before the switch and after it
PAUSE_S = 0.02  # between two searches
LIMIT = 20
COLOURS = ("red", "blue", "green", "yellow", "white", "black", "grey", "brown", "orange", "purple")
THINGS = [
    *("dog", "cat", "house", "tree", "mountain", "sea", "boat", "car", "train", "bicycle"),
    *("flower", "cake", "candle", "sun", "moon", "cloud", "bird", "fish", "bridge", "road"),
    *("field", "forest", "lake", "river", "snow", "sand", "star", "kite", "balloon", "umbrella"),
]


def main() -> int:
    """Measure and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=PHOTOS)
    photos = parser.parse_args().photos
    with tempfile.TemporaryDirectory() as scratch:
        return measure(Path(scratch), photos)


def measure(scratch: Path, photos: int) -> int:
    """Index, switch, kill, switch on; the exit status."""
    from indexer.library import Library
    from indexer.pipeline import BATCH
    from models.drawn import draw_folder
    from models.installed import find, load
    from tests.searching import Seeker, mixed

    library, notes = Library.at(scratch / "library"), scratch / "notes"
    first, second = find(), turned(find(), library.encoders / "turned")
    encoders = [load(first), load(second)]
    one, two = (encoder.spec.digest for encoder in encoders)
    draw_folder(scratch / "photos", photos)
    words = [f"a {colour} {thing}" for thing in THINGS for colour in COLOURS]
    indexer = Indexer(library.root, first, notes)
    print(f"{photos:,} photos indexed in {indexer.index(scratch / 'photos'):.0f} s")
    seeker = Seeker(library, words, LIMIT, PAUSE_S)
    seeker.start()
    try:
        wait(REST_S)
        before = len(seeker.answers)
        began_s = time.monotonic()
        killed_at = indexer.use(second, until_seen=photos // 2)
        indexer.kill()
        indexer = Indexer(library.root, first, notes)
        indexer.follow()
        took_s = time.monotonic() - began_s
        during = len(seeker.answers)
        while not seeker.answered_by(two) and not seeker.failures:
            wait(0.01)
        wait(REST_S)
    finally:
        seeker.stop()
        indexer.end()
    print(f"switched in {took_s:.0f} s, killed and started again at {killed_at:,} photos")
    answers = seeker.answers
    parts = {
        "before the switch": answers[:before],
        "during it": answers[before:during],
        "after it": answers[during:],
    }
    is_stalled = False
    for name, some in parts.items():
        times = sorted(answer.seconds * 1000 for answer in some)
        is_stalled |= times[-1] > max(LONGEST_S * 1000, TIMES * median(times))
        by = Counter("the old" if a.results.digest == one else "the new" for a in some)
        print(
            f"{name:<18}{len(some):>7,} searches, median {median(times):5.1f} ms, "
            f"longest {times[-1]:6.1f} ms, answered by "
            + " and ".join(f"{who} encoder ({n:,})" for who, n in sorted(by.items()))
        )
    seen = Counter(notes.read_text().splitlines())
    again = sum(count - 1 for count in seen.values())
    wrong = mixed(library, encoders, answers)
    print(
        f"failed {len(seeker.failures)}, mixed {len(wrong)}, encoded twice {again} (bound {BATCH})"
    )
    print(f"bound of each search: {LONGEST_S * 1000:.0f} ms, or {TIMES} times its part's median")
    well = not seeker.failures and not wrong and again <= BATCH and not is_stalled
    return 0 if well else 1


class Indexer:
    """An indexer process that notes what it encodes, and our line to it."""

    def __init__(self, library: Path, first: Path, notes: Path) -> None:
        from indexer.channel import call
        from indexer.client import Client
        from indexer.library import Library

        command = [sys.executable, "-m", "tests.counting_indexer"]
        self._process = subprocess.Popen(
            [*command, str(library), str(first), str(notes)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=HOME,
        )
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self._client = Client(call(Library.at(library).socket), None)

    def index(self, folder: Path) -> float:
        """Let a folder join and wait for the end; seconds."""
        from indexer.events import Done

        began_s = time.monotonic()
        self._client.add([folder])
        assert any(isinstance(event, Done) for event in self._client.events())
        return time.monotonic() - began_s

    def use(self, encoder: Path, until_seen: int) -> int:
        """Begin to switch, and follow it until so many photos are seen; how many they are."""
        from indexer.events import Switched, Switching

        self._client.use(encoder)
        for event in self._client.events():
            assert not isinstance(event, Switched), "it was done before it could be killed"
            if isinstance(event, Switching) and event.seen >= until_seen:
                return event.seen
        raise AssertionError("the indexer went away")

    def follow(self) -> None:
        """Wait for the end of the switch, which goes on by itself."""
        from indexer.events import Switched

        assert any(isinstance(event, Switched) for event in self._client.events())

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self.end()

    def end(self) -> None:
        """Hang up and wait."""
        self._client.close()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.wait()


def turned(folder: Path, to: Path) -> Path:
    """A copy of an encoder that gives the numbers of each vector in another order."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    from models.spec import MANIFEST, EncoderSpec, sha256_of

    spec = EncoderSpec.read(folder)
    shutil.copytree(folder, to)
    order = np.random.default_rng(0).permutation(spec.dimension)
    manifest = json.loads((to / MANIFEST).read_text("utf-8"))
    manifest["name"] = to.name
    for kind, file in (("image", spec.image.file), ("text", spec.text.file)):
        model = onnx.load(to / file)
        for node in model.graph.node:
            node.output[:] = ["straight" if name == "vectors" else name for name in node.output]
        model.graph.initializer.append(numpy_helper.from_array(order, "order"))
        gather = helper.make_node("Gather", ["straight", "order"], ["vectors"], axis=1)
        model.graph.node.append(gather)
        onnx.save(model, to / file)
        manifest[kind]["sha256"] = sha256_of(to / file)
    (to / MANIFEST).write_text(json.dumps(manifest), "utf-8")
    if spec.calibration is not None:
        bank = np.load(to / spec.calibration.bank)
        np.save(to / spec.calibration.bank, bank[:, order])
    EncoderSpec.read(to).write(to)
    return to


def wait(seconds: float) -> None:
    """Let time pass."""
    threading.Event().wait(seconds)


if __name__ == "__main__":
    sys.exit(main())
