"""Does a library bear its folder going away and coming back, at any moment?

    python benchmarks/faults_folder_gone.py --photos 1000 --seed 1

The folder of photos goes away while it is scanned, while its photos are read, and when all is
done; each time it is indexed while it is gone, and again when it is back. Nothing may be lost or
forgotten, no photo that was seen may be encoded again, and in the end the library must be like
one that was made without any of this.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.pipeline import BATCH
from indexer.view import View
from tests.counted_app import MOVES
from tests.proving_ground import Failed, ProvingGround
from tests.small_photos import IN_A_FOLDER

Moment = Callable[[ProvingGround, Path], None]


def main() -> int:
    """Run and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{given.photos:,} photos, seed {given.seed}")
    failed = False
    moments = {
        "in the first scan": while_first_scanned,
        "in a later scan": while_scanned_again,
        "while photos are read": while_read,
        "when all is done": afterwards,
    }
    for name, moment in moments.items():
        with tempfile.TemporaryDirectory() as scratch:
            again, wrong = prove(Path(scratch), given.photos, given.seed, moment)
        print(f"{name:<26}{again:>6} encoded again (<= {BATCH})   {len(wrong)} wrong (0)")
        for one in wrong:
            print(f"seed {given.seed}, {name}: {one}", file=sys.stderr)
        failed |= bool(wrong) or again > BATCH
    return 1 if failed else 0


def prove(scratch: Path, photos: int, seed: int, moment: Moment) -> tuple[int, list[str]]:
    """Let the folder go away at a moment, and come back: pictures seen again, and what is wrong."""
    away = scratch / "away"
    with ProvingGround(scratch, photos, seed) as ground:
        try:
            moment(ground, away)
            wrong = while_away(ground)
            away.rename(ground.root)
            done = ground.finish()
            if done["found"] != photos or done["failed"] or done["missing"]:
                wrong.append(f"when it was back: {done}")
            again = ground.seen_again()
            return again, wrong + ground.wrong()
        except Failed as failed:
            return 0, [str(failed)]


def while_away(ground: ProvingGround) -> list[str]:
    """Index while the folder is gone; what is wrong with what it says and with what is left."""
    with View(ground.library) as view:
        before = view.counts()
    run = ground.start()
    wrong = []
    if run.wait() != 1 or "does not exist" not in run.words:
        wrong.append(f"asked for a folder that is gone: {run.process.returncode}, {run.words!r}")
    ground.wait_until_free()
    with View(ground.library) as view:
        after = view.counts()
    if (after.photos, after.vectors) != (before.photos, before.vectors):
        wrong.append(f"while it was gone {before} became {after}")
    return wrong


def while_first_scanned(ground: ProvingGround, away: Path) -> None:
    """Away in the first walk over it."""
    scan_and_move(ground, away)


def while_scanned_again(ground: ProvingGround, away: Path) -> None:
    """Away in a walk over what is all known."""
    ground.finish()
    scan_and_move(ground, away)


def scan_and_move(ground: ProvingGround, away: Path) -> None:
    """Let the indexer itself move the folder, when it opens one in the middle."""
    folders = 1 + ground.count // IN_A_FOLDER
    number = 1 + ground.random.randint(1, max(1, folders - 1))
    ground.start(environment={MOVES: f"{number} {ground.root} {away}"}).wait()
    if not away.exists():
        raise Failed("the folder was not scanned so far")
    ground.wait_until_free()


def while_read(ground: ProvingGround, away: Path) -> None:
    """Away when a third of its photos have been seen."""
    run = ground.start()
    run.wait_until_seen(ground.count // 3)
    ground.root.rename(away)
    run.wait()
    ground.wait_until_free()


def afterwards(ground: ProvingGround, away: Path) -> None:
    """Away when nobody looks."""
    ground.finish()
    ground.root.rename(away)


if __name__ == "__main__":
    sys.exit(main())
