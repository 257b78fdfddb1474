"""Ask for a folder of photos, or take the ones that were dropped."""

from pathlib import Path

from PySide6.QtCore import QMimeData, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget


def choose(parent: QWidget) -> Path | None:
    """The folder that the person picked in the system's own dialog."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    start = pictures if Path(pictures).is_dir() else str(Path.home())
    chosen = QFileDialog.getExistingDirectory(parent, "Add a Folder of Photos", start)
    return Path(chosen) if chosen else None


def dropped(data: QMimeData) -> list[Path]:
    """The files and folders of a drag, as paths."""
    return [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
