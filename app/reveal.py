"""Show files where they lie: in the Finder, or in whichever file manager a Linux desktop has."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QUrl
from PySide6.QtDBus import QDBusConnection, QDBusMessage, QDBusPendingCallWatcher
from PySide6.QtGui import QDesktopServices

FILES = "org.freedesktop.FileManager1"  # desktop-wide: freedesktop.org's file-manager-interface
MOST = 20  # files at once: some file managers open a window for each folder


def reveal(paths: Sequence[Path], parent: QObject) -> None:
    """Open the folders of `paths` with the files selected, without waiting for it."""
    paths = paths[:MOST]
    if not paths:
        return
    if sys.platform == "darwin":
        subprocess.Popen(["/usr/bin/open", "-R", *map(str, paths)])
        return
    call = QDBusMessage.createMethodCall(FILES, "/org/freedesktop/FileManager1", FILES, "ShowItems")
    call.setArguments([[QUrl.fromLocalFile(str(path)).toString() for path in paths], ""])
    answer = QDBusPendingCallWatcher(QDBusConnection.sessionBus().asyncCall(call), parent)

    def came() -> None:
        if answer.isError():  # no file manager knows how: at least its folder
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(paths[0].parent)))
        answer.deleteLater()

    answer.finished.connect(came)
