"""Does a library outlive SIGKILL at any moment of a run, and lose nothing by it?

    python benchmarks/faults_kill.py --photos 5000 --kills 200 --seed 1

Indexes small photos with the default encoder and kills, at random moments, the indexer, the
command that asked it, the decoders, or all of them at once; then it is started again. At most one
batch may be embedded again a kill, no process may stay behind, nothing that was written may be
lost, and in the end the library must be like one that was made without any of this.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.pipeline import BATCH
from tests.proving_ground import Failed, ProvingGround, Run, wait_for

VICTIMS = ("indexer",) * 5 + ("client",) * 2 + ("decoders",) + ("all",) * 2
EARLY = 0.25  # of the kills come while the program starts, scans or reads its first photos
EARLY_S = 2.5
CHECKED = 10  # integrity is checked after one kill in so many


@dataclass
class Outcome:
    """What the kills did."""

    kills: Counter[str] = field(default_factory=Counter)
    before_a_photo: int = 0  # kills of a life that had not encoded anything
    most_again: int = 0  # pictures encoded again after one kill
    checks: int = 0
    wrong: list[str] = field(default_factory=list)


def main() -> int:
    """Run and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        with ProvingGround(Path(scratch), given.photos, given.seed) as ground:
            outcome = prove(ground, given.kills)
        again = ground.seen_again()
    print(f"{given.photos:,} photos, seed {given.seed}, {time.monotonic() - began_s:.0f} s")
    killed = ", ".join(f"{who} {count}" for who, count in sorted(outcome.kills.items()))
    print(f"{'kills':<44}{outcome.kills.total():>8}   {killed}")
    print(f"{'of lives that had encoded nothing yet':<44}{outcome.before_a_photo:>8}")
    print(f"{'photos encoded again, most after one kill':<44}{outcome.most_again:>8}   <= {BATCH}")
    print(f"{'photos encoded again, in all':<44}{again:>8}")
    print(f"{'integrity_check meanwhile':<44}{outcome.checks:>8}   all ok")
    print(f"{'wrong or different in the end':<44}{len(outcome.wrong):>8}   0")
    for one in outcome.wrong:
        print(f"seed {given.seed}: {one}", file=sys.stderr)
    return 1 if outcome.wrong else 0


def prove(ground: ProvingGround, kills: int) -> Outcome:
    """Kill so many times, go on to the end, and look for what is wrong."""
    outcome = Outcome()
    try:
        run = ground.start()
        kept = 0
        for number in range(kills):
            run = ground.start() if run.is_over else run
            before = set(ground.pictures())
            at = len(ground.pictures())
            await_moment(ground, run, kills - number)
            outcome.kills[strike(ground, run)] += 1
            now = ground.pictures()[at:]
            outcome.before_a_photo += not now
            again = sum(picture in before for picture in now)
            outcome.most_again = max(outcome.most_again, again)
            if again > BATCH:
                outcome.wrong.append(f"{again} photos were encoded again before kill {number + 1}")
            kept = look(ground, outcome, kept, number)
            if (number + 1) % CHECKED == 0:
                print(f"{number + 1} kills, {kept:,} vectors", file=sys.stderr)
        if not run.is_over:
            run.wait()
        done = ground.finish()
        if done["found"] != ground.count or done["failed"]:
            outcome.wrong.append(f"the last run said {done}")
        outcome.wrong += ground.wrong()
    except Failed as failed:
        outcome.wrong.append(str(failed))
    return outcome


def await_moment(ground: ProvingGround, run: Run, kills_left: int) -> None:
    """Wait for a random moment, so that the photos last until the last kill."""
    chance, began_s = ground.random, time.monotonic()
    if chance.random() < EARLY:
        until_s = began_s + chance.uniform(0.0, EARLY_S)
        wait_for(lambda: time.monotonic() > until_s or run.is_over, "a moment")
        return
    left = max(0, ground.count - len(set(ground.pictures())))
    run.wait_until_seen(ground.seen() + chance.randint(1, max(1, 2 * left // kills_left)))
    until_s = time.monotonic() + chance.uniform(0.0, 0.1)
    wait_for(lambda: time.monotonic() > until_s, "a moment")


def strike(ground: ProvingGround, run: Run) -> str:
    """Kill somebody; who it was. What the killed have started must end by itself."""
    who = ground.random.choice(VICTIMS)
    programs, decoders = ground.programs(), ground.decoders()
    if who == "client":
        ground.kill(ground.clients())
        ground.wait_until_gone(programs)  # they commit what they have, and end
    elif who == "decoders":
        ground.kill(decoders)
    else:
        victims = ground.indexers() if who == "indexer" else [*ground.clients(), *programs]
        ground.kill(victims)
        ground.wait_until_gone(programs)
    if who in ("client", "all"):
        run.wait()
    return who


def look(ground: ProvingGround, outcome: Outcome, kept: int, number: int) -> int:
    """Look into the database after a kill; how many photos have vectors."""
    if not ground.library.database.exists():
        return 0
    with closing(sqlite3.connect(ground.library.database, timeout=60)) as db:
        try:
            now = int(db.execute("SELECT count(*) FROM embedding").fetchone()[0])
        except sqlite3.OperationalError:  # killed before there were tables
            return 0
        if now < kept:
            outcome.wrong.append(f"{kept - now} vectors are lost after kill {number + 1}")
        if (number + 1) % CHECKED == 0:
            outcome.checks += 1
            answer = db.execute("PRAGMA integrity_check").fetchall()
            if answer != [("ok",)]:
                outcome.wrong.append(f"integrity_check after kill {number + 1}: {answer}")
    return now


if __name__ == "__main__":
    sys.exit(main())
