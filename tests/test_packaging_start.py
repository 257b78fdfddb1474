"""`make run`: which command it starts, with which folder, with a display and without."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NO_DISPLAY = {"DISPLAY": "", "WAYLAND_DISPLAY": ""}
A_DISPLAY = {"DISPLAY": ":1", "WAYLAND_DISPLAY": ""}
pytestmark = pytest.mark.skipif(os.uname().sysname == "Darwin", reason="a Mac has a display")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is set up already, with a `sightword` that only says what it was given."""
    home = tmp_path / "a check out"
    shutil.copytree(ROOT / "packaging", home / "packaging")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, home / name)
    program = home / ".venv" / "bin" / "sightword"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nfor one in "$@"; do echo "<$one>"; done\n')
    program.chmod(0o755)
    for stamp in ("created", "ready-to-run"):
        (home / ".venv" / stamp).touch()
    return home


def make_run(checkout: Path, display: dict[str, str], *variables: str) -> list[str]:
    """What `make run` prints, line by line."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PHOTOS", "MAKEFLAGS"}}
    done = subprocess.run(
        ["make", "--silent", "run", *variables],
        cwd=checkout,
        env={**environment, **display, "HOME": str(checkout)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_the_window_opens_on_the_folder_given(checkout: Path) -> None:
    assert make_run(checkout, A_DISPLAY, "PHOTOS=/photos/2023") == ["</photos/2023>"]


def test_without_a_folder_the_window_opens_empty(checkout: Path) -> None:
    assert make_run(checkout, A_DISPLAY) == []


@pytest.mark.parametrize("name", ["My Photos", "100% of $HOME & 'more'", "été"])
def test_a_folder_s_name_arrives_as_it_was_typed(checkout: Path, name: str) -> None:
    assert make_run(checkout, A_DISPLAY, f"PHOTOS=/media/{name}") == [f"</media/{name}>"]


def test_a_tilde_means_home(checkout: Path) -> None:
    assert make_run(checkout, A_DISPLAY, "PHOTOS=~/My Photos") == [f"<{checkout}/My Photos>"]
    assert make_run(checkout, A_DISPLAY, "PHOTOS=~") == [f"<{checkout}>"]


def test_without_a_display_it_indexes_and_shows_how_to_search(checkout: Path) -> None:
    said = make_run(checkout, NO_DISPLAY, "PHOTOS=/photos/2023")
    assert "no display" in said[0]
    assert said[1:3] == ["<index>", "</photos/2023>"]
    assert '.venv/bin/sightword search "' in said[-1]


def test_without_a_display_and_a_folder_it_says_what_to_do(checkout: Path) -> None:
    said = make_run(checkout, NO_DISPLAY)
    assert "no display" in said[0]
    assert "make run PHOTOS=" in said[-1]
