"""The recipe of the default encoder: its order, and what it does after a stop."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from models.errors import BadData, KnownError
from models.train_default import Amount, Data, make, stages


class Runs:
    """Stands for Python: notes what it is asked to run, and fails at one module."""

    def __init__(self, fails_at: str = "") -> None:
        self.fails_at = fails_at
        self.modules: list[str] = []

    def __call__(self, arguments: Sequence[str]) -> int:
        self.modules.append(arguments[0])
        return int(arguments[1] == self.fails_at)


@pytest.fixture
def data(tmp_path: Path) -> Data:
    """Photos and captions, and a teacher; no packs."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "captions.tsv").touch()
    (tmp_path / "mobilenet_v2.tflite").touch()
    return Data.of(tmp_path)


def test_photos_are_packed_taught_and_learnt_in_the_order_of_the_card(
    data: Data, tmp_path: Path
) -> None:
    runs = Runs()
    make(stages(data, tmp_path / "made", Amount()), tmp_path / "made", runs)
    before = ["pack", "train_tokenizer", "phrases", "photo_sentences", "teacher", "teacher"]
    after = ["space", "distill", "distill", "distill", "export"]
    assert runs.modules == [f"models.{name}" for name in before + after]


def test_after_a_stop_only_what_was_not_done_is_run(data: Data, tmp_path: Path) -> None:
    out = tmp_path / "made"
    commands = stages(data, out, Amount())
    with pytest.raises(KnownError, match="text ended with status 1"):
        make(commands, out, Runs(fails_at="text"))
    runs = Runs()
    make(commands, out, runs)
    assert runs.modules == ["models.distill", "models.distill", "models.export"]
    make(commands, out, again := Runs())
    assert again.modules == []


def test_other_numbers_are_not_mixed_into_what_was_made(data: Data, tmp_path: Path) -> None:
    out = tmp_path / "made"
    make(stages(data, out, Amount()), out, Runs())
    with pytest.raises(BadData, match="other commands"):
        make(stages(data, out, Amount(image_steps=3)), out, Runs())


def test_what_the_folder_lacks_is_named(data: Data, tmp_path: Path) -> None:
    (tmp_path / "mobilenet_v2.tflite").unlink()
    with pytest.raises(BadData, match=r"no \.tflite"):
        Data.of(tmp_path)
    (tmp_path / "captions.tsv").unlink()
    with pytest.raises(BadData, match=r"no captions\.tsv"):
        Data.of(tmp_path)


def test_packs_with_features_need_no_teacher(data: Data, tmp_path: Path) -> None:
    (tmp_path / "mobilenet_v2.tflite").unlink()
    (tmp_path / "packs").mkdir()
    for name in ("a.bin", "a.teacher.npy"):
        (tmp_path / "packs" / name).touch()
    commands = stages(Data.of(tmp_path), tmp_path / "made", Amount())
    assert "pack" not in commands
    assert "features" not in commands
