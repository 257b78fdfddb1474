"""Sentences: counts, dates, and how far indexing is."""

from datetime import UTC, datetime

import numpy as np
import pytest

from app import words
from app.progress import Run
from indexer.events import Committed, Done, Progress, Switched, Switching

DAY = np.datetime64("2024-03-12")


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_progress_is_said_as_in_the_brief() -> None:
    said = words.searchable(1240, 18302, seconds("2024-03-09"))
    assert said == "Searchable so far: 1,240 of 18,302, back to March 2024."


@pytest.mark.parametrize(
    ("matches", "shown", "left", "said"),
    [
        (43, 43, 0, "43 photos, best first."),
        (1, 1, 0, "1 photo, best first."),
        (43, 43, 17062, "43 photos so far; 17,062 still to look at."),
        (5000, 2000, 0, "5,000 photos, the best 2,000 shown."),
    ],
)
def test_results_are_counted(matches: int, shown: int, left: int, said: str) -> None:
    assert words.results(matches, shown, left) == said


def test_one_photo_is_not_photos() -> None:
    assert words.unreadable(1) == "1 photo couldn’t be read."
    assert words.unreadable(23) == "23 photos couldn’t be read."
    assert words.all_searchable(1) == "Your photo is searchable."
    assert "1 photo hasn’t" in words.nothing_text(1)


@pytest.mark.parametrize(
    ("newest", "oldest", "today", "said"),
    [
        (DAY, DAY, DAY, "Today"),
        (DAY, DAY, DAY + 1, "Yesterday"),
        (DAY, DAY, DAY + 3, "Tuesday"),
        (DAY, DAY, DAY + 30, "12 March 2024"),
        (DAY + 7, DAY, DAY + 30, "12–19 March 2024"),
    ],
)
def test_days_are_said_as_people_say_them(
    newest: np.datetime64, oldest: np.datetime64, today: np.datetime64, said: str
) -> None:
    assert words.heading("days", newest, oldest, today) == said


def test_months_and_years_have_their_names() -> None:
    assert words.heading("months", DAY, DAY, DAY) == "March 2024"
    assert words.heading("years", DAY, DAY, DAY) == "2024"
    assert words.heading("none", DAY, DAY, DAY) == ""


@pytest.mark.parametrize(
    ("left_s", "rate", "said"),
    [
        (None, 12.0, ""),
        (20.0, 12.0, "Less than a minute left, 12 photos a second."),
        (1500.0, 12.0, "About 25 minutes left, 12 photos a second."),
        (60.0, 1.0, "About a minute left, 1 photo a second."),
        (4 * 3600.0, 12.0, "About 4 hours left, 12 photos a second."),
    ],
)
def test_the_time_left_is_said_roughly(left_s: float | None, rate: float, said: str) -> None:
    assert words.time_left(left_s, rate) == said


def test_a_run_is_followed_to_its_end() -> None:
    assert Run(is_on=True, found=9).sentence(0, None) == words.LOOKING
    run = Run().after(Progress(18302, 1200, 40, 2, 12.0, 1500.0, None))
    assert (run.is_on, run.left, run.done) == (True, 17060, 1240)
    assert run.sentence(1240, seconds("2024-03-09")).endswith("back to March 2024.")
    assert run.sentence(25000, seconds("2024-03-09")) == "Searchable so far: 1,240 of 18,302."
    assert run.after(Committed(16, 16)) == run
    run = run.after(Done(18302, 18260, 40, 2, 0, 60.0))
    assert (run.is_on, run.left, run.sentence(1, None)) == (False, 0, "")


def test_seeing_anew_is_said_behind_the_run_and_until_it_is_done() -> None:
    run = Run().after(Progress(40, 10, 20, 0)).after(Switching("two", "d", 1240, 18302))
    assert run.sentence(40, None).startswith("Searchable so far")
    run = run.after(Done(40, 20, 20, 0, 0, 1.0)).after(Switching("two", "d", 1240, 18302))
    assert run.sentence(40, None) == "Learning to see better: 1,240 of 18,302."
    assert run.stopped().sentence(40, None) == ""
    assert run.after(Switched("two", "d")).sentence(40, None) == ""


def test_no_sentence_blames() -> None:
    named = {name: value for name, value in vars(words).items() if name.isupper()}
    said = " ".join(value for value in named.values() if isinstance(value, str))
    for word in ("error", "failed", "invalid", "oops", "please", "!"):
        assert word not in said.lower()
