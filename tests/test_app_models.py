"""`sightword models` as people type it: what is added, used, removed, carried, and refused."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from app import cli
from app.commands import models_add, models_convert
from app.commands.models_fetch import Fetcher
from app.commands.models_list import what_is_lacking
from app.commands.models_progress import Line
from indexer.errors import BadQuestion, KnownError
from models.bundle import write
from models.catalogue import Catalogue, Published, Ready
from models.fetch_part import Wanted
from models.fetch_trouble import NoNetwork
from models.installed import DEFAULT, find
from models.spec import EncoderSpec
from tests.hub import running
from tests.models_command import models, rows

HOME = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "app", "models"]


def sightword(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """The program itself, which locks itself down."""
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=HOME, check=False
    )


def test_a_bundle_is_added_listed_used_and_removed(
    bundle: Path,
    photo_folder: Path,
    own_library_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert cli.run(["index", str(photo_folder)]) == 0
    capsys.readouterr()
    assert models("add", "--json", bundle) == 0
    said = rows(capsys)
    assert {row["event"] for row in said[:-1]} == {"progress"}
    assert said[-1] == {"event": "done", "name": "tiny", "dimension": 48}

    assert models("list", "--json") == 0
    listed = {row["name"]: row for row in rows(capsys)}
    assert (listed["tiny"]["state"], listed[DEFAULT]["state"]) == ("added", "ours")
    assert (listed["tiny"]["in_use"], listed[DEFAULT]["in_use"]) == (False, True)
    assert listed[DEFAULT]["vectors"] == 16
    assert listed["tiny"]["photos_per_s"]
    assert listed["tiny"]["against_default"]
    assert listed["mobileclip2-s0"]["state"] == "available"
    assert (own_library_folder / "speeds.json").is_file()

    assert models("use", "tiny", "--json") == 0
    assert rows(capsys)[-1] == {"event": "done", "name": "tiny"}
    with pytest.raises(KnownError, match="searched with tiny"):
        models("remove", "tiny")
    assert models("use", DEFAULT) == 0
    capsys.readouterr()
    assert models("remove", "tiny", "--json") == 0
    assert rows(capsys)[-1]["name"] == "tiny"
    assert not (own_library_folder / "encoders" / "tiny").exists()
    models("list", "--json")
    assert "tiny" not in {row["name"] for row in rows(capsys)}


def test_photos_that_are_away_when_another_serves_are_told_of(
    bundle: Path, photo_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "drive").mkdir()
    (tmp_path / "here").mkdir()
    one, two, *_ = sorted(photo_folder.iterdir())
    shutil.copy(one, tmp_path / "drive")
    shutil.copy(two, tmp_path / "here")
    assert models("add", bundle) == 0
    assert cli.run(["index", str(tmp_path / "drive"), str(tmp_path / "here")]) == 0
    (tmp_path / "drive").rename(tmp_path / "away")
    capsys.readouterr()
    assert models("use", "tiny") == 0
    assert "It has not seen 1 photo whose folder" in capsys.readouterr().err
    (tmp_path / "away").rename(tmp_path / "drive")
    assert cli.run(["index", str(tmp_path / "drive")]) == 0
    capsys.readouterr()
    assert models("use", "tiny") == 0
    assert "not seen" not in capsys.readouterr().err


def test_what_can_not_be_added_leaves_no_trace(
    bundle: Path, tmp_path: Path, own_library_folder: Path
) -> None:
    damaged = tmp_path / "damaged.sightword"
    damaged.write_bytes(bundle.read_bytes()[:-2000])
    with pytest.raises(KnownError, match="cut short"):
        models("add", damaged)
    with pytest.raises(KnownError, match="does not exist"):
        models("add", tmp_path / "nowhere.sightword")
    with pytest.raises(KnownError, match="is a folder"):
        models("add", tmp_path)
    with pytest.raises(KnownError, match="Nearest: mobileclip2-s0"):
        models("add", "mobileclip-s0")
    shutil.copytree(find(), tmp_path / DEFAULT)
    write(tmp_path / DEFAULT, tmp_path / "ours.sightword")
    with pytest.raises(KnownError, match="comes with the program"):
        models("add", tmp_path / "ours.sightword")
    homes = [path.name for path in (own_library_folder / "encoders").iterdir()]
    assert [name for name in homes if not name.startswith(".")] == []


def test_a_file_address_is_a_path(bundle: Path, own_library_folder: Path) -> None:
    assert models("add", bundle.as_uri()) == 0
    assert find("tiny", own_library_folder / "encoders").is_dir()


def test_an_encoder_goes_out_as_a_bundle_or_as_bare_files(
    bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    models("add", bundle)
    capsys.readouterr()
    assert models("export", "tiny", "--to", tmp_path / "out") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out' / 'tiny.sightword'}\n"
    assert (tmp_path / "out" / "tiny.sightword").read_bytes() == bundle.read_bytes()
    assert models("export", "tiny", "--to", tmp_path / "out", "--format", "onnx") == 0
    EncoderSpec.read(tmp_path / "out" / "tiny").verify(tmp_path / "out" / "tiny")
    with pytest.raises(KnownError, match="is there already"):
        models("export", "tiny", "--to", tmp_path / "out", "--format", "onnx")
    with pytest.raises(KnownError, match="no packages for Core ML"):
        models("export", "tiny", "--to", tmp_path / "more", "--format", "coreml")
    packages = find() / "image.mlpackage"
    if not packages.exists():  # ours can be neither removed nor added
        with pytest.raises(KnownError, match="comes with the program as it is"):
            models("export", DEFAULT, "--to", tmp_path / "more", "--format", "coreml")


def test_ours_stay_and_names_lead_nowhere_else(own_library_folder: Path) -> None:
    with pytest.raises(KnownError, match="comes with the program"):
        models("remove", DEFAULT)
    for name in ("../library", ".kept", "a/b"):
        with pytest.raises(KnownError, match="no encoder's name"):
            models("remove", name)
    with pytest.raises(KnownError, match="no encoder called"):
        models("remove", "nothing")
    with pytest.raises(KnownError, match="no encoder called"):
        models("use", "nothing")
    with pytest.raises(KnownError, match="sightword models add mobileclip2-s0"):
        models("use", "mobileclip2-s0")
    with pytest.raises(KnownError, match="has a name"):
        models("use", "")


@pytest.mark.parametrize(
    "arguments", [[], ["use"], ["frobnicate", "x"], ["export", DEFAULT], ["add", "a", "b"]]
)
def test_wrong_usage_is_said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        models(*arguments)
    assert leaving.value.code == 2
    assert "usage: sightword models" in capsys.readouterr().err


def test_a_licence_must_be_accepted_before_anything_is_fetched(tmp_path: Path) -> None:
    weights = tmp_path / "weights.safetensors"
    with pytest.raises(KnownError, match=r"licence that you must accept.*--accept-licence"):
        models("add", "mobileclip2-s0", "--weights", weights)
    with pytest.raises(KnownError, match="do not exist"):
        models("add", "mobileclip2-s0", "--weights", weights, "--accept-licence")
    with pytest.raises(BadQuestion, match="--tokenizer FILE"):
        models("add", "vit-b-16-siglip2", "--weights", weights)


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)


@pytest.mark.parametrize(("answer", "words"), [("no", "was not accepted"), ("yes", "do not exist")])
def test_on_a_terminal_the_whole_licence_is_shown(tmp_path: Path, answer: str, words: str) -> None:
    with terminal() as (ours, theirs):
        process = subprocess.Popen(
            [*PROGRAM, "add", "mobileclip2-s0", "--weights", str(tmp_path / "none")],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=HOME,
        )
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        shown = b""
        while True:
            try:
                shown += os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
        assert process.wait(timeout=30) == 1
    text = shown.decode()
    assert "exclusively for Research Purposes" in text.replace("\r\n", " ").replace("  ", " ")
    assert 'Type "yes"' in text
    assert words in " ".join(text.split())


def test_packages_for_core_ml_are_made_of_weights_and_not_of_ready_made_towers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)  # where nothing can be converted
    ready = [one.name for one in Catalogue.read().entries if one.ready and one.weights]
    assert ready
    for name in ready:
        with pytest.raises(KnownError, match="must be converted"):
            models("add", name, "--coreml")
        with pytest.raises(KnownError, match="needs the network"):
            models("add", name)


@pytest.mark.parametrize("has_extra", [True, False])
def test_on_apple_silicon_weights_are_converted_where_that_can_be_done(
    has_extra: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(Fetcher):
        """Notes what it is asked for, and finds no network."""

        def __init__(self) -> None:
            self.asked: list[str] = []

        def fetch(self, files: Sequence[Wanted], folder: Path, line: Line) -> None:
            self.asked = [file.url for file in files]
            line.end()
            raise NoNetwork(f"The hub can't be reached for {folder}.")

    monkeypatch.setattr(models_add, "is_apple_silicon", lambda: True)
    monkeypatch.setattr(models_convert, "NEEDED", ("json",) if has_extra else ("no_such_package",))
    entry = next(one for one in Catalogue.read().entries if one.ready and one.weights)
    assert entry.ready
    fetcher = Refusing()
    with pytest.raises(NoNetwork):
        cli.run(["models", "add", entry.name, "--accept-licence"], fetcher)
    assert (fetcher.asked[0] == entry.weights) is has_extra
    assert (fetcher.asked == [file.url for file in entry.ready.files]) is not has_extra
    assert "pip install" in models_convert.without_core_ml(entry.name)


def test_what_torch_is_needed_for_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights.safetensors").touch()
    arguments = ("add", "vit-b-32-datacomp", "--weights", tmp_path / "weights.safetensors")
    monkeypatch.setattr(models_convert, "NEEDED", ("torch", "no_such_package"))
    with pytest.raises(KnownError, match=r"needs no_such_package.*'\.\[models\]'.*carry"):
        models(*arguments)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(KnownError, match=r"packed without what that needs\. Take a bundle"):
        models(*arguments)


def test_towers_that_somebody_offers_are_fetched_tried_and_named(
    own_library_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models_add, "is_apple_silicon", lambda: False)
    own, catalogue = EncoderSpec.read(find()), Catalogue.read()
    files = {name: (find() / name).read_bytes() for name in own.single_files()[:3]}
    with running(**files) as hub:
        ready = Ready(
            "somebody",
            hub.url,
            tuple(Published(name, f"{hub.url}/{name}", 1.0, len(files[name])) for name in files),
            own.image,
            own.text,
        )
        entry = replace(catalogue.find("vit-b-32-openai"), dimension=own.dimension, ready=ready)
        offered = replace(catalogue, entries=(entry,))
        monkeypatch.setattr(Catalogue, "read", lambda: offered)
        fetcher = Fetcher()
        try:
            assert cli.run(["models", "add", "vit-b-32-openai", "--json"], fetcher) == 0
        finally:
            fetcher.close()
    assert rows(capsys)[-1] == {"event": "done", "name": entry.name, "dimension": own.dimension}
    home = own_library_folder / "encoders"
    EncoderSpec.read(home / entry.name).verify(home / entry.name)
    assert not (home / ".fetched" / entry.name).exists()
    assert models("add", "vit-b-32-openai") == 0  # nothing is fetched: there is no hub any more
    assert "is here already" in capsys.readouterr().err


@pytest.mark.slow
def test_weights_that_are_none_are_refused_by_the_converter(
    tmp_path: Path, own_library_folder: Path
) -> None:
    weights = tmp_path / "cut.safetensors"
    weights.write_bytes(b"0123456789")
    with pytest.raises(KnownError, match=r"was not added: .*cut\.safetensors can not be read"):
        models("add", "vit-b-32-datacomp", "--weights", weights)
    assert [one.name for one in (own_library_folder / "encoders").iterdir()] == [".adding.lock"]


@pytest.mark.slow
def test_a_conversion_ends_with_the_one_who_asked_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "weights")  # whoever reads it waits
    needed = ["--architecture", "RN50", "--name", "rn50", "--out", str(tmp_path / "out")]
    needed += ["--weights", str(tmp_path / "weights")]
    converting = subprocess.Popen(
        [sys.executable, "-m", "models.catalogue_convert", "--while-asked", *needed],
        stdin=subprocess.PIPE,
        cwd=HOME,
    )
    assert converting.poll() is None
    assert converting.stdin is not None
    converting.stdin.close()  # as the system does for one that is killed
    assert converting.wait(60) == 1


def test_an_encoder_that_this_machine_can_not_hold_says_so(tmp_path: Path) -> None:
    assert what_is_lacking(10, 40, tmp_path) is None
    assert "memory" in str(what_is_lacking(1e9, 1, tmp_path))
    assert "on the disk" in str(what_is_lacking(1, 1e12, tmp_path))
    assert what_is_lacking(None, None, tmp_path) is None
