"""What `sightword doctor` finds, and what it says to do about it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app import cli
from app.commands import doctor_encoder, doctor_machine, models_speed
from app.commands.doctor_check import Check
from app.commands.models_speed import Speeds
from indexer.library import Library
from indexer.lock import lock
from indexer.store import Store
from models.coreml_plan import TowerPlan
from models.errors import BadEncoder
from models.installed import Installed, find
from models.spec import Calibration, CoreMLSpec, EncoderSpec
from tests.small_encoder import small_encoder

HOME = Path(__file__).resolve().parent.parent


def doctor(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Check]]:
    """The exit status, and what was found by "part name"."""
    capsys.readouterr()
    status = cli.run(["doctor", "--json", *arguments])
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is (status == 0)
    checks = [Check(**one) for one in found["checks"]]
    return status, {f"{one.part} {one.name}": one for one in checks}


@pytest.fixture
def indexed(photo_folder: Path, own_library_folder: Path) -> Library:
    """A library of sixteen photos."""
    assert cli.run(["index", str(photo_folder)]) == 0
    return Library.at(own_library_folder)


def test_a_library_that_is_well_and_one_that_is_not(
    indexed: Library, photo_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = doctor(capsys)
    assert status == 0
    assert found["library opens"].values["indexed"] == 16
    assert found["library integrity"].state == "ok"
    assert found["library indexer"].words == "no indexer runs, and none is needed"
    assert found["library vectors"].values["vectors"] == 16
    assert found["encoder files"].state == found["encoder parity"].state == "ok"
    assert found["encoder speed"].values["photos_per_s"]

    photo_folder.rename(photo_folder.with_name("elsewhere"))
    with closing(sqlite3.connect(indexed.database)) as connection, connection:
        connection.execute("UPDATE photo SET state = 'pending' WHERE id = 1")
    status, found = doctor(capsys)
    assert status == 0  # warnings
    assert "isn't connected" in found["library folder"].words
    assert "no indexer runs" in found["library indexer"].words
    with lock(indexed):  # somebody holds it and never answers
        status, found = doctor(capsys)
    assert status == 1
    assert "does not answer" in found["library indexer"].words

    data = bytearray(indexed.database.read_bytes())
    data[4096 * 3 : 4096 * 6] = bytes(4096 * 3)
    indexed.database.write_bytes(data)
    for beside in indexed.root.glob("library.sqlite3-*"):
        beside.unlink()
    status, found = doctor(capsys)
    assert status == 1
    damaged = [one for one in found.values() if one.part == "library" and one.state == "problem"]
    assert "damaged" in damaged[0].words


def test_a_switch_that_nobody_goes_on_with_is_said(
    indexed: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Store(indexed)) as store:
        store.encoders.want(store.encoders.add(small_encoder(tmp_path / "tiny"), tmp_path / "tiny"))
    status, found = doctor(capsys)
    assert (status, found["library indexer"].state) == (0, "warning")
    assert "16 photos wait to be seen by tiny" in found["library indexer"].words
    assert found["library indexer"].todo == "Go on with it: sightword models use tiny"


def test_photos_that_were_away_when_encoders_changed_are_said(
    indexed: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(Store(indexed)) as store:
        store.encoders.want(store.encoders.add(small_encoder(tmp_path / "tiny"), tmp_path / "tiny"))
        store.encoders.swap()
    status, found = doctor(capsys)
    assert (status, found["library vectors"].state) == (0, "warning")
    assert "it has not seen 16 photos" in found["library vectors"].words
    assert "Connect the drive" in (found["library vectors"].todo or "")


def test_without_a_library_there_is_nothing_to_mend(
    own_library_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = doctor(capsys)
    assert status == 0
    assert found["library opens"].todo == "Make one: sightword index FOLDER"
    assert not own_library_folder.exists()
    assert cli.run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("ok      machine: ") for line in lines)
    assert lines[-1].startswith(("All is well", "Nothing is broken"))


def test_a_damaged_encoder_is_a_problem(
    own_library_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = own_library_folder / "encoders" / "tiny"
    small_encoder(tiny)
    status, found = doctor(capsys, "--model", "tiny")
    assert status == 0
    assert "of its reference here" in found["encoder parity"].words
    spec = replace(EncoderSpec.read(tiny), calibration=Calibration("bank.npy", 2.0))
    (tiny / "bank.npy").write_bytes(b"cut")
    spec.write(tiny)
    status, found = doctor(capsys, "--model", "tiny")
    assert (status, "bank.npy is damaged" in found["encoder files"].words) == (1, True)
    (tiny / "image.onnx").write_bytes(b"cut")
    status, found = doctor(capsys, "--model", "tiny")
    assert status == 1
    assert "is damaged" in found["encoder files"].words
    assert "encoder speed" not in found


@pytest.mark.skipif(sys.platform != "linux", reason="its own word for it")
def test_the_lock_down_is_seen_where_it_holds(own_library_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "doctor"], capture_output=True, text=True, cwd=HOME
    )
    assert "ok      machine: this program is locked out of the network" in done.stdout
    by_name = {one.name: one for one in doctor_machine.look(Library.at(own_library_folder))}
    assert by_name["network"].state == "warning"  # in this process nobody locked anything


def test_on_a_mac_it_lists_what_core_ml_means_to_run_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from models import coreml

    plan = TowerPlan(
        "image", "CPU_AND_NE", {"neural_engine": {"conv": 90}, "cpu": {"cast": 2}}, {}, 12.3, 450.0
    )
    monkeypatch.setattr(doctor_encoder, "has_core_ml", lambda: True)
    monkeypatch.setattr(coreml, "compute_plan", lambda _: (plan, replace(plan, tower="text")))
    shutil.copytree(find(), tmp_path / "own")
    spec = EncoderSpec.read(tmp_path / "own")
    (without,) = doctor_encoder._core_ml(tmp_path / "own", replace(spec, coreml=None))
    assert without.state == "warning"
    image, text = doctor_encoder._core_ml(tmp_path / "own", replace(spec, coreml=CoreMLSpec()))
    assert image.words == (
        "image tower with CPU_AND_NE: 90 on the Neural Engine, 0 on the GPU, 2 on the CPU; first "
        "load 12.3 s, 450 photos a second"
    )
    assert text.values["operations"] == plan.operations

    def no_plan(_: Path) -> None:
        raise BadEncoder("no plan")

    monkeypatch.setattr(coreml, "compute_plan", no_plan)
    (trouble,) = doctor_encoder._core_ml(tmp_path / "own", replace(spec, coreml=CoreMLSpec()))
    assert (trouble.state, trouble.words) == ("warning", "no plan")


def test_a_speed_is_measured_once_and_again_on_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library.at(tmp_path)
    one = Installed(tmp_path / "tiny", small_encoder(tmp_path / "tiny"))
    first = Speeds(library).of(one)
    assert first is not None
    assert first.runs_on == "one core"
    kept = json.loads((tmp_path / "speeds.json").read_text())
    kept["speeds"][one.spec.digest]["photos_per_s"] = 7.0
    (tmp_path / "speeds.json").write_text(json.dumps(kept))
    again = Speeds(library).of(one)
    assert again is not None
    assert again.photos_per_s == 7.0
    monkeypatch.setattr(models_speed, "core_ml_speed", lambda *_: ("CPU_AND_NE", 900.0))
    tried = Speeds(library).of(one)  # on a Mac, once photos were looked at
    assert tried is not None
    assert (tried.runs_on, tried.photos_per_s) == ("CPU_AND_NE", 900.0)
    monkeypatch.undo()
    kept["machine"] = ["another"]
    (tmp_path / "speeds.json").write_text(json.dumps(kept))
    anew = Speeds(library).of(one)
    assert anew is not None
    assert anew.photos_per_s != 7.0
