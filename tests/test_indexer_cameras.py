"""Real files of many cameras and programs, where somebody has them: see FORMATS in the Makefile.

SIGHTWORD_FORMATS names a folder with cameras.zip, cameras.tsv (file, size, orientation, gps,
make_model, datetime of each; size as stored, but of a TIFF as shown) and broken.zip.
"""

import csv
import os
import re
import time
import warnings
from contextlib import suppress
from pathlib import Path
from zipfile import ZipFile

import pytest
from PIL import Image

from indexer import picture
from indexer.errors import UnreadablePhoto

pytestmark = pytest.mark.skipif(
    "SIGHTWORD_FORMATS" not in os.environ, reason="SIGHTWORD_FORMATS not set"
)
LONGEST_S = 2.0  # for the metadata of one file, on a busy machine


@pytest.fixture(autouse=True)
def as_in_a_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with warnings.catch_warnings():
        picture.prepare()


def files(name: str) -> dict[str, bytes]:
    with ZipFile(Path(os.environ["SIGHTWORD_FORMATS"]) / name) as archive:
        return {one.filename: archive.read(one) for one in archive.infolist() if not one.is_dir()}


def known() -> list[dict[str, str]]:
    path = Path(os.environ["SIGHTWORD_FORMATS"]) / "cameras.tsv"
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.filterwarnings("ignore")
def test_every_camera_s_photo_has_its_size_turn_date_and_camera() -> None:
    photos, wrong = files("cameras.zip"), []
    for row in known():
        opened = picture.OpenedPhoto(photos[row["file"]])
        told = opened.metadata(Path(row["file"]))
        turn = int(row["orientation"] or 1)
        w, h = (int(side) for side in row["size"].split("x"))
        lies_on_its_side = turn >= 5 and not row["file"].endswith(".tif")  # upright in the table
        date = re.sub(r"^(\d+):(\d+):(\d+) ", r"\1-\2-\3T", row["datetime"])
        expected = {
            "size": (h, w) if lies_on_its_side else (w, h),
            "turn": turn,
            "taken": date if not date.startswith("0000") else "",
            "has camera": bool(row["make_model"]),
        }
        found = {
            "size": (opened.width, opened.height),
            "turn": told.turn,
            "taken": told.taken or "",
            "has camera": told.camera is not None,
        }
        named = " ".join(row["make_model"].split())
        if found != expected or not named.endswith(told.model or told.make or ""):
            wrong.append((row["file"], expected, found))
        if told.latitude is not None and row["gps"] != "1":
            wrong.append((row["file"], {"gps": row["gps"]}, {"latitude": told.latitude}))
    assert wrong == []


@pytest.mark.filterwarnings("ignore")
def test_no_broken_file_breaks_its_metadata_or_takes_long() -> None:
    slow = []
    for name, data in files("broken.zip").items():
        began = time.perf_counter()
        with suppress(UnreadablePhoto):
            picture.OpenedPhoto(data).metadata(Path(name))
        if time.perf_counter() - began > LONGEST_S:
            slow.append(name)
    assert slow == []
