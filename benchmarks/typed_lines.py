"""Does the parser of typed lines stand 10,000 fuzzed ones, and is it quick enough for each key?

First the fuzz test of the suite with 10,000 lines in place of its 200: no exception, parse, print
and parse again come out the same, and every part can be taken away. Then the CPU time of one
reading of each line in `tests/query_lines.tsv`, beside the time to sort 1,000 words in the same
run. Ends with status 1 where a line falls or the 95th percentile is above its bound.

    python benchmarks/typed_lines.py
"""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median, quantiles

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

from indexer.query import Here, parse  # noqa: E402 - needs the path above

LINES = 10_000
BOUND = 5.0  # times sorting 1,000 words
TURNS = 20


def main() -> int:
    """Try, measure and print; the exit status."""
    test = HOME / "tests" / "test_indexer_query_fuzz.py"
    fuzz = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=1800", test],
        cwd=HOME,
        env={**os.environ, "SIGHTWORD_LINES": str(LINES)},
        check=False,
    )
    print(f"{LINES:,} fuzzed lines: {'all stand' if fuzz.returncode == 0 else 'NOT all stand'}")
    return fuzz.returncode or speed()


def speed() -> int:
    """Measure how long reading a line takes; 1 above the bound."""
    table = (HOME / "tests" / "query_lines.tsv").read_text("utf-8").splitlines()
    lines = [row.partition("\t")[0] for row in table if "\t" in row]
    here = Here(date(2025, 10, 15), known_place={"lisbon", "paris"}.__contains__)
    words = ["".join(random.Random(seed).choices("abcdefgh", k=8)) for seed in range(1000)]
    each = [cpu_us(lambda line=line: parse(line, here)) for line in lines]  # type: ignore[misc]
    p95, yard = quantiles(each, n=20)[-1], cpu_us(lambda: sorted(words))
    verdict = "within" if p95 <= BOUND * yard else "ABOVE"
    print(
        f"reading a line, CPU: median {median(each):.0f} us, p95 {p95:.0f} us; sorting 1,000 words "
        f"{yard:.0f} us; {p95 / yard:.1f} times, {verdict} the bound of {BOUND:g}"
    )
    return int(p95 > BOUND * yard)


def cpu_us(run: Callable[[], object]) -> float:
    """The quickest of some runs, in microseconds of CPU time."""
    times = []
    for _ in range(TURNS):
        began = time.thread_time()
        run()
        times.append(time.thread_time() - began)
    return min(times) * 1e6


if __name__ == "__main__":
    sys.exit(main())
