"""The photos as an item model: for selection, keyboard and screen readers. Painting bypasses it."""

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app import words
from app.photos import Photos

PHOTO_ID = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex


class PhotoModel(QAbstractListModel):
    """One row a photo."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.photos = Photos.none()

    def show(self, photos: Photos) -> None:
        """Hold `photos` from now on."""
        self.beginResetModel()
        self.photos = photos
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """How many photos there are."""
        return 0 if parent.isValid() else len(self.photos)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """The words for a photo (its date), or its id."""
        if not index.isValid() or index.row() >= len(self.photos):
            return None
        if role in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.ToolTipRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return words.long_day(float(self.photos.taken_s[index.row()]))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            n = words.number(len(self.photos))
            return f"photo {words.number(index.row() + 1)} of {n}"
        if role == PHOTO_ID:
            return int(self.photos.ids[index.row()])
        return None
