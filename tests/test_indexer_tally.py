"""Counts of a run add up, however often and under whatever names folders are scanned in it."""

from itertools import pairwise
from pathlib import Path

from indexer.changes import Changes
from indexer.scan import Found
from indexer.tally import Pace, Tally

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


def test_nothing_is_said_of_the_pace_in_the_first_seconds() -> None:
    pace = Pace(began_s=0.0)
    pace.did(8, now_s=0.5)
    assert (pace.rate_per_s(1.0), pace.left_s(100, 1.0)) == (0.0, None)
    pace.did(8, now_s=2.0)
    assert pace.rate_per_s(2.0) == 8.0


def test_the_time_left_runs_down_without_jumps() -> None:
    pace, left, said = Pace(began_s=0.0), 10_000, []
    for tick in range(1, 241):  # half seconds; a batch of 32 each three seconds, some late
        now_s = tick / 2
        if tick % (9 if 100 < tick < 130 else 6) == 0:
            pace.did(32, now_s)
            left -= 32
        if (left_s := pace.left_s(left, now_s)) is not None:
            said.append((now_s, left_s))
    jumps = [
        abs(after - (before - (now_s - then_s))) / before
        for (then_s, before), (now_s, after) in pairwise(said)
    ]
    assert len(said) > 200
    assert max(jumps) < 0.05


def test_a_pause_is_no_slowness() -> None:
    pace = Pace(began_s=0.0)
    for second in range(1, 21):
        pace.did(10, now_s=float(second))
    pace.begin(now_s=3600.0)
    assert pace.rate_per_s(3601.0) == 0.0
    pace.did(30, now_s=3603.0)
    assert pace.rate_per_s(3603.0) == 10.0


def test_a_photo_that_is_tried_again_is_counted_once() -> None:
    tally = Tally(began_s=0.0, found=40, unchanged=38, failed=2)
    tally.tries_again(3)  # two of them a scan of this run has counted
    tally.did(indexed=3, failed=0, folder="/a", now_s=1.0)
    done = tally.done(now_s=1.0)
    assert (done.found, done.indexed, done.failed) == (41, 3, 0)
