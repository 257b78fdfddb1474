"""How much memory does indexing take, of all its processes together, and does it grow?

    python benchmarks/library_memory.py                  # 100,000 photos: half an hour and more
    python benchmarks/library_memory.py --photos 3000    # a taste

Makes small JPEGs that all differ, runs the real `sightword index` over them, and once a second
adds up what its processes hold: PSS of /proc/PID/smaps_rollup (proc_pid_smaps(5)), in which pages
that several share are counted once. Fails where the most is above the bound, or where the last
quarter of the photos took more than the second quarter did. With `--place` the photos and the
library are kept there, and a run that was stopped goes on. Linux only.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

PHOTOS = 100_000
SIDE = 64
DISTINCT = 40  # pictures; each file has bytes of its own besides
IN_A_FOLDER = 100
MOST_MB = 1200.0
FLAT = 1.05
EVERY_S = 1.0
ROWS = 20  # of the table
PARTS = {"app": "command", "indexer.service": "indexer", "indexer.decoder": "decoders"}


@dataclass(frozen=True, slots=True)
class Sample:
    """What all processes held at one moment."""

    seconds: float
    done: int  # photos of this run
    megabytes: dict[str, float]  # PSS by part

    @property
    def total(self) -> float:
        """Of all parts, in MB."""
        return sum(self.megabytes.values())


@dataclass(slots=True)
class Run:
    """One `sightword index` and what was seen of it."""

    process: "subprocess.Popen[str]"
    began_s: float = field(default_factory=time.monotonic)
    known: int = 0  # photos that needed nothing
    done: int = 0
    samples: list[Sample] = field(default_factory=list)

    def follow(self) -> None:
        """Read its progress until it ends. On a thread of its own."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            self.known = told.get("unchanged", self.known)
            self.done = told.get("indexed", self.done)

    def sample(self) -> None:
        """Look each second until it ends."""
        while self.process.poll() is None:
            held = memory(self.process.pid)
            if held:
                seconds = time.monotonic() - self.began_s
                self.samples.append(Sample(seconds, self.done, held))
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(EVERY_S)


def main() -> int:
    """Run, print the table, and say by the exit status whether it stays below the bounds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=PHOTOS)
    parser.add_argument("--place", type=Path, help="keep photos and library here, and go on there")
    given = parser.parse_args()
    if not Path("/proc/self/smaps_rollup").exists():
        print("left out: only Linux tells how much processes hold together")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        place = given.place or Path(scratch)
        make_photos(place / "photos", given.photos)
        run = index(place)
    return report(run, given.photos)


def make_photos(root: Path, photos: int) -> None:
    """Small JPEGs, a hundred a folder, no two with the same bytes; those that are there stay."""
    from models.drawn import draw

    drawn = []
    for number in range(DISTINCT):
        file = io.BytesIO()
        draw(number, (SIDE, SIDE)).picture.save(file, "JPEG", quality=80)
        drawn.append(file.getvalue())
    for first in range(0, photos, IN_A_FOLDER):
        folder = root / f"{first // IN_A_FOLDER:05}"
        folder.mkdir(parents=True, exist_ok=True)
        there = set(os.listdir(folder))  # noqa: PTH208 - names are enough
        for number in range(first, min(first + IN_A_FOLDER, photos)):
            if (name := f"{number:07}.jpg") not in there:
                data = drawn[number % DISTINCT]
                comment = b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big")
                (folder / name).write_bytes(data[:2] + comment + data[2:])


def index(place: Path) -> Run:
    """Run `sightword index` over the photos in `place`, and watch what it holds."""
    library, photos = str(place / "library"), str(place / "photos")
    command = [sys.executable, "-m", "app", "--library", library, "--json", "index", photos]
    process = subprocess.Popen(
        command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    run = Run(process)
    reader = threading.Thread(target=run.follow)
    reader.start()
    try:
        run.sample()
    except KeyboardInterrupt:
        process.terminate()
    reader.join()
    return run


def memory(root: int) -> dict[str, float]:
    """MB of PSS of a process and all that it started, by part."""
    found: dict[str, float] = {}
    for pid in family(root):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            part = next((PARTS[w.decode()] for w in words if w.decode() in PARTS), "others")
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    found[part] = found.get(part, 0.0) + int(line.split()[1]) * 1024 / 1e6
    return found


def family(root: int) -> Iterator[int]:
    """A process and all that it started that live still."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    waiting = [root]
    while waiting:
        yield (pid := waiting.pop())
        waiting += children.get(pid, [])


def report(run: Run, photos: int) -> int:
    """Print what was seen; the exit status."""
    busy = [one for one in run.samples if one.done > 0]
    todo = photos - run.known
    if run.process.returncode or len(busy) < 8:
        print(f"`sightword index` ended with {run.process.returncode}: {run.done:,} photos")
        return 1
    names = sorted(set(PARTS.values()))
    print(f"{run.done:,} of {todo:,} photos of {SIDE} px, MB of PSS")
    print(f"{'seconds':>8}{'photos':>9}" + "".join(f"{n:>10}" for n in names) + f"{'all':>10}")
    for one in busy[:: max(1, len(busy) // ROWS)]:
        parts = "".join(f"{one.megabytes.get(name, 0.0):10.0f}" for name in names)
        print(f"{one.seconds:8.0f}{one.done:9,}{parts}{one.total:10.0f}")
    most = max(one.total for one in run.samples)
    second, last = quarter(busy, todo, 1), quarter(busy, todo, 3)
    print(f"the most: {most:.0f} MB (bound {MOST_MB:.0f})")
    print(
        f"last quarter / second quarter: {last:.0f} / {second:.0f} MB = {last / second:.3f}", end=""
    )
    print(f" (bound {FLAT})")
    return 0 if most < MOST_MB and last <= FLAT * second else 1


def quarter(samples: Sequence[Sample], photos: int, number: int) -> float:
    """The median of what was held in one quarter of the photos, in MB."""
    inside = [one.total for one in samples if one.done * 4 // (photos + 1) == number]
    return median(inside) if inside else float("nan")


if __name__ == "__main__":
    sys.exit(main())
