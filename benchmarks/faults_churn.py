"""Is a library like a fresh one after hundreds of random changes to its photos?

    python benchmarks/faults_churn.py --photos 5000 --operations 207 --seed 1

Writes, edits, moves, renames, copies and deletes photos and replaces and moves folders, at random,
once with runs of `sightword index` between them, and once while `sightword index --watch` looks
on. Then the library must know the same paths, files, contents, states and vectors as a fresh index
of what is left.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.view import View
from tests.churn import Churn, here, known
from tests.proving_ground import Failed, ProvingGround, wait_for

RUNS = 10  # of `sightword index`, while nobody watches
BURST = 12  # changes at once, then some time to settle
REST_S = 3.0
SETTLES_S = 240.0


def main() -> int:
    """Run and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--operations", type=int, default=207)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{given.photos:,} photos, {given.operations} operations, seed {given.seed}")
    failed = False
    for name, churns in (("by scan", by_scan), ("while watching", while_watching)):
        with (
            tempfile.TemporaryDirectory() as scratch,
            ProvingGround(Path(scratch), 0, given.seed) as ground,
        ):
            churn = Churn(ground.root, given.seed, ".jpg")
            for _ in range(given.photos):
                churn.write()
            try:
                churns(ground, churn, given.operations)
                seen = ground.seen()
                wrong = ground.wrong()
            except Failed as hang:
                seen, wrong = ground.seen(), [str(hang)]
        print(
            f"{name:<16}{len(set(churn.done)):>4} kinds of change, {churn.drawn:,} pictures,"
            f" {seen:,} encoded, {len(wrong)} wrong or different (0)"
        )
        for one in wrong:
            print(f"seed {given.seed}, {name}: {one}; it was {churn.done}", file=sys.stderr)
        failed |= bool(wrong) or seen > churn.drawn
    return 1 if failed else 0


def by_scan(ground: ProvingGround, churn: Churn, operations: int) -> None:
    """Change, and let a run find out, several times."""
    ground.finish()
    for number in range(operations):
        churn.step()
        if number % max(1, operations // RUNS) == 0:
            ground.finish()
    ground.finish()


def while_watching(ground: ProvingGround, churn: Churn, operations: int) -> None:
    """Change while somebody watches, and wait until the library knows."""
    run = ground.start("--watch")
    wait_for(lambda: any(event["event"] == "done" for event in run.events), "the first run")
    for number in range(operations):
        churn.step()
        if number % BURST == 0:
            until_s = time.monotonic() + ground.random.uniform(0, REST_S)
            wait_for(lambda: time.monotonic() > until_s, "a while")  # noqa: B023
    with View(ground.library) as view:
        wait_for(lambda: known(view) == here(ground.root), "the library to settle", SETTLES_S)
    ground.kill(ground.clients())
    run.wait()
    ground.wait_until_free()


if __name__ == "__main__":
    sys.exit(main())
