"""Counts of a run add up, however often and under whatever names folders are scanned in it."""

from pathlib import Path

from indexer.changes import Changes
from indexer.scan import Found
from indexer.tally import Tally

NEW = [Found("/a/1.jpg", 1, 1), Found("/a/2.jpg", 1, 1)]


def test_a_folder_that_is_scanned_twice_in_a_run_counts_once() -> None:
    tally = Tally(began_s=0.0)
    tally.scanned(Path("/a"), Changes(found=40, new=NEW * 20))
    tally.did(indexed=40, failed=0, folder="/a", now_s=1.0)
    tally.scanned(Path("/a"), Changes(found=42, new=NEW, unchanged=40))
    tally.scanned(Path("/a/b"), Changes(found=7, unchanged=7))
    tally.did(indexed=2, failed=0, folder="/a", now_s=2.0)
    done = tally.done(now_s=2.0)
    assert (done.found, done.indexed, done.unchanged) == (42, 42, 0)


def test_the_rate_is_that_of_the_last_seconds() -> None:
    tally = Tally(began_s=0.0, found=1000)
    for second in range(1, 101):
        tally.did(indexed=10 if second > 60 else 1, failed=0, folder="/a", now_s=float(second))
    assert 9 < tally.progress(now_s=100.0).rate_per_s < 11
