"""Does a library bear its files being read-only for a while?

    python benchmarks/faults_read_only.py --photos 600 --times 6 --seed 1

SQLite's files are made read-only before a run, and again and again in the middle of one. `index`
must say so in one sentence and exit 1; `status` and `search` must go on to answer; once the files
may be written again, indexing goes on, and in the end the library must be like one that was made
without any of this. In the middle of a run only root can do that, with Linux's immutable flag.
Before one, others do it with `chmod`, which a library's owner meets as well.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.pipeline import BATCH
from tests.proving_ground import Failed, ProvingGround


def main() -> int:
    """Run and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--times", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        ProvingGround(Path(scratch), given.photos, given.seed) as ground,
    ):
        try:
            times, wrong = prove(ground, given.times)
        except Failed as failed:
            times, wrong = 0, [str(failed)]
        again = ground.seen_again()
    print(f"{given.photos:,} photos, seed {given.seed}")
    print(f"{'times read-only in the middle of a run':<42}{times:>6}")
    if again > times * BATCH:
        wrong.append(f"{again} photos were encoded again, more than a batch each time")
    print(f"{'photos encoded again':<42}{again:>6}   <= {times * BATCH}, a batch each time")
    print(f"{'wrong or different in the end':<42}{len(wrong):>6}   0")
    for one in wrong:
        print(f"seed {given.seed}: {one}", file=sys.stderr)
    return 1 if wrong else 0


def prove(ground: ProvingGround, times: int) -> tuple[int, list[str]]:
    """Take the right to write away so often; how often it was in the middle; what is wrong."""
    wrong: list[str] = []
    done = 0
    run = ground.start()
    for number in range(times):
        left = ground.count - ground.seen()
        run.wait_until_seen(ground.seen() + ground.random.randint(1, max(1, left // times)))
        if run.is_over:
            break
        if not forbid(ground):
            print("in the middle of a run: left out, only root may do that, on some file systems")
            break
        done += 1
        wrong += refused(ground, run.wait(), run.words, f"in the middle, time {number + 1}")
        ground.wait_until_free()
        wrong += ground.ask()
        wrong += refused(ground, *again(ground), "from its beginning")
        allow(ground)
        run = ground.start()
    run.wait()
    ground.finish()
    return done, wrong + ground.wrong()


def files(ground: ProvingGround) -> list[str]:
    """SQLite's files that are there now."""
    return [str(path) for path in ground.library.root.glob(ground.library.database.name + "*")]


def forbid(ground: ProvingGround) -> bool:
    """Let nobody write SQLite's files; whether that was possible."""
    if os.geteuid() != 0:
        return False
    return all(
        subprocess.run(["chattr", "+i", file], capture_output=True).returncode == 0
        for file in files(ground)
    )


def allow(ground: ProvingGround) -> None:
    """Let them be written again."""
    subprocess.run(["chattr", "-i", *files(ground)], check=True)


def again(ground: ProvingGround) -> tuple[int, str]:
    """Index while nothing can be written: its exit status and what it says."""
    run = ground.start()
    return run.wait(), run.words


def refused(ground: ProvingGround, status: int, words: str, when: str) -> list[str]:
    """What is wrong with the answer of `index` while nothing can be written."""
    sentences = [line for line in words.splitlines() if "%" not in line and line.strip()]
    if status == 1 and str(ground.library.database) in words and len(sentences) == 1:
        return []
    return [f"{when}: {status}, {words!r}"]


if __name__ == "__main__":
    sys.exit(main())
