"""The curve of a run, from a log that may have seen a kill; and where to train."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from models.curve import curves, read_log
from models.device import best_device, half_precision, memory_for
from models.errors import BadData


def write_log(run: Path, steps: list[int], tail: str = "") -> Path:
    run.mkdir()
    rows = [
        json.dumps({"step": step, "contrastive": 1 / (place + 1), "rate": 0.1, "seconds": 1.0})
        for place, step in enumerate(steps)
    ]
    (run / "log.jsonl").write_text("\n".join([*rows, tail]))
    return run


def test_steps_done_twice_after_a_kill_count_once_and_half_a_line_not_at_all(
    tmp_path: Path,
) -> None:
    run = write_log(tmp_path / "run", [20, 40, 60, 40, 60, 80], tail='{"step": 100, "contr')
    log = read_log(run)
    assert [line["step"] for line in log] == [20, 40, 60, 80]
    assert log[1]["contrastive"] == 1 / 4, "the later one"


def test_curves_are_a_picture_with_a_panel_a_run(tmp_path: Path) -> None:
    runs = [write_log(tmp_path / name, [1, 2, 3]) for name in ("image", "text")]
    curves(runs, tmp_path / "curve.png")
    with Image.open(tmp_path / "curve.png") as picture:
        assert picture.size == (800, 800)
        assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 10


def test_a_run_without_a_log_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"log\.jsonl can not be read"):
        read_log(tmp_path)
    with pytest.raises(BadData, match="holds no step yet"):
        read_log(write_log(tmp_path / "empty", []))


def test_too_little_memory_says_how_to_go_on() -> None:
    with pytest.raises(BadData, match=r"batch of 4,096.*--chunk 64"), memory_for(4096):
        torch.empty(1 << 55)
    with pytest.raises(BadData), memory_for(8):
        bytearray(1 << 60)


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes"), memory_for(8):
        torch.ones(2, 3) @ torch.ones(2, 3)


def test_there_is_always_a_device_and_half_precision_can_be_declined() -> None:
    device = best_device()
    rows = torch.ones(2, 2, device=device)
    with half_precision(device):
        assert (rows @ rows).dtype == torch.bfloat16
    with half_precision(device, wanted=False):
        assert (rows @ rows).dtype == torch.float32
