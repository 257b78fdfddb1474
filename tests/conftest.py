"""What every test shares: no real display, no real library, and a few drawn photos."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before the first import of Qt


@pytest.fixture(autouse=True)
def own_library_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point SIGHTWORD_LIBRARY into the test's own folder, so that no test meets a real library."""
    folder = tmp_path / "library"
    monkeypatch.setenv("SIGHTWORD_LIBRARY", str(folder))
    return folder
