"""Let photos that could not be read be read once more, where a person wants that."""

import json
from collections.abc import Sequence

from indexer.photo import PhotoState
from indexer.store import Store
from indexer.transactions import transaction


@transaction
def try_again(store: Store, photo_ids: Sequence[int] | None = None) -> int:
    """Let the photos with these ids wait to be read, or all that could not be; how many do now.

    Those in folders that can't be looked at stay as they are: they would only lose their reason.
    """
    there = [number for number, _, state in store.folders() if state.is_there]
    chosen = "" if photo_ids is None else " AND id IN (SELECT value FROM json_each(?))"
    values = [] if photo_ids is None else [json.dumps(list(photo_ids))]
    cursor = store.connection.execute(
        "UPDATE photo SET state = ?, reason = NULL WHERE state = ?"
        f" AND folder_id IN (SELECT value FROM json_each(?)){chosen}",
        (PhotoState.PENDING, PhotoState.FAILED, json.dumps(there), *values),
    )
    return cursor.rowcount
