"""The window with everything real, the indexer's process and the shipped encoder included."""

import subprocess
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.sources import real
from app.window import Window
from indexer.library import Library
from indexer.service import lock


@pytest.mark.slow
def test_a_folder_joins_words_find_and_nothing_is_left_running(
    qtbot: QtBot, tmp_path: Path, photo_folder: Path
) -> None:
    library = Library.at(tmp_path / "library")
    window = Window(real(library, None), [photo_folder])
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: len(window.grid.photos) == 16, timeout=60_000)
    QTest.keyClicks(window.header.search.line, "a red house")
    qtbot.waitUntil(lambda: window.showing.query is not None, timeout=30_000)
    window.show_nearest()

    def all_are_painted() -> bool:
        scene = window.grid.scene()
        rows = scene.layout.visible(scene.offset, scene.height)
        return len(rows) == 16 and all(map(window.thumbnails.pixmap, scene.wanted(rows)))

    qtbot.waitUntil(all_are_painted, timeout=30_000)
    window.open_photo(0)
    qtbot.waitUntil(lambda: window.viewer.picture is not None, timeout=30_000)
    window.close()
    with lock(library):  # raises Busy where an indexer still runs
        pass
    running = subprocess.run(["ps", "-Ao", "args"], capture_output=True, text=True, check=True)
    assert str(library.root) not in running.stdout
    assert window.strip.sentence == ""
