"""The check that a Mac runs, over the stand-in for Core ML."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from models.bundle_parity import PARITY, Parity
from tests.fake_core_ml import Right, encoder_folder, fake_link

SCRIPT = Path(__file__).resolve().parent.parent / "packaging" / "check_core_ml.py"
COUNT = 20


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_core_ml", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def test_a_right_encoder_is_held_against_both_references_on_all_units(
    tmp_path: Path, script: ModuleType
) -> None:
    right = Right(encoder_folder(tmp_path / "e", CPU_AND_GPU="no load"))
    Parity.of(right, 12).write(tmp_path / "e" / PARITY)
    said = script.check(tmp_path / "e", tmp_path / "cache", right, fake_link, COUNT)
    assert [entry["wrong"] for entry in said if entry.get("wrong")] == []
    compared = [(entry["units"], entry["against"]) for entry in said if "against" in entry]
    assert len(compared) == 8
    assert sum("photos" in entry for entry in said) == 6
    assert [entry["plan"]["tower"] for entry in said if "plan" in entry] == ["image", "text"]


def test_a_text_tower_that_core_ml_gets_wrong_is_told(tmp_path: Path, script: ModuleType) -> None:
    right = Right(encoder_folder(tmp_path / "e"))
    right.texts = lambda sentences: -Right.texts(right, sentences)  # type: ignore[method-assign]
    said = script.check(tmp_path / "e", tmp_path / "cache", right, fake_link, COUNT)
    wrong = [one for entry in said for one in entry.get("wrong", [])]
    assert [one for one in wrong if one.startswith("sentences: the worst cosine is -")]


def test_a_package_that_core_ml_refuses_is_told(tmp_path: Path, script: ModuleType) -> None:
    right = Right(encoder_folder(tmp_path / "e", compile="fails"))
    said = script.check(tmp_path / "e", tmp_path / "cache", right, fake_link, COUNT)
    assert "it is no ML program" in said[0]["wrong"][0]
