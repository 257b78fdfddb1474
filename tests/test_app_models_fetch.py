"""`sightword models add` of what is on the network: fetched once, gone on with, and swept."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from app.commands.models_fetch import FETCHED, is_elsewhere, place_of
from models.bundle import write
from models.installed import DEFAULT, find
from tests.hub import cut, running

HOME = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "app", "models"]
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's /proc")


def sightword(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """The program itself, which locks itself down."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=HOME, check=False
    )


def test_a_bundle_is_fetched_from_an_address_and_goes_on_after_a_cut(
    bundle: Path, own_library_folder: Path
) -> None:
    with running(**{"tiny.sightword": bundle.read_bytes()}) as hub:
        hub.answers.append(cut(40_000))
        done = sightword("add", f"{hub.url}/tiny.sightword", "--json")
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert said[-1]["event"] == "done"
    assert "fetching tiny.sightword" in {row.get("step") for row in said}
    assert hub.ranges == [None, "bytes=40000-"]
    assert find("tiny", own_library_folder / "encoders").is_dir()
    assert not list((own_library_folder / "encoders" / ".fetched").iterdir())


def test_a_bundle_with_a_very_long_name_is_fetched(bundle: Path, own_library_folder: Path) -> None:
    name = quote("\u00e9" * 70 + ".sightword")  # each takes two bytes
    with running(**{name: bundle.read_bytes()}) as hub:
        done = sightword("add", f"{hub.url}/{name}")
    assert done.returncode == 0, done.stderr
    assert find("tiny", own_library_folder / "encoders").is_dir()


def test_what_nobody_came_back_for_is_swept_and_what_a_resume_needs_stays(tmp_path: Path) -> None:
    now_s = 1e9
    for name, days in (("forgotten", 31), ("young", 29), ("mine", 400)):
        (tmp_path / FETCHED / name).mkdir(parents=True)
        part = tmp_path / FETCHED / name / "weights.part"
        part.write_bytes(b"half")
        for path in (part, part.parent):
            os.utime(path, (now_s - days * 86400, now_s - days * 86400))
    assert place_of(tmp_path, "mine", now_s) == tmp_path / FETCHED / "mine"
    assert {path.name for path in (tmp_path / FETCHED).iterdir()} == {"young", "mine"}


def test_a_wrong_address_or_a_file_that_is_no_bundle_is_said_and_forgotten(
    own_library_folder: Path,
) -> None:
    with running(page=b"<html>") as hub:
        for name, words in (("page", "no encoder bundle"), ("none.sightword", "no such file")):
            done = sightword("add", f"{hub.url}/{name}")
            assert (done.returncode, done.stdout) == (1, "")
            assert words in done.stderr
            assert done.stderr.count("\n") == 1
    done = sightword("add", "http://hub.example/x.sightword")
    assert "only https" in done.stderr
    shutil.copytree(find(), own_library_folder / DEFAULT)
    write(own_library_folder / DEFAULT, own_library_folder / "ours.sightword")
    with running(ours=(own_library_folder / "ours.sightword").read_bytes()) as hub:
        assert "comes with the program" in sightword("add", f"{hub.url}/ours").stderr
    assert not list((own_library_folder / "encoders" / ".fetched").iterdir())


@linux_only
def test_only_the_fetcher_has_a_network_and_it_knows_no_library(own_library_folder: Path) -> None:
    code = (
        "import sys; from app.commands.models_fetch import Fetcher\n"
        "from indexer.lockdown import deny_network\n"
        "fetcher = Fetcher(); deny_network()\n"
        "for pid in ('self', fetcher._process.pid):\n"
        "    print('Seccomp:\\t2' in open(f'/proc/{pid}/status').read())\n"
        "print('SIGHTWORD_LIBRARY' in open(f'/proc/{fetcher._process.pid}/environ').read())\n"
        "fetcher.close(); print(fetcher._process.returncode)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=HOME, check=True
    )
    assert done.stdout.split() == ["True", "False", "False", "0"]


@pytest.mark.parametrize(
    ("line", "asks"),
    [
        ("models add mobileclip2-s0", True),
        ("--library there models add ViT-L-14/openai --json", True),
        ("models --json add https://hub.example/x.sightword", True),
        ("models add https://hub.example/x --accept-licence", True),
        ("models add x.sightword", False),
        ("models add ./mobileclip2-s0", False),
        ("models add file:///tmp/x.sightword", False),
        ("models add mobileclip2-s0 --weights=w.safetensors", False),
        ("models add --help", False),
        ("models add", False),
        ("models list", False),
        ("models use add", False),
        ("search models add", False),
        ("index models add", False),
    ],
)
def test_only_adding_what_is_elsewhere_starts_it(line: str, asks: bool) -> None:
    assert is_elsewhere(line.split()) is asks
