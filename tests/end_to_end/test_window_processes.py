"""The window with everything real, the indexer's process and the shipped encoder included."""

import subprocess
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.sources import real
from app.window import Window
from indexer.library import Library
from indexer.lock import lock
from tests.app_fakes import until


@pytest.mark.slow
def test_a_folder_joins_words_find_and_nothing_is_left_running(
    qtbot: QtBot, tmp_path: Path, photo_folder: Path
) -> None:
    library = Library.at(tmp_path / "library")
    window = Window(real(library, None), [photo_folder])
    qtbot.addWidget(window)
    window.show()
    until(qtbot, lambda: len(window.grid.photos) == 16)
    gone = min(photo_folder.iterdir())
    gone.rename(tmp_path / gone.name)  # an open window watches its folders
    until(qtbot, lambda: len(window.grid.photos) == 15)
    (tmp_path / gone.name).rename(gone)
    until(qtbot, lambda: len(window.grid.photos) == 16)
    QTest.keyClicks(window.header.search.line, "a red house")
    until(qtbot, lambda: window.showing.query is not None)
    window.show_nearest()

    def all_are_painted() -> bool:
        scene = window.grid.scene()
        rows = scene.layout.visible(scene.offset, scene.height)
        return len(rows) == 16 and all(map(window.thumbnails.pixmap, scene.wanted(rows)))

    until(qtbot, all_are_painted)
    window.open_photo(0)
    until(qtbot, lambda: window.viewer.picture is not None)
    window.close()
    with lock(library):  # raises Busy where an indexer still runs
        pass
    running = subprocess.run(["ps", "-Ao", "args"], capture_output=True, text=True, check=True)
    assert str(library.root) not in running.stdout
    assert window.strip.sentence == ""
