"""The menus: everything that can be done, with its keys. The menu is the manual.

Each action has its role set: left alone, Qt moves actions by the words of their text on a Mac.
"""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMessageBox

from app import words

if TYPE_CHECKING:
    from app.window import Window

Role = QAction.MenuRole
Standard = QKeySequence.StandardKey

ABOUT = (
    "<b>Sightword</b><p>Find any photo by saying what’s in it. "
    "Your photos are never changed, and nothing leaves this computer.</p>"
)


def build(window: "Window") -> None:
    """Give `window` its menus."""
    bar = window.menuBar()
    _file(window, bar.addMenu("&File"))
    _edit(window, bar.addMenu("&Edit"))
    _view(window, bar.addMenu("&View"))
    _help(window, bar.addMenu("&Help"))


def _file(window: "Window", menu: QMenu) -> None:
    _action(window, menu, "&Add Folder…", window.choose_folder, "Ctrl+Shift+O")
    _action(window, menu, "Look for &New Photos", window.bridge.refresh, "F5")
    pause = _action(window, menu, "&Pause Looking at Photos", window.indexing.toggle_pause)
    _action(window, menu, "Photos That Could&n’t Be Read…", window.problems.show)
    menu.addSeparator()
    _action(window, menu, "&Open Photo", window.open_current)
    menu.addSeparator()
    _action(window, menu, "&Close Window", window.close, _keys(Standard.Close, "Ctrl+W"))
    _action(window, menu, "&Quit", window.close, _keys(Standard.Quit, "Ctrl+Q"), Role.QuitRole)

    def name() -> None:
        is_paused = window.indexing.run.manners.is_paused
        verb = "&Continue" if is_paused else "&Pause"
        pause.setText(f"{verb} Looking at Photos")

    menu.aboutToShow.connect(name)


def _edit(window: "Window", menu: QMenu) -> None:
    _action(window, menu, "&Find", window.start_search, _keys(Standard.Find, "Ctrl+F"))
    _action(window, menu, "&Clear Search", window.clear_search)
    menu.addSeparator()
    grid = window.grid
    _action(window, menu, "Select &All", grid.selectAll, _keys(Standard.SelectAll, "Ctrl+A"))
    _action(window, menu, "Select &None", grid.clearSelection, "Ctrl+Shift+A")


def _view(window: "Window", menu: QMenu) -> None:
    grid = window.grid
    larger = [*_keys(Standard.ZoomIn, "Ctrl++"), QKeySequence("Ctrl+=")]
    _action(window, menu, "&Larger Photos", lambda: grid.zoom_to(grid.step + 1), larger)
    smaller = _keys(Standard.ZoomOut, "Ctrl+-")
    _action(window, menu, "&Smaller Photos", lambda: grid.zoom_to(grid.step - 1), smaller)
    menu.addSeparator()
    _action(window, menu, "Show the &Nearest Photos", window.show_nearest)
    menu.addSeparator()
    key = "Ctrl+Meta+F" if sys.platform == "darwin" else "F11"
    _action(window, menu, "&Full Screen", window.toggle_full_screen, key)


def _help(window: "Window", menu: QMenu) -> None:
    def about() -> None:
        QMessageBox.about(window, "About Sightword", ABOUT)

    def keys() -> None:
        QMessageBox.information(window, "Keys", words.KEYS)

    _action(window, menu, "&Keys", keys, "Ctrl+?")
    _action(window, menu, "&About Sightword", about, role=Role.AboutRole)


def _action(
    window: "Window",
    menu: QMenu,
    text: str,
    does: Callable[[], object],
    keys: str | list[QKeySequence] = "",
    role: QAction.MenuRole = Role.NoRole,
) -> QAction:
    action = QAction(text, window)
    action.setMenuRole(role)
    if keys:
        action.setShortcuts([QKeySequence(keys)] if isinstance(keys, str) else keys)
    action.triggered.connect(lambda: does())
    menu.addAction(action)
    return action


def _keys(standard: QKeySequence.StandardKey, fallback: str) -> list[QKeySequence]:
    """The system's own keys, and ours where it has none or others."""
    ours = QKeySequence(fallback)
    keys = QKeySequence.keyBindings(standard)
    return keys if ours in keys else [ours, *keys]
