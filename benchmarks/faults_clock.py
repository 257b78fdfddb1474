"""Does a library bear a clock that is set back, or far ahead, while it is made and used?

    python benchmarks/faults_clock.py --photos 600 --seed 1

A small library of our own, compiled here and loaded before all others (LD_PRELOAD), shifts the
clock of the indexer and its decoders by as much as a file says. It is set back by a day and by ten
years and ahead by ten in the middle of runs, while photos are written, edited and moved whose file
times are of that clock too. In the end the library must be like a fresh one, made by a true clock.
"""

import argparse
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.proving_ground import Failed, ProvingGround
from tests.small_photos import write_photo

DAY_S = 86_400
SHIFTS_S = (-DAY_S, -3650 * DAY_S, 3650 * DAY_S, -1, 0)
EDITS = 20  # photos that are written, edited and moved each at each shift
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
static volatile int64_t *shift;
__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CLOCK");
    int file = path ? open(path, O_RDONLY) : -1;
    void *at = file < 0 ? MAP_FAILED : mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) shift = at;
}
int clock_gettime(clockid_t which, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(which, now);
    if (!failed && shift && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE))
        now->tv_sec += *shift;
    return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec exact;
    if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
    now->tv_sec = exact.tv_sec;
    now->tv_usec = exact.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of the programs that are started with `environment`."""

    file: Path
    shim: Path

    @property
    def environment(self) -> dict[str, str]:
        """What makes a program take this clock."""
        return {"LD_PRELOAD": str(self.shim), "FAULTS_CLOCK": str(self.file)}

    def set(self, shift_s: int) -> None:
        """Let it go wrong by so much from now on, in programs that run as well."""
        with self.file.open("r+b" if self.file.exists() else "wb") as file:
            file.write(struct.pack("=q", shift_s))


def main() -> int:
    """Run and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--photos", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if sys.platform != "linux" or shutil.which("cc") is None:
        print("left out: a clock can be shifted on Linux alone, where there is a C compiler")
        return 0
    with (
        tempfile.TemporaryDirectory() as scratch,
        ProvingGround(Path(scratch), given.photos, given.seed) as ground,
    ):
        clock = clock_in(Path(scratch))
        try:
            wrong = prove(ground, clock)
        except Failed as failed:
            wrong = [str(failed)]
    print(f"{given.photos:,} photos, seed {given.seed}")
    print(f"{'times that the clock was set':<36}{len(SHIFTS_S):>6}   by {SHIFTS_S} s")
    print(f"{'wrong or different in the end':<36}{len(wrong):>6}   0")
    for one in wrong:
        print(f"seed {given.seed}: {one}", file=sys.stderr)
    return 1 if wrong else 0


def clock_in(place: Path) -> Clock:
    """A clock that is right, made in `place`."""
    source, shim = place / "clock.c", place / "clock.so"
    source.write_text(SHIM, "utf-8")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, source, "-ldl"], check=True)
    clock = Clock(place / "clock", shim)
    clock.set(0)
    look = [sys.executable, "-c", "import time; print(time.time())"]
    clock.set(-DAY_S)
    done = subprocess.run(
        look, capture_output=True, text=True, env={**os.environ, **clock.environment}, check=True
    )
    assert abs(time.time() - float(done.stdout) - DAY_S) < 60, "the clock is not shifted"
    clock.set(0)
    return clock


def prove(ground: ProvingGround, clock: Clock) -> list[str]:
    """Index while the clock jumps; what is wrong in the end."""
    wrong = []
    for number, shift_s in enumerate(SHIFTS_S):
        run = ground.start(environment=clock.environment)
        run.wait_until_seen(ground.seen() + EDITS)
        clock.set(shift_s)
        change(ground, number, shift_s)
        if run.wait():
            wrong.append(f"clock set by {shift_s} s: {run.process.returncode}, {run.words!r}")
        again = ground.start(environment=clock.environment)
        if again.wait():
            wrong.append(f"clock wrong by {shift_s} s: {again.process.returncode}, {again.words!r}")
        ground.wait_until_free()
    return wrong + ground.wrong()


def change(ground: ProvingGround, number: int, shift_s: int) -> None:
    """Write, edit and move photos, whose times are what a clock says that is wrong so much."""
    now_s = time.time() + shift_s
    files = ground.random.sample(sorted(ground.root.rglob("*.jpg")), 2 * EDITS)
    for count, path in enumerate(files):
        new = path.with_name(f"new {number} {count}.jpg")
        if count < EDITS:
            write_photo(path, (number, count, 1))
            os.utime(path, (now_s, now_s))
            write_photo(new, (number, count, 2))
            os.utime(new, (now_s, now_s))
        else:
            path.rename(path.with_name(f"moved {number} {count}.jpg"))


if __name__ == "__main__":
    sys.exit(main())
