"""What the window shows of indexing: ring, pop-over, pause, and the photos with problems."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from pytestqt.qtbot import QtBot

from app import words
from app.problem_list import ProblemModel
from app.problems import Problems
from app.progress import Run
from app.window import Window
from indexer.errors import Reason
from indexer.events import Committed, Done, Manners, Progress, Switching
from indexer.photo import Problem
from tests.app_fakes import Fakes, alive, until

Opens = Callable[..., tuple[Window, Fakes]]


@pytest.fixture
def opens(qtbot: QtBot, tmp_path: Path) -> Iterator[Opens]:
    """A window over a library of fakes with some problems; afterwards nothing is left running."""
    before = alive()
    windows: list[Window] = []

    def make(problems: int = 0) -> tuple[Window, Fakes]:
        fakes = Fakes.of(tmp_path / "fake", 20)
        fakes.fake.folders = [tmp_path]
        fakes.fake.problems, fakes.fake.failed = some(problems), problems
        window = Window(fakes.sources())
        windows.append(window)
        qtbot.addWidget(window)
        window.resize(900, 700)
        window.show()
        until(qtbot, lambda: bool(fakes.clients))
        return window, fakes

    yield make
    for window in windows:
        window.close()
    assert alive() == before


def some(count: int) -> list[Problem]:
    """Photos with problems; every third is of another kind than the rest."""
    reasons = (Reason.TRUNCATED, Reason.TRUNCATED, Reason.UNKNOWN_KIND)
    return [
        Problem(n, Path(f"/photos/{n % 7}/{n}.jpg"), reasons[n % 3].sentence) for n in range(count)
    ]


def progress(found: int, indexed: int, **more: int) -> Progress:
    return Progress(found, indexed, 0, 0, 12.0, 1421.0, "/photos/2024 Japan", **more)


def test_the_ring_opens_what_it_knows_and_pauses(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(problems=23)
    ring, panel = window.header.ring, window.progress
    fakes.client.put(progress(18_302, 1_240))
    until(qtbot, ring.isVisible)
    QTest.mouseClick(ring, Qt.MouseButton.LeftButton)
    assert panel.isVisible()
    assert panel.title.text() == "1,240 of 18,302 photos"
    assert panel.account.text() == words.RING
    assert panel.details.text() == (
        "About 24 minutes left, 12 photos a second.\nNow in “2024 Japan”."
    )
    assert panel.problems.text() == "23 photos couldn’t be read."
    assert window.rect().contains(panel.geometry().topLeft())
    panel.button.click()
    until(qtbot, lambda: fakes.client.asked == ["pause"])
    fakes.client.put(Manners(is_paused=True))
    until(qtbot, lambda: panel.button.text() == words.CONTINUE)
    assert window.status.sentence == "Paused. 1,240 of 18,302 photos are searchable."
    assert ring.is_paused
    panel.button.click()
    until(qtbot, lambda: fakes.client.asked == ["pause", "resume"])
    fakes.client.put(Manners(is_slow=True))
    until(qtbot, lambda: panel.details.text().endswith(words.SLOWLY))
    QTest.keyClick(panel.button, Qt.Key.Key_Escape)
    assert not panel.isVisible()


def test_a_press_elsewhere_closes_the_pop_over(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens()
    fakes.client.put(progress(100, 10))
    until(qtbot, window.header.ring.isVisible)
    window.header.ring.click()
    assert window.progress.isVisible()
    QTest.mouseClick(window.grid.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(5, 300))
    assert not window.progress.isVisible()
    window.header.ring.click()
    fakes.client.put(Done(100, 100, 0, 0, 0, 1.0))
    until(qtbot, lambda: not window.header.ring.isVisible())
    assert not window.progress.isVisible()


def test_progress_never_goes_back_and_reaches_its_end() -> None:
    run, shares = Run(), []
    for event in (
        progress(100, 40, to_tell=200),
        progress(300, 60, to_tell=200),  # another folder has joined
        progress(300, 299, to_tell=200),
        progress(300, 300, told=0, to_tell=200),
        progress(300, 300, told=199, to_tell=200),
        progress(300, 300, told=200, to_tell=200),
    ):
        run = run.after(event)
        shares.append(run.share)
    assert shares == sorted(shares)
    assert 0.95 < shares[3] < shares[4] < shares[5] == 1.0
    assert run.after(Done(300, 300, 0, 0, 0, 1.0)).share == 0.0
    assert Run().after(Switching("a", "b", 5, 10)).share == 0.5


def test_what_is_done_is_said_in_its_own_words() -> None:
    paused = Manners(is_paused=True)
    assert Run().after(paused).sentence(12, None) == "Paused. 12 of 12 photos are searchable."
    assert Run().after(Manners(is_full=True)).sentence(12, None) == words.DISK_FULL
    telling = Run().after(progress(300, 300, told=40, to_tell=200))
    assert telling.sentence(300, None) == "Looking up dates and places: 40 of 200 photos."


def test_the_status_line_leads_to_the_photos_with_problems(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(problems=5)
    until(qtbot, lambda: window.status.is_link)
    assert window.status.sentence == "5 photos couldn’t be read."
    QTest.mouseClick(window.status, Qt.MouseButton.LeftButton, pos=QPoint(30, 10))
    sheet = window.problems
    until(qtbot, lambda: sheet.model.count == 5)
    assert sheet.model.heading(0) == (Reason.TRUNCATED.sentence, 4)
    assert not sheet.again.isEnabled()
    sheet.list.setCurrentIndex(sheet.model.index(2))
    sheet.again.click()
    until(qtbot, lambda: fakes.client.tried == [[1]])
    sheet.all_again.click()
    until(qtbot, lambda: fakes.client.tried == [[1], None])
    fakes.fake.problems, fakes.fake.failed = [], 0
    fakes.client.put(Committed(5, 5))
    until(qtbot, lambda: sheet.title.text() == words.NO_PROBLEMS)
    assert not sheet.all_again.isVisible()
    sheet.leave.click()
    assert not sheet.isVisible()


def test_who_tries_again_does_not_wait_for_a_pause(qtbot: QtBot, opens: Opens) -> None:
    window, fakes = opens(problems=1)
    fakes.client.put(Manners(is_paused=True))
    until(qtbot, lambda: window.header.ring.is_paused)
    window.problems.tried_again.emit(None)
    until(qtbot, lambda: fakes.client.asked == ["resume"])


def test_files_are_shown_where_they_lie(qtbot: QtBot, tmp_path: Path) -> None:
    fakes = Fakes.of(tmp_path / "fake", 1)
    fakes.fake.problems = some(3)
    shown: list[Path] = []

    def reveal(paths: Sequence[Path], parent: QObject) -> None:
        shown.extend(paths)

    window = Window(fakes.sources())
    qtbot.addWidget(window)
    sheet = Problems(fakes.sources(), reveal, window)
    sheet.show()
    until(qtbot, lambda: sheet.model.count == 3)
    sheet.list.selectAll()
    sheet.show_files.click()
    assert shown == [Path("/photos/0/0.jpg"), Path("/photos/1/1.jpg"), Path("/photos/2/2.jpg")]
    sheet.close()
    sheet.close_worker()
    window.close()


def test_very_many_problems_are_one_flat_list(qtbot: QtBot) -> None:
    model = ProblemModel()
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal, None
    )
    model.show_problems(some(50_000))
    assert (model.count, model.rowCount()) == (50_000, 50_002)
    assert model.rows_of({2}) == [model.rowCount() - 16_666]
    assert model.problem(0) is None
    assert not model.flags(model.index(0)) & Qt.ItemFlag.ItemIsSelectable
    model.show_problems([])
    assert model.rowCount() == 0
    tester.deleteLater()
