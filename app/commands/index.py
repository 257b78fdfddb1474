"""`sightword index FOLDER ...`: bring the index up to date, with progress on stderr."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.progress_line import ProgressLine, photos
from indexer.client import Client
from indexer.errors import BadFolder, IndexerUnreachable, KnownError
from indexer.events import Done, Event, Progress, Switched, Switching, Trouble
from indexer.library import Library
from indexer.view import View
from models.installed import find

RESTARTS = 3  # an indexer that dies oftener has a trouble that starting again won't mend
STOP_S = 1.5  # the indexer ends within it, or lives on for other clients


def run(library: Library, model: str | None, folders: Sequence[Path], *, as_json: bool) -> int:
    """Index folders that can be read and wait for the end; the exit status. Raises KnownError.

    The end is reached when all photos have been seen by the encoder that is to serve: the one
    called `model`, to which the library is switched, or the one that it has chosen already.
    """
    encoder = find(model, library.encoders)
    with View(library) as view:
        view.counts()  # a damaged or newer library is said at once, by us
    try:
        return _index(library, encoder, folders, switches=model is not None, as_json=as_json)
    except BrokenPipeError as error:  # `sightword index … | head -1`
        raise KnownError(
            "Nobody reads what indexing says any more, so it stopped. What was done is kept; "
            "index again for the rest."
        ) from error


def _index(
    library: Library, encoder: Path, folders: Sequence[Path], *, switches: bool, as_json: bool
) -> int:
    """Ask an indexer until one has done it; the exit status."""
    line = ProgressLine(sys.stderr)
    for _ in range(RESTARTS):
        client = Client.connect(library, encoder)
        try:
            use = client.use(encoder) if switches else None
            asked = Asked(client.add(folders), use, folders, line, as_json)
            done = asked.follow(client)
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


@dataclass(slots=True)
class Asked:
    """What we asked of an indexer, and how far it is."""

    request: str  # to look at the folders
    use: str | None  # to switch, while that has not ended
    folders: Sequence[Path]
    line: ProgressLine
    as_json: bool
    done: Done | None = None
    goes_on: bool = False  # photos are seen anew behind the run
    progress: Progress = field(default_factory=lambda: Progress(0, 0, 0, 0))

    def follow(self, client: Client) -> Done | None:
        """Show what happens until all is done; None where the indexer goes away.

        Raises IndexerUnreachable where it can't go on, BadFolder where a folder is gone, and
        KnownError where it can't switch.
        """
        for event in client.events():
            self._heed(event)
            if self.done is not None and self.use is None and not self.goes_on:
                return self.done
        return None

    def _heed(self, event: Event) -> None:
        if isinstance(event, Done) and self.request in event.requests:
            self.done, self.goes_on = event, event.goes_on
        elif isinstance(event, Switched):
            self.goes_on = False
            if self.use in event.requests:
                self.use = None
        elif isinstance(event, Trouble):
            self._trouble(event)
        elif isinstance(event, Progress):
            self.progress = event
            self._show(event, None)
        elif isinstance(event, Switching):
            self._show(event, event)

    def _show(self, event: Progress | Switching, switching: Switching | None) -> None:
        if self.as_json:
            _print_progress(self.progress, switching)
        self.line.show(event)

    def _trouble(self, trouble: Trouble) -> None:
        self.line.end()
        if trouble.is_the_end:
            raise IndexerUnreachable(trouble.message)
        if trouble.folder is not None and Path(trouble.folder) in self.folders:
            raise BadFolder(trouble.message)  # gone since we looked
        if self.use in trouble.requests:
            raise KnownError(trouble.message)
        self.line.note(trouble.message)


def _finish(done: Done, folders: Sequence[Path], line: ProgressLine, *, as_json: bool) -> None:
    """The last words, to a person or to a program."""
    line.end()
    if as_json:
        keys = ("found", "indexed", "unchanged", "failed", "missing", "seconds")
        _print("done", {key: getattr(done, key) for key in keys})
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


def _print_progress(progress: Progress, switching: Switching | None) -> None:
    """How far the run is, and behind it the switch to another encoder."""
    keys = ("found", "indexed", "unchanged", "failed", "rate_per_s", "left_s")
    values: dict[str, object] = {key: getattr(progress, key) for key in keys}
    if switching is not None:
        values |= {"rate_per_s": switching.rate_per_s, "left_s": switching.left_s}
        values["switching"] = {
            "model": switching.encoder,
            "seen": switching.seen,
            "total": switching.total,
        }
    _print("progress", values)


def _print(event: str, values: dict[str, object]) -> None:
    """A line as docs/command-line.md has it."""
    print(json.dumps({"event": event, **values}), flush=True)
