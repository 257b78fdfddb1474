"""Read and write a selection as ranges of rows and as photo ids, never one index a photo."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QItemSelection, QItemSelectionModel

from app.model import PhotoModel

Flag = QItemSelectionModel.SelectionFlag


def ranges(selection: QItemSelectionModel) -> list[tuple[int, int]]:
    """The first and last row of each selected range."""
    return [(one.top(), one.bottom()) for one in selection.selection().toList()]


def count(selection: QItemSelectionModel) -> int:
    """How many photos are selected."""
    return sum(last - first + 1 for first, last in ranges(selection))


def ids(selection: QItemSelectionModel, model: PhotoModel) -> NDArray[np.int64]:
    """The ids of the selected photos, (k,) int64."""
    parts = [model.photos.ids[first : last + 1] for first, last in ranges(selection)]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def select(
    selection: QItemSelectionModel,
    model: PhotoModel,
    wanted: NDArray[np.int64],
    current: int | None,
) -> None:
    """Select those of `wanted` that are in the model, and make `current` the current one."""
    rows = model.photos.rows(wanted)
    rows = np.sort(rows[rows >= 0])
    chosen = QItemSelection()
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else []:
        chosen.select(model.index(int(run[0])), model.index(int(run[-1])))
    selection.select(chosen, Flag.ClearAndSelect)
    row = None if current is None else model.photos.row(current)
    if row is not None:
        selection.setCurrentIndex(model.index(row), Flag.NoUpdate)
