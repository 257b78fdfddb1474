"""Compare what a scan finds with what the database knows."""

from dataclasses import dataclass, field

from indexer.errors import Reason
from indexer.photo import PhotoState
from indexer.scan import Found, Scan
from indexer.store import Row


@dataclass(slots=True)
class Changes:
    """What one scan of one folder means for the library."""

    found: int = 0
    new: int = 0  # of those found: not in the database yet
    unchanged: int = 0
    failed: int = 0  # could not be read last time, and are the same files still
    to_read: list[Found] = field(default_factory=list)  # new, edited, or worth another try
    returned: list[int] = field(default_factory=list)  # were missing; their vectors still hold
    missing: list[int] = field(default_factory=list)


def compare(scan: Scan, rows: dict[str, Row]) -> Changes:
    """The changes since `rows`, which is used up. Raises BadFolder as the scan does.

    Photos below a folder that can't be read now are neither found nor missing.
    """
    changes = Changes()
    for found in scan:
        changes.found += 1
        row = rows.pop(found.path, None)
        changes.new += row is None
        if row is None or (row.size_bytes, row.mtime_ns) != (found.size_bytes, found.mtime_ns):
            changes.to_read.append(found)
        elif row.state is PhotoState.MISSING:
            if row.is_known:
                changes.returned.append(row.id)
                changes.unchanged += 1
            else:
                changes.to_read.append(found)
        elif row.state is PhotoState.FAILED:
            if row.reason is not None and Reason(row.reason).may_pass:
                changes.to_read.append(found)
            else:
                changes.failed += 1
        elif row.state is PhotoState.INDEXED:
            changes.unchanged += 1
        # else: it waits to be read already
    hidden = tuple(f"{folder}/" for folder in scan.unreadable)
    changes.missing = [
        row.id
        for path, row in rows.items()
        if row.state is not PhotoState.MISSING and not path.startswith(hidden)
    ]
    return changes
