"""Do two that index one library at once get in each other's way?

    python benchmarks/faults_two_indexers.py --photos 600 --rounds 10 --seed 1

Starts `sightword index` twice at the same moment, so that both may want to start the indexer: one
indexer runs, both follow it, both end well, and each photo is encoded once. Then the indexer is
stopped (SIGSTOP) while it works: a second `sightword index` says in one sentence that it doesn't
answer and exits 1. The first goes on as if nothing had been, once it may.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.proving_ground import Failed, ProvingGround, wait_for

SAYS = "doesn't answer"


def main() -> int:
    """Run and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{given.photos:,} photos, seed {given.seed}")
    wrong: list[str] = []
    for number in range(given.rounds):
        with tempfile.TemporaryDirectory() as scratch:
            photos = max(1, given.photos // given.rounds)
            with ProvingGround(Path(scratch), photos, given.seed + number) as ground:
                wrong += together(ground)
    print(f"{given.rounds} times two at once{len(wrong):>8} wrong (0)")
    with (
        tempfile.TemporaryDirectory() as scratch,
        ProvingGround(Path(scratch), given.photos, given.seed) as ground,
    ):
        stopped = one_stopped(ground)
    print(f"one of them stopped{len(stopped):>12} wrong (0)")
    for one in wrong + stopped:
        print(f"seed {given.seed}: {one}", file=sys.stderr)
    return 1 if wrong or stopped else 0


def together(ground: ProvingGround) -> list[str]:
    """Start two at once; what is wrong."""
    wrong: list[str] = []
    runs = [ground.start(), ground.start()]
    try:
        wait_for(lambda: all(run.is_over for run in runs), "both to end")
        wrong += [f"ended with {run.wait()}: {run.words}" for run in runs if run.wait() != 0]
        found = [run.events[-1].get("found") for run in runs if run.events]
        if found != [ground.count] * 2:
            wrong.append(f"they found {found} of {ground.count} photos")
        ground.wait_until_free()
        if ground.seen_again():
            wrong.append(f"{ground.seen_again()} photos were encoded twice")
        return wrong + ground.wrong()
    except Failed as failed:
        return [*wrong, str(failed)]


def one_stopped(ground: ProvingGround) -> list[str]:
    """Stop the indexer in the middle, start a second, and let the first go on; what is wrong."""
    wrong = []
    try:
        first = ground.start()
        first.wait_until_seen(ground.count // 4)
        stopped = ground.indexers()
        for one in stopped:
            one.send_signal(signal.SIGSTOP)
        second = ground.start()
        status = second.wait()
        if status != 1 or SAYS not in second.words or second.words.strip().count("\n"):
            wrong.append(f"beside a stopped one: {status}, {second.words!r}")
        if first.is_over:
            wrong.append(f"the first gave up: {first.words!r}")
        for one in stopped:
            one.send_signal(signal.SIGCONT)
        if first.wait() != 0:
            wrong.append(f"the first ended with {first.process.returncode}: {first.words!r}")
        ground.wait_until_free()
        if ground.seen_again():
            wrong.append(f"{ground.seen_again()} photos were encoded twice")
        return wrong + ground.wrong()
    except Failed as failed:
        return [*wrong, str(failed)]


if __name__ == "__main__":
    sys.exit(main())
