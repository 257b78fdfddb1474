"""The window over fakes: it fills, searches, opens photos, and leaves nothing behind."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QDropEvent, QPalette
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import words
from app.window import Window
from indexer.events import Committed, Done, Doubt, Progress, Switched, Switching, Trouble
from indexer.photo import Answer
from tests.app_fakes import MARK, Fakes, alive, until

Opens = Callable[..., tuple[Window, Fakes]]
Key = Qt.Key
NONE = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def opens(qtbot: QtBot, tmp_path: Path) -> Iterator[Opens]:
    """Make a library of fakes and a window over it; afterwards nothing may be left running."""
    before = alive()
    windows: list[Window] = []

    def make(total: int, committed: int | None = None, **more: object) -> tuple[Window, Fakes]:
        fakes = Fakes.of(tmp_path / "fake", total, committed)
        fakes.fake.folders = [tmp_path] if fakes.fake.committed else []
        fakes.fake.draw_thumbnails(range(min(total, 60)))
        window = Window(fakes.sources(), **more)  # type: ignore[arg-type]  # the test knows
        windows.append(window)
        qtbot.addWidget(window)
        window.resize(900, 700)
        window.show()
        until(qtbot, lambda: window.showing.reading is not None)
        return window, fakes

    yield make
    for window in windows:
        window.close()
    assert alive() == before


def marks(window: Window) -> int:
    """How many tiles are painted from their thumbnails: the middle of each has a mark."""
    image = window.grid.viewport().grab().toImage()
    seen = 0
    layout, offset = window.grid.tiles, window.grid.offset
    for row in layout.visible(offset, window.grid.viewport().height()):
        rect = layout.rect(row)
        middle = QPoint(int(rect.x + rect.side / 2), int(rect.y - offset + rect.side / 2))
        if image.rect().contains(middle):
            pixel = QColor(image.pixel(middle))
            seen += min(pixel.red(), pixel.green(), pixel.blue()) > min(MARK) - 15
    return seen


def test_the_search_field_has_the_focus_at_the_start(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(3)
    assert window.header.search.line.hasFocus() or window.focusWidget() is window.header.search.line


def test_an_empty_library_says_what_to_do(qtbot: QtBot, opens: Opens, tmp_path: Path) -> None:
    window, fakes = opens(0, choose=lambda _: tmp_path)
    assert window.pages.currentWidget() is window.message
    assert window.message.notice.title == words.FIRST_TITLE
    window.message.button.click()
    until(qtbot, lambda: bool(fakes.clients) and fakes.client.added == [tmp_path])
    assert window.message.notice.title == words.STARTING_TITLE


def test_tiles_appear_while_events_arrive(qtbot: QtBot, opens: Opens, tmp_path: Path) -> None:
    window, fakes = opens(40, 0)
    window.add([tmp_path])
    until(qtbot, lambda: bool(fakes.clients))
    for committed in (6, 12, 18):
        fakes.fake.committed = committed
        fakes.client.put(Progress(40, committed, 0, 0))
        fakes.client.put(Committed(6, committed))
        until(qtbot, lambda n=committed: len(window.grid.photos) == n)  # type: ignore[misc]
        until(qtbot, lambda n=committed: marks(window) == min(n, 15))  # type: ignore[misc]
    assert window.status.sentence.startswith("Searchable so far: 18 of 40, back to November 2023")
    assert window.header.ring.isVisible()
    fakes.fake.committed = 40
    fakes.client.put(Done(40, 40, 0, 0, 0, 1.0))
    until(qtbot, lambda: len(window.grid.photos) == 40)
    assert window.status.sentence == "All 40 photos are searchable."
    assert not window.header.ring.isVisible()


def test_photos_that_arrive_above_keep_what_is_seen_where_it_is(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(60)
    photos = window.grid.photos
    window.grid.show_photos(photos.picked(photos.ids[30:].tolist()))
    window.grid.scroll_to_offset(150)
    place = window.grid.place()
    window.grid.show_photos(photos)
    assert window.grid.place() == type(place)(place.photo_id, place.row + 30, place.y)


def test_typed_words_are_answered_and_esc_restores_the_library(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(60)
    window.grid.scroll_to_offset(300)
    window.grid.make_current(22)
    before, current = window.grid.place(), window.grid.current_id()
    field = window.header.search.line
    QTest.keyClicks(field, "7 3 5")
    until(qtbot, lambda: window.grid.photos.ids.tolist() == [1007, 1003, 1005])
    assert window.status.sentence == "3 photos, best first."
    until(qtbot, lambda: marks(window) == 3)
    QTest.keyClick(field, Key.Key_Escape)
    assert field.text() == ""
    assert len(window.grid.photos) == 60
    assert window.grid.place() == before
    assert window.grid.current_id() == current


def test_typing_on_drops_the_late_answer(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(10)
    fakes.searcher.gate = threading.Semaphore(0)
    field = window.header.search.line
    QTest.keyClicks(field, "1")
    until(qtbot, lambda: fakes.searcher.asked == ["1"])
    field.setText("2")
    fakes.searcher.gate.release(2)
    until(qtbot, lambda: window.grid.photos.ids.tolist() == [1002])
    assert window.showing.query is not None
    assert window.showing.query.words == "2"


def test_old_results_stay_until_the_new_ones_are_there(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(10)
    field = window.header.search.line
    QTest.keyClicks(field, "1")
    until(qtbot, lambda: window.grid.photos.ids.tolist() == [1001])
    fakes.searcher.gate = threading.Semaphore(0)
    field.setText("2")
    until(qtbot, lambda: fakes.searcher.asked[-1] == "2")
    assert window.grid.photos.ids.tolist() == [1001]
    fakes.searcher.gate.release()
    until(qtbot, lambda: window.grid.photos.ids.tolist() == [1002])


def test_nothing_found_offers_the_nearest(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(30)
    QTest.keyClicks(window.header.search.line, "dog with a hat")
    until(qtbot, lambda: window.pages.currentWidget() is window.message)
    assert window.message.notice.title == "No photo matches “dog with a hat”."
    window.message.button.click()
    until(qtbot, lambda: len(window.grid.photos) == 10)
    assert window.pages.currentWidget() is window.grid
    assert window.status.sentence == words.NEAREST


def test_results_grow_while_indexing(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(30, 5)
    until(qtbot, lambda: bool(fakes.clients))
    QTest.keyClicks(window.header.search.line, "1 20")
    until(qtbot, lambda: window.grid.photos.ids.tolist() == [1001])
    fakes.fake.committed = 30
    fakes.client.put(Committed(25, 30))
    until(qtbot, lambda: window.grid.photos.ids.tolist() == [1001, 1020])


def test_a_letter_typed_among_the_photos_begins_a_search(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(10)
    window.grid.setFocus()
    QTest.keyClicks(window.grid, "4")
    assert window.header.search.text() == "4"
    until(qtbot, lambda: window.grid.photos.ids.tolist() == [1004])


def test_keys_move_select_and_open(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(60)
    grid = window.grid
    QTest.keyClick(window.header.search.line, Key.Key_Down)
    assert grid.current_id() == 1000
    QTest.keyClick(grid, Key.Key_Right)
    QTest.keyClick(grid, Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert window.status.right == "2 selected"
    QTest.keyClick(grid, Key.Key_End)
    assert grid.current_id() == 1059
    assert grid.offset > 0
    QTest.keyClick(grid, Key.Key_Home)
    QTest.keyClick(grid, Key.Key_Delete)
    assert window.status.sentence == words.NEVER_DELETES
    QTest.keyClick(grid, Key.Key_Space)
    assert window.pages.currentWidget() is window.viewer
    until(qtbot, lambda: window.viewer.picture is not None)
    QTest.keyClick(window.viewer, Key.Key_Right)
    until(qtbot, lambda: window.header.title.count == "1.jpg")
    QTest.keyClick(window.viewer, Key.Key_Escape)
    assert window.pages.currentWidget() is grid
    assert grid.current_id() == 1001


def test_a_click_selects_and_a_double_click_opens(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(20)
    rect = window.grid.tiles.rect(2)
    middle = QPoint(int(rect.x + 20), int(rect.y + 20))
    QTest.mouseClick(window.grid.viewport(), Qt.MouseButton.LeftButton, NONE, middle)
    assert window.grid.current_id() == 1002
    other = window.grid.tiles.rect(5)
    there = QPoint(int(other.x + 20), int(other.y + 20))
    shift = Qt.KeyboardModifier.ShiftModifier
    QTest.mouseClick(window.grid.viewport(), Qt.MouseButton.LeftButton, shift, there)
    assert window.status.right == "4 selected"
    QTest.mouseDClick(window.grid.viewport(), Qt.MouseButton.LeftButton, NONE, middle)
    assert window.viewer.photo_id == 1002


def test_a_photo_that_is_gone_says_so_and_keeps_its_thumbnail(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(5)
    fakes.decoder.gone = [3]
    window.open_photo(3)
    until(qtbot, lambda: window.viewer.sentence == words.GONE)
    middle = window.viewer.place().center().toPoint()

    def thumbnail_shows() -> bool:
        return QColor(window.viewer.grab().toImage().pixel(middle)).red() > 240

    until(qtbot, thumbnail_shows)


def test_zooming_changes_the_tiles_and_keeps_the_current_photo_in_sight(
    qtbot: QtBot, opens: Opens
) -> None:
    window, _ = opens(60)
    window.grid.make_current(40)
    for step in (7, 0, 3, 4):
        window.grid.zoom_to(step)
        assert window.header.slider.value() == step
        shown = window.grid.tiles.visible(window.grid.offset, window.grid.viewport().height())
        assert 40 in shown


def test_a_dropped_folder_joins_and_a_dropped_file_does_not(
    qtbot: QtBot, opens: Opens, tmp_path: Path
) -> None:
    window, fakes = opens(0)
    file = tmp_path / "note.txt"
    file.write_text("x")
    for path in (file, tmp_path):
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        window.dropEvent(
            QDropEvent(
                QPointF(9, 9),
                Qt.DropAction.CopyAction,
                data,
                Qt.MouseButton.LeftButton,
                Qt.KeyboardModifier.NoModifier,
            )
        )
        if path == file:
            assert window.strip.sentence == words.NOT_A_FOLDER
    until(qtbot, lambda: bool(fakes.clients) and fakes.client.added == [tmp_path])


def test_a_dead_indexer_is_started_again_and_said_once(
    qtbot: QtBot, opens: Opens, tmp_path: Path
) -> None:
    window, fakes = opens(3)
    until(qtbot, lambda: len(fakes.clients) == 1)
    fakes.client.die()
    until(qtbot, lambda: len(fakes.clients) == 2 and fakes.client.refreshed == 1)
    until(qtbot, lambda: window.status.sentence == words.RESTARTED)
    fakes.client.die()
    until(qtbot, lambda: len(fakes.clients) == 3 and fakes.client.refreshed == 1)
    fakes.client.die()
    until(qtbot, lambda: window.strip.sentence == words.STOPPED)
    window.strip.button.click()
    until(qtbot, lambda: len(fakes.clients) == 4)


def test_trouble_is_said_in_the_strip(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(3)
    until(qtbot, lambda: bool(fakes.clients))
    fakes.client.put(Trouble("The disk is full."))
    until(qtbot, lambda: window.strip.sentence == "The disk is full.")
    QTest.keyClicks(window.header.search.line, "trouble")
    until(qtbot, lambda: "encoder is not there" in window.strip.sentence)


def test_a_question_about_photos_that_are_gone_is_answered_in_the_strip(
    qtbot: QtBot, opens: Opens
) -> None:
    window, fakes = opens(3)
    until(qtbot, lambda: bool(fakes.clients))
    for number, answer in enumerate((Answer.KEEP, Answer.FORGET)):
        fakes.client.put(Doubt("/photos/all", 40, 120))
        until(qtbot, lambda: "40 of 120 photos" in window.strip.sentence)
        window.strip.answers[number].click()
        assert window.strip.sentence == ""
        assert fakes.client.answers[-1] == (Path("/photos/all"), answer)
    fakes.client.put(Doubt("/photos/all", 40, 120))
    until(qtbot, lambda: len(window.strip.answers) == 2)
    window.strip.say("The disk is full.")
    assert window.strip.answers == []


def test_the_window_comes_back_as_it_was_left(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(60)
    window.resize(800, 600)
    window.grid.zoom_to(5)
    window.grid.scroll_to_offset(700)
    place = window.grid.place()
    window.close()
    again, _ = opens(60)
    assert again.grid.step == 5
    again.resize(800, 600)
    shown = again.grid.tiles.visible(again.grid.offset, again.grid.viewport().height())
    assert place.row in shown


def test_closing_while_indexing_stops_everything(
    qtbot: QtBot, opens: Opens, tmp_path: Path
) -> None:
    window, fakes = opens(60)
    QTest.keyClicks(window.header.search.line, "1")
    window.open_photo(0)
    until(qtbot, lambda: window.viewer.picture is not None)
    fakes.client.put(Progress(60, 10, 0, 0))
    window.close()
    assert fakes.client.closed
    assert fakes.decoder.closed
    assert not alive() & {"search", "viewer", "library reader", "indexer events", "thumbnails 0"}


def test_colours_follow_the_palette(qtbot: QtBot, opens: Opens) -> None:
    window, _ = opens(3)
    before = QApplication.palette()
    dark = QPalette(before)
    for role, colour in (
        (QPalette.ColorRole.Base, "#1e1e1e"),
        (QPalette.ColorRole.Window, "#242424"),
        (QPalette.ColorRole.Text, "#ffffff"),
    ):
        dark.setColor(role, QColor(colour))
    QApplication.setPalette(dark)
    QApplication.sendEvent(window, QEvent(QEvent.Type.ApplicationPaletteChange))  # as exec() does
    try:
        until(
            qtbot,
            lambda: QColor(window.grid.viewport().grab().toImage().pixel(2, 400)).red() == 0x1E,
        )
        field = window.header.search.line.palette().color(QPalette.ColorRole.Base)
        assert field.red() < 80
    finally:
        QApplication.setPalette(before)


def test_a_new_encoder_is_learned_in_the_status_line_while_photos_are_searched(
    qtbot: QtBot, opens: Opens
) -> None:
    window, fakes = opens(10)
    until(qtbot, lambda: bool(fakes.clients))
    fakes.client.put(Switching("two", "digest", 1240, 18302, 12.0, 1421.0))
    said = "Learning to see better: 1,240 of 18,302."
    until(qtbot, lambda: window.status.sentence == said)
    assert window.header.ring.isVisible()  # it takes long, so that one may want to pause it
    QTest.keyClicks(window.header.search.line, "7 3")
    until(qtbot, lambda: window.status.sentence == "2 photos, best first.")
    QTest.keyClick(window.header.search.line, Key.Key_Escape)
    assert window.status.sentence == said
    fakes.client.put(Switched("two", "digest"))
    until(qtbot, lambda: window.status.sentence == words.SWITCHED)


def test_a_folder_without_photos_is_said(qtbot: QtBot, opens: Opens, tmp_path: Path) -> None:
    window, fakes = opens(0)
    window.add([tmp_path])
    until(qtbot, lambda: bool(fakes.clients))
    fakes.fake.folders = [tmp_path]
    fakes.client.put(Done(0, 0, 0, 0, 0, 0.1))
    until(qtbot, lambda: window.message.notice.title == words.EMPTY_TITLE)
    assert window.status.sentence == "No photos were found in your folders."


def test_unreadable_photos_are_mentioned(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(3)
    until(qtbot, lambda: bool(fakes.clients))
    fakes.fake.failed = 23
    fakes.client.put(Done(26, 0, 3, 23, 0, 0.1))
    until(qtbot, lambda: window.status.sentence == "23 photos couldn’t be read.")
