"""How near does indexing come to what the machine can do, and how much quicker than a plain loop?

    python benchmarks/index_speed.py                     # what `make bench-index` asks
    python benchmarks/index_speed.py --photos ~/Pictures # on photos of your own
    python benchmarks/index_speed.py --mixed 300 --only limit   # a taste: start-up weighs more

The limit is photos / ((CPU seconds of decoding, hashing and thumbnails + those of encoding, each
measured alone with all cores loaded) / cores). It knows no start-up, no scan, no metadata and no
database; the real `sightword index` over a new library has all of these. Ends with status 1 below
a bound. Where others use the machine meanwhile, photos/s are taken of the time that they left; both
figures are printed.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))
ALONE = HOME / "benchmarks" / "index_speed_alone.py"

CORES = os.cpu_count() or 1
OF_LIMIT = 0.85
OF_PLAIN = {"default": 2.0, "heavy": 1.05}
WORK = ("read", "hash", "decode", "square", "thumbnails")  # the limit's share of a decoder's work
HEAVY = "vit-b-32-256"
PEOPLE = (".jpg", ".jpeg", ".png", ".heic", ".webp")


@dataclass(frozen=True, slots=True)
class Run:
    """One program from its start to its end, over so many photos."""

    photos: int
    wall_s: float
    cpu_s: float  # of all its processes
    others_s: float  # CPU seconds that others used meanwhile

    @property
    def left(self) -> float:
        """The share of the machine that others left."""
        return 1 - max(0.0, self.others_s) / (CORES * self.wall_s)

    @property
    def rate(self) -> float:
        """Photos a second, of the time that others left."""
        return self.photos / (self.wall_s * self.left)

    def __str__(self) -> str:
        return (
            f"{self.rate:7.1f} photos/s ({self.photos / self.wall_s:.1f} with what others did; "
            f"they took {1 - self.left:.0%}), {1000 * self.cpu_s / self.photos:.1f} CPU ms a photo"
        )


def run(command: Sequence[str | Path], photos: int) -> Run:
    """Run a program that says in its last line how many photos it `indexed`."""
    before, busy, began = _children_s(), _busy_s(), time.monotonic()
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=HOME)
    wall_s, cpu_s = time.monotonic() - began, _children_s() - before
    if done.returncode != 0:
        raise SystemExit(f"{done.stderr}\n{command[0]} ended with status {done.returncode}.")
    indexed = json.loads(done.stdout.splitlines()[-1])["indexed"]
    if indexed != photos:
        raise SystemExit(f"{indexed} of {photos} photos were indexed: the comparison is void.")
    return Run(photos, wall_s, cpu_s, _busy_s() - busy - cpu_s)


def index(folder: Path, photos: int, encoder: Path, scratch: Path) -> Run:
    """The real command, with a library that is new."""
    from models.installed import find

    library, chosen = scratch / "library", []
    shutil.rmtree(library, ignore_errors=True)
    if encoder != find():
        (library / "encoders").mkdir(parents=True)
        (library / "encoders" / encoder.name).symlink_to(encoder)
        chosen = ["--model", encoder.name]
    command = [sys.executable, "-m", "app", "--library", str(library), "--json", *chosen]
    return run([*command, "index", folder], photos)


def plain(listed: Path, photos: int, encoder: Path) -> Run:
    """The plain loop."""
    return run([sys.executable, ALONE, "plain", listed, encoder], photos)


def alone(role: str, *arguments: str | Path, shares: bool = False) -> dict[str, float]:
    """The sums of what a role prints that runs as often as there are cores, side by side."""
    processes = [
        subprocess.Popen(
            [sys.executable, ALONE, role, *arguments, *([f"{n}/{CORES}"] if shares else [])],
            stdout=subprocess.PIPE,
        )
        for n in range(CORES)
    ]
    total: dict[str, float] = defaultdict(float)
    for process in processes:
        printed, _ = process.communicate()
        if process.returncode != 0:
            raise SystemExit(f"`{role}` ended with status {process.returncode}.")
        for name, value in json.loads(printed).items():
            total[name] += value
    return total


def limit(listed: Path, photos: int, encoder: Path, scratch: Path) -> float:
    """Photos a second that this machine could do at most; the parts are printed."""
    cost = alone("steps", listed, encoder, scratch / "thumbnails", shares=True)
    shutil.rmtree(scratch / "thumbnails")
    cost["encode"] = alone("encode", encoder)["photo_s"] / CORES * photos
    work_s = sum(cost[step] for step in (*WORK, "encode"))
    print(f"\n{'alone, all cores loaded':<28}{'CPU s':>8}{'ms a photo':>12}")
    for step in (*WORK, "encode", "metadata", "the rest"):
        note = "" if step in (*WORK, "encode") else "  not in the limit"
        print(f"{step:<28}{cost[step]:>8.1f}{1000 * cost[step] / photos:>12.2f}{note}")
    return photos * CORES / work_s


def mixed(folder: Path, photos: Sequence[Path], scratch: Path) -> bool:
    """The first claim: indexing comes near to the limit. Whether it holds."""
    from models.installed import find

    listed = _listed(photos, scratch)
    most = limit(listed, len(photos), find(), scratch)
    done = index(folder, len(photos), find(), scratch)
    print(f"limit of {CORES} cores {most:11.1f} photos/s")
    print(f"sightword index    {done}")
    print(f"of the limit       {done.rate / most:7.2f} (bound {OF_LIMIT})")
    return done.rate >= OF_LIMIT * most


def large(folder: Path, photos: Sequence[Path], encoder: Path, bound: float, scratch: Path) -> bool:
    """The second claim: indexing is quicker than a plain loop. Whether it holds."""
    ours = index(folder, len(photos), encoder, scratch)
    theirs = plain(_listed(photos, scratch), len(photos), encoder)
    print(f"\n{encoder.name}")
    print(f"sightword index    {ours}")
    print(f"a plain loop       {theirs}")
    print(f"ratio              {ours.rate / theirs.rate:7.2f} (bound {bound})")
    return ours.rate >= bound * theirs.rate


def heavy(cache: Path) -> Path:
    """The heavy encoder, exported the first time."""
    folder = cache / "encoders" / HEAVY
    if not (folder / "manifest.json").exists():
        subprocess.run([sys.executable, ALONE, "export", folder], check=True, capture_output=True)
    return folder


def main() -> int:
    """Measure and print; the exit status."""
    from models.installed import find

    given = _arguments()
    well = True
    with tempfile.TemporaryDirectory(dir=given.cache) as scratch:
        if given.only in (None, "limit"):
            folder, photos = _set(given, given.mixed, round(given.mixed * 0.15), seed=0)
            print(f"{len(photos):,} photos, {_megabytes(photos)} MB, in {folder.name}")
            well &= mixed(folder, photos, Path(scratch))
        if given.only != "limit":
            folder, photos = _set(given, given.large, given.large, seed=1)
            print(f"\n{len(photos):,} photos, {_megabytes(photos)} MB, in {folder.name}")
            if given.only in (None, "default"):
                well &= large(folder, photos, find(), OF_PLAIN["default"], Path(scratch))
            if given.only in (None, "heavy"):
                well &= large(folder, photos, heavy(given.cache), OF_PLAIN["heavy"], Path(scratch))
    print("\nall within bounds" if well else "\nBELOW A BOUND")
    return 0 if well else 1


def _set(given: argparse.Namespace, count: int, large: int, seed: int) -> tuple[Path, list[Path]]:
    """The folder that was named, or a set of ours, and its photos."""
    from benchmarks.photo_set import Wanted, make

    if given.photos is not None:
        folder = given.photos.expanduser().resolve()
        found = (path for path in folder.rglob("*") if path.suffix.lower() in PEOPLE)
        return folder, sorted(found)
    folder = given.cache / f"photos-{count}-{large}-{seed}"
    return folder, make(folder, Wanted(count, large, seed))


def _listed(photos: Sequence[Path], scratch: Path) -> Path:
    listed = scratch / "photos.txt"
    listed.write_text("".join(f"{path}\n" for path in photos), "utf-8")
    return listed


def _megabytes(photos: Sequence[Path]) -> str:
    return f"{sum(path.stat().st_size for path in photos) / 1e6:,.0f}"


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _busy_s() -> float:
    """CPU seconds that all cores have worked so far, for anybody; 0 where nobody tells."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system, _, _, *more = map(int, stat.read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(more)) / os.sysconf("SC_CLK_TCK")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=Path, help="a folder of real photos, for both claims")
    parser.add_argument("--mixed", type=int, default=2000, help="photos of the first set")
    parser.add_argument("--large", type=int, default=500, help="photos of the second, of 12 MP")
    parser.add_argument("--only", choices=("limit", "default", "heavy"))
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "sightword-bench"
    )
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    return given


if __name__ == "__main__":
    sys.exit(main())
