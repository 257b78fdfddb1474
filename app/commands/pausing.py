"""`sightword pause` and `sightword resume`: let the looking at photos rest, and go on."""

import json
import sys
import time

from app.progress_line import photos
from indexer.client import PATIENCE_S, PAUSE_S, Client
from indexer.errors import IndexerUnreachable, KnownError
from indexer.events import Manners
from indexer.library import Library
from indexer.lock import Busy, lock
from indexer.pausing import Pausing
from indexer.view import View


def run(library: Library, *, pauses: bool, as_json: bool) -> int:
    """Pause or go on, and say how much can be searched. Raises KnownError."""
    if not library.database.exists():
        raise KnownError(
            f"There is no library in {library.root} yet. `sightword index` and a folder makes one."
        )
    _change(library, pauses)
    with View(library) as view:
        counts = view.counts()
    if as_json:
        values = {"paused": pauses, "indexed": counts.indexed, "pending": counts.pending}
        print(json.dumps(values))
    elif pauses:
        print(paused(counts.indexed, counts.indexed + counts.pending), file=sys.stderr)
    else:
        waiting = f", {counts.pending:,} wait to be read" if counts.pending else ""
        words = f"Not paused. {photos(counts.indexed)} can be searched{waiting}."
        print(words, file=sys.stderr)
    return 0


def paused(indexed: int, known: int) -> str:
    """What a pause means now.

    >>> paused(1240, 18302)
    'Paused. 1,240 of 18,302 photos are searchable. `sightword resume` goes on.'
    """
    return f"Paused. {indexed:,} of {photos(known)} are searchable. `sightword resume` goes on."


def _change(library: Library, pauses: bool) -> None:
    """Tell the indexer that runs; where none does, the next one finds a mark."""
    deadline = time.monotonic() + PATIENCE_S  # one may be starting, or ending
    while time.monotonic() < deadline:
        client = Client.attach(library)
        if client is not None:
            if _asked(client, pauses):
                return
            continue
        try:
            with lock(library):
                pausing = Pausing(library)
                (pausing.pause if pauses else pausing.resume)()
                return
        except Busy:
            time.sleep(PAUSE_S)
    raise IndexerUnreachable(
        f"The indexer of {library.root} doesn't answer. Wait a moment and try again; "
        f"{library.log} says what it was doing."
    )


def _asked(client: Client, pauses: bool) -> bool:
    """Ask an indexer; whether it has answered."""
    try:
        (client.pause if pauses else client.resume)()
        return any(
            isinstance(event, Manners) and event.is_paused == pauses for event in client.events()
        )
    finally:
        client.close()
