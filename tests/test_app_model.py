"""The photos as arrays and as an item model."""

from pathlib import Path

import numpy as np
from PySide6.QtTest import QAbstractItemModelTester

from app.model import PHOTO_ID, PhotoModel
from app.photos import Photos
from tests.app_fakes import Fakes


def photos(tmp_path: Path, n: int) -> Photos:
    return Photos.of(Fakes.of(tmp_path, n).fake.table()).prepared()


def test_the_model_keeps_the_rules_of_qt(qtbot: object, tmp_path: Path) -> None:
    model = PhotoModel()
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal, model
    )
    for n in (0, 1, 100, 3):
        model.show(photos(tmp_path, n))
        assert model.rowCount() == n
    assert tester.model() is model
    assert model.index(2).data(PHOTO_ID) == 1002
    assert model.index(0).data() == "14 November 2023"
    assert model.rowCount(model.index(0)) == 0


def test_photos_are_picked_in_the_order_of_the_answer(tmp_path: Path) -> None:
    picked = photos(tmp_path, 50).picked([1007, 1003, 9999, 1049])
    assert picked.ids.tolist() == [1007, 1003, 1049]
    assert picked.hash(0) == (7).to_bytes(16, "big")
    assert picked.sections("days").counts.tolist() == [3]


def test_rows_are_found_by_id(tmp_path: Path) -> None:
    some = photos(tmp_path, 50)
    shuffled = some.picked(np.random.default_rng(0).permutation(some.ids).tolist())
    for photo_id in (1000, 1025, 1049):
        row = shuffled.row(photo_id)
        assert row is not None
        assert shuffled.ids[row] == photo_id
    assert shuffled.row(1) is None
    assert Photos.none().row(1) is None
    assert Photos.none().picked([1]).ids.tolist() == []
