"""`sightword index FOLDER ...`: bring the index up to date, with progress on stderr."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from app.progress_line import ProgressLine, photos
from indexer.client import Client
from indexer.errors import BadFolder, IndexerUnreachable, KnownError
from indexer.events import Done, Event, Progress, Trouble
from indexer.library import Library
from indexer.view import View
from models.installed import find

RESTARTS = 3  # an indexer that dies oftener has a trouble that starting again won't mend
STOP_S = 1.5  # the indexer ends within it, or lives on for other clients


def run(library: Library, model: str | None, folders: Sequence[Path], *, as_json: bool) -> int:
    """Index folders that can be read and wait for the end; the exit status. Raises KnownError."""
    encoder = find(model, library.encoders)
    with View(library) as view:
        view.counts()  # a damaged or newer library is said at once, by us
    try:
        return _index(library, encoder, folders, as_json=as_json)
    except BrokenPipeError as error:  # `sightword index … | head -1`
        raise KnownError(
            "Nobody reads what indexing says any more, so it stopped. What was done is kept; "
            "index again for the rest."
        ) from error


def _index(library: Library, encoder: Path, folders: Sequence[Path], *, as_json: bool) -> int:
    """Ask an indexer until one has done it; the exit status."""
    line = ProgressLine(sys.stderr)
    for _ in range(RESTARTS):
        client = Client.connect(library, encoder)
        try:
            done = _follow(client, folders, line, as_json=as_json)
        except KeyboardInterrupt:
            client.close()
            client.wait(STOP_S)
            line.end()
            print("Stopped. Everything found so far is kept.", file=sys.stderr)
            return 130
        finally:
            client.close()
        if done is not None:
            client.wait(STOP_S)
            _finish(done, folders, line, as_json=as_json)
            return 0
        line.note("The indexer stopped unexpectedly; starting it again. Nothing is lost.")
    raise IndexerUnreachable(
        f"The indexer stopped {RESTARTS} times. {library.log} says why. What was done is kept."
    )


def _follow(
    client: Client, folders: Sequence[Path], line: ProgressLine, *, as_json: bool
) -> Done | None:
    """Ask for `folders` and show the run until it is done; None where the indexer goes away.

    Raises IndexerUnreachable where it can't go on, BadFolder where one of them is gone.
    """
    request = client.add(folders)
    for event in client.events():
        if isinstance(event, Done) and request in event.requests:
            return event
        if isinstance(event, Trouble):
            line.end()
            if event.is_the_end:
                raise IndexerUnreachable(event.message)
            if event.folder is not None and Path(event.folder) in folders:  # gone since we looked
                raise BadFolder(event.message)
            line.note(event.message)
        if isinstance(event, Progress):
            if as_json:
                _print(event)
            line.show(event)
    return None


def _finish(done: Done, folders: Sequence[Path], line: ProgressLine, *, as_json: bool) -> None:
    """The last words, to a person or to a program."""
    line.end()
    if as_json:
        _print(done)
    if not done.found:
        named = ", ".join(str(folder) for folder in folders)
        print(f"There are no photos in {named}.", file=sys.stderr)
        return
    words = f"{photos(done.found)}: {done.indexed:,} new, {done.unchanged:,} unchanged"
    if done.failed:
        words += f", {done.failed:,} can't be read (`sightword status` says why)"
    if done.missing:
        words += f", {done.missing:,} gone"
    print(f"{words}. {done.seconds:.1f} s.", file=sys.stderr)


def _print(event: Event) -> None:
    """The event as docs/command-line.md has it."""
    counts: dict[str, object] = {
        key: getattr(event, key) for key in ("found", "indexed", "unchanged", "failed")
    }
    if isinstance(event, Done):
        counts |= {"event": "done", "missing": event.missing, "seconds": event.seconds}
    elif isinstance(event, Progress):
        counts |= {
            "event": "progress",
            "rate_per_s": event.rate_per_s,
            "left_s": event.left_s,
        }
    print(json.dumps({"event": counts.pop("event"), **counts}), flush=True)
