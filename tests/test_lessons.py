"""The lesson is true: its examples run, and its figures are those that were measured.

Run as a script with the path of a page, it runs that page's examples.
"""

import doctest
import importlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from models.installed import find
from models.spec import EncoderSpec

ROOT = Path(__file__).resolve().parent.parent
LESSON = ROOT / "docs" / "how-it-works"
CHAPTERS = sorted(LESSON.glob("[0-9][0-9]-*.md"))
LARGEST_BYTES = 1_500_000  # all pictures together
LONGEST_LINES = 130  # of a chapter: about two printed pages
RENEW = (
    "python docs/how-it-works/measure/figures.py --flickr8k flickr8k.zip flickr8k.tsv "
    "--composition composition.zip composition.tsv"
)


def examples(page: str) -> str:
    """The `python` blocks of a page, each on its own lines, all else blank.

    >>> examples("words\\n```python\\n>>> 1 + 1\\n2\\n```\\n")
    '\\n\\n>>> 1 + 1\\n2\\n\\n'
    """
    kept, is_inside = [], False
    for line in page.splitlines():
        if line.startswith("```"):
            is_inside = line == "```python"
            kept.append("")
        else:
            kept.append(line if is_inside else "")
    return "\n".join(kept) + "\n"


def failures(path: Path) -> int:
    """How many examples of a page do not come out as written; each is printed."""
    text = examples(path.read_text(encoding="utf-8"))
    test = doctest.DocTestParser().get_doctest(text, {}, path.name, str(path), 0)
    return doctest.DocTestRunner().run(test).failed


def chapter(path: Path) -> object:
    """A chapter as a parameter: slow if it needs torch, whose import alone takes seconds."""
    is_slow = re.search(r">>> .*(torch|models\.sizes)", path.read_text(encoding="utf-8"))
    return pytest.param(path, id=path.stem, marks=[pytest.mark.slow] if is_slow else [])


@pytest.mark.parametrize("path", [chapter(path) for path in CHAPTERS])
def test_the_examples_of_a_chapter_come_out_as_written(path: Path) -> None:
    # A process of its own: torch must not meet what other tests have loaded.
    one_thread = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__, str(path)],
        cwd=ROOT,
        env={**os.environ, **one_thread, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the measuring scripts, from which they can be imported."""
    monkeypatch.syspath_prepend(str(LESSON / "measure"))
    return LESSON / "measure"


def test_the_figures_in_the_pages_are_those_that_were_measured(measure: Path) -> None:
    renewed = importlib.import_module("tables").renewed
    stale = [path.name for path in CHAPTERS if renewed(text := path.read_text("utf-8")) != text]
    assert stale == [], "python docs/how-it-works/measure/figures.py --pages-only"


def test_the_figures_are_of_the_default_encoder_as_it_is(measure: Path) -> None:
    measured = json.loads((measure / "results" / "encoder.json").read_text("utf-8"))
    assert measured["digest"] == EncoderSpec.read(find()).digest, f"measure anew: {RENEW}"


def test_examples_of_the_measuring_scripts_come_out_as_written(measure: Path) -> None:
    for name in ("tables", "results", "questions", "pair_figures"):
        assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_path_leads_through_every_chapter_in_order() -> None:
    index = (LESSON / "README.md").read_text("utf-8")
    named = re.findall(r"^\d+\. \[[^\]]+\]\(([^)]+)\)", index, re.MULTILINE)
    assert named == [path.name for path in CHAPTERS]


def test_every_mark_names_a_figure_and_every_figure_has_its_place(measure: Path) -> None:
    bodies = importlib.import_module("tables").BODIES
    marks = [
        name
        for path in CHAPTERS
        for name in re.findall(r"<!-- measured: (\S+) -->", path.read_text("utf-8"))
    ]
    assert sorted(marks) == sorted(bodies)


def test_chapters_stay_short_and_pictures_small() -> None:
    long = [path.name for path in CHAPTERS if len(path.read_text().splitlines()) > LONGEST_LINES]
    assert long == []
    pictures = (LESSON / "pictures").glob("*.png")
    assert sum(path.stat().st_size for path in pictures) < LARGEST_BYTES


if __name__ == "__main__":
    sys.exit(failures(Path(sys.argv[1])) > 0)
