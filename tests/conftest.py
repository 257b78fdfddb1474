"""What every test shares: no real display, no real library, and a few drawn photos."""

import os
import shutil
from pathlib import Path

import pytest

from models.drawn import DrawnPhoto, draw_folder

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before the first import of Qt


@pytest.fixture(autouse=True)
def own_library_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point SIGHTWORD_LIBRARY into the test's own folder, so that no test meets a real library."""
    folder = tmp_path / "library"
    monkeypatch.setenv("SIGHTWORD_LIBRARY", str(folder))
    return folder


@pytest.fixture(scope="session")
def drawn_photos(tmp_path_factory: pytest.TempPathFactory) -> list[DrawnPhoto]:
    """Sixteen small photos of sixteen scenes, drawn once; tests read them and change nothing."""
    return draw_folder(tmp_path_factory.mktemp("drawn"), 16)


@pytest.fixture
def photo_folder(drawn_photos: list[DrawnPhoto], tmp_path: Path) -> Path:
    """A copy of the sixteen photos in a folder of the test's own, to change at will."""
    folder = tmp_path / "photos"
    shutil.copytree(drawn_photos[0].path.parent, folder)
    return folder


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a small encoder called `tiny`."""
    from models.bundle import write  # onnx comes along: only where an encoder is made
    from tests.small_encoder import small_encoder

    folder = tmp_path_factory.mktemp("made") / "tiny"
    small_encoder(folder)
    out = folder.with_name("tiny.sightword")
    write(folder, out)
    return out
