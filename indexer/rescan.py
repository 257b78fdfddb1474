"""Note in the database what a walk over one folder finds, and tell what people should know."""

import os
from collections.abc import Callable
from pathlib import Path

from indexer.changes import Changes, compare
from indexer.errors import BadFolder
from indexer.events import Committed, Event, FoldersChanged, Trouble
from indexer.photo import FolderState, PhotoState
from indexer.scan import Scan, ScanStopped
from indexer.store import Store


def rescan(
    store: Store, folder: Path, tell: Callable[[Event], None], is_stopped: Callable[[], bool]
) -> Changes | None:
    """What changed in `folder`, which joins the library; None where the walk was given up.

    A folder that can not be looked at keeps its photos, and Trouble is told.
    """
    scan = Scan(folder, is_stopped)
    try:
        changes = compare(scan, store.rows(folder))
    except ScanStopped:
        return None
    except BadFolder as error:
        is_there = os.path.exists(folder)  # noqa: PTH110 - Path.exists raises where forbidden
        state = FolderState.FORBIDDEN if is_there else FolderState.AWAY
        if store.set_folder_state(folder, state):
            tell(FoldersChanged())
        tell(Trouble(str(error), folder=str(folder)))
        return None
    news = store.join(folder) | store.set_folder_state(folder, FolderState.AVAILABLE)
    if news:
        tell(FoldersChanged())
    store.add(changes.to_read)
    store.set_states(changes.missing, PhotoState.MISSING)
    store.set_states(changes.returned, PhotoState.INDEXED)
    if changes.missing or changes.returned:
        tell(Committed(0, 0))
    if scan.unreadable:
        others = f" and {len(scan.unreadable) - 1} more folders" if scan.unreadable[1:] else ""
        tell(
            Trouble(
                f"You don't have permission to read {scan.unreadable[0]}{others}. "
                "The rest is searchable."
            )
        )
    return changes
