"""Does a library bear a full disk, and go on by itself when there is room again?

    python benchmarks/faults_disk_full.py --photos 1500 --times 10 --seed 1

The library lies on a small file system in memory, which is filled up again and again while photos
are indexed: to the last byte, or with a little left that photos use up. Each time the program says
so in one sentence and waits, the library is whole and can be asked, and when there is room it goes
on; now and then it is killed while it waits. Also: a library is begun, and opened, where there is
no room at all. In the end it must be like one that was made without any of this.

Only root may mount a file system; others may in a namespace of their own, where Linux lets them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.pipeline import BATCH
from tests.proving_ground import Failed, ProvingGround, Run, wait_for

SIZE_MB = 160  # the whole file system
MOST_LEFT_BYTES = 1 << 20
KILLED = 0.25  # of the times
SAYS = "The disk is full, so looking at photos is paused. Free some space and we'll carry on."
REFUSES = "The disk is full. Free some space and start again: nothing that was done is lost."
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]
INSIDE = "FAULTS_IN_NAMESPACE"


@dataclass(frozen=True, slots=True)
class Disk:
    """A small file system, and a file that fills it."""

    place: Path

    def fill(self, left_bytes: int) -> None:
        """Let so little room be left."""
        ballast, block = self.place / "ballast", bytes(1 << 16)
        with ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    if file.write(block) < len(block):
                        break
            except OSError:
                pass
            file.truncate(max(0, file.tell() - left_bytes))

    def free(self) -> None:
        """Let there be room."""
        (self.place / "ballast").unlink(missing_ok=True)


def main() -> int:
    """Run and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=1500)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if sys.platform != "linux" or not may_mount():
        if sys.platform == "linux" and INSIDE not in os.environ and may_unshare():
            command = [*NAMESPACE, sys.executable, *sys.argv]
            return subprocess.run(command, env={**os.environ, INSIDE: "1"}).returncode
        print("left out: only root may mount a file system here")
        return 0
    with tempfile.TemporaryDirectory() as place, disk_at(Path(place) / "disk") as disk:
        library = disk.place / "library"
        with ProvingGround(Path(place), given.photos, given.seed, library) as ground:
            try:
                wrong = begin_without_room(ground, disk)
                killed, more = fill_again_and_again(ground, disk, given.times)
                wrong += more + ground.wrong()
            except Failed as failed:
                killed, wrong = 0, [str(failed)]
            again = ground.seen_again()
    print(f"{given.photos:,} photos, seed {given.seed}")
    print(f"{'times that the disk was full':<36}{given.times:>6}   killed meanwhile {killed}")
    bound = 2 * killed * BATCH
    if again > bound:
        wrong.append(f"{again} photos were encoded again, more than {bound}")
    print(f"{'photos encoded again':<36}{again:>6}   <= {bound}, a batch a kill (2 each time)")
    print(f"{'wrong or different in the end':<36}{len(wrong):>6}   0")
    for one in wrong:
        print(f"seed {given.seed}: {one}", file=sys.stderr)
    return 1 if wrong else 0


def may_mount() -> bool:
    """Whether we may mount a file system here."""
    with tempfile.TemporaryDirectory() as place:
        mount = ["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", place]
        if subprocess.run(mount, capture_output=True).returncode:
            return False
        subprocess.run(["umount", place], check=True)
        return True


def may_unshare() -> bool:
    """Whether we may where nobody else sees it."""
    try:
        return subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0
    except OSError:
        return False


@contextmanager
def disk_at(place: Path) -> Iterator[Disk]:
    """A small file system."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}M", "tmpfs", str(place)]
    subprocess.run(mount, check=True)
    try:
        yield Disk(place)
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def begin_without_room(ground: ProvingGround, disk: Disk) -> list[str]:
    """Begin a library where there is no room; what is wrong."""
    disk.fill(0)
    run = ground.start()
    status = run.wait()
    wrong = []
    if status != 1 or REFUSES not in run.words or run.words.strip().count("\n"):
        wrong.append(f"begun without room: {status}, {run.words!r}")
    disk.free()
    return wrong


def fill_again_and_again(ground: ProvingGround, disk: Disk, times: int) -> tuple[int, list[str]]:
    """Fill the disk, look, and make room, so many times; how often it was killed; what is wrong."""
    chance, wrong, killed = ground.random, [], 0
    run = ground.start()
    for number in range(times):
        left = ground.count - ground.seen()
        run.wait_until_seen(ground.seen() + chance.randint(1, max(1, left // (times - number))))
        if run.is_over:
            break
        before = run.words.count(SAYS)
        disk.fill(chance.choice((0, chance.randrange(MOST_LEFT_BYTES))))
        wait_for(lambda: run.words.count(SAYS) > before or run.is_over, "the sentence")  # noqa: B023
        wrong += ground.ask()
        if chance.random() < KILLED:
            killed += 1
            ground.kill([*ground.clients(), *ground.programs()])
            run.wait()
            wrong += open_without_room(ground)
            disk.free()
            run = ground.start()
        disk.free()
    status = run.wait()
    if status:
        wrong.append(f"it ended with {status}: {run.words}")
    return killed, wrong


def open_without_room(ground: ProvingGround) -> list[str]:
    """Ask and index where the disk is full and no indexer runs; what is wrong."""
    wrong = ground.ask()
    run: Run = ground.start()
    wait_for(lambda: run.is_over or SAYS in run.words, "an answer")
    if run.is_over and (REFUSES not in run.words or run.words.strip().count("\n")):
        wrong.append(f"opened without room: {run.wait()}, {run.words!r}")
    ground.kill([*ground.clients(), *ground.programs()])
    run.wait()
    return wrong


if __name__ == "__main__":
    sys.exit(main())
