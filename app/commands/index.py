"""`sightword index FOLDER ... [--watch]`: bring the index up to date, and keep it so."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from app.progress_line import ProgressLine, photos
from indexer.client import Client
from indexer.errors import BadFolder, IndexerUnreachable, KnownError
from indexer.events import (
    Done,
    Doubt,
    Event,
    FoldersChanged,
    Manners,
    Progress,
    Switched,
    Switching,
    Trouble,
)
from indexer.library import Library
from indexer.photo import Answer
from indexer.view import View
from models.installed import find

PAUSED = "Paused. What was seen is searchable. `sightword resume` goes on; Ctrl-C leaves."
FULL = "The disk is full, so looking at photos is paused. Free some space and we'll carry on."
RESTARTS = 3  # an indexer that dies oftener has a trouble that starting again won't mend
STOP_S = 1.5  # the indexer ends within it, or lives on for other clients


ASKS = (
    "{gone:,} of {known} that were in {folder} are gone, so nothing was changed there. Connect "
    "their drive; or, with `sightword index` and the folder, --forget lets them go and --keep "
    "keeps them until they return."
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asks of `index`."""

    folders: Sequence[Path]
    watches: bool = False  # go on until Ctrl-C
    answer: str | None = None  # for folders from which many photos are gone: "forget" or "keep"
    tries_again: bool = False  # all photos that could not be read


def run(library: Library, model: str | None, wish: Wish, *, as_json: bool) -> int:
    """Index folders that can be read and wait for the end; the exit status. Raises KnownError.

    The end is reached when all photos have been seen by the encoder that is to serve: the one
    called `model`, to which the library is switched, or the one that it has chosen already.
    """
    encoder = find(model, library.encoders)
    with View(library) as view:
        view.counts()  # a damaged or newer library is said at once, by us
    try:
        return _index(library, encoder, wish, switches=model is not None, as_json=as_json)
    except BrokenPipeError as error:  # `sightword index … | head -1`
        raise KnownError(
            "Nobody reads what indexing says any more, so it stopped. What was done is kept; "
            "index again for the rest."
        ) from error


def _index(library: Library, encoder: Path, wish: Wish, *, switches: bool, as_json: bool) -> int:
    """Ask an indexer until one has done it; the exit status."""
    line = ProgressLine(sys.stderr)
    for _ in range(RESTARTS):
        client = Client.connect(library, encoder)
        try:
            use = client.use(encoder) if switches else None
            if wish.watches:
                client.watch()  # first, so that no change falls between
            answer = Answer(wish.answer) if wish.answer else None
            if client.is_paused:
                client.resume()  # who waits for photos wants them looked at
            request = client.add(wish.folders, answer, tries_again=wish.tries_again)
            asked = Asked(library, request, use, wish, line, as_json)
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
            asked.finish(done)
            return 0
        line.note("The indexer stopped unexpectedly; starting it again. Nothing is lost.")
    raise IndexerUnreachable(
        f"The indexer stopped {RESTARTS} times. {library.log} says why. What was done is kept."
    )


@dataclass(slots=True)
class Asked:
    """What we asked of an indexer, and how far it is."""

    library: Library
    request: str  # to look at the folders
    use: str | None  # to switch, while that has not ended
    wish: Wish
    line: ProgressLine
    as_json: bool
    done: Done | None = None
    goes_on: bool = False  # photos are seen anew behind the run
    away: set[Path] = field(default_factory=set)  # folders that were said to be away
    progress: Progress = field(default_factory=lambda: Progress(0, 0, 0, 0))
    manners: Manners = field(default_factory=Manners)

    def follow(self, client: Client) -> Done | None:
        """Show what happens until all is done; None where the indexer goes away.

        Who watches is never done, and hears of each change as of a run of its own.

        Raises IndexerUnreachable where it can't go on, BadFolder where a folder is gone, and
        KnownError where it can't switch.
        """
        for event in client.events():
            self._heed(event)
            if self.done is not None and self.use is None and not self.goes_on:
                if not self.wish.watches:
                    return self.done
                self.finish(self.done)
                self.done = None
        return None

    def _heed(self, event: Event) -> None:
        if isinstance(event, Done) and (self.request in event.requests or self.wish.watches):
            self.done, self.goes_on = event, event.goes_on
        elif isinstance(event, Doubt):
            self._ask(event)
        elif isinstance(event, Switched):
            self.goes_on = False
            if self.use in event.requests:
                self.use = None
        elif isinstance(event, FoldersChanged) and self.wish.watches:
            self._say_who_is_away()
        elif isinstance(event, Trouble):
            self._trouble(event)
        elif isinstance(event, Manners):
            self._mind(event)
        elif isinstance(event, Progress):
            self.progress = event
            self._show(event, None)
        elif isinstance(event, Switching):
            self._show(event, event)

    def _show(self, event: Progress | Switching, switching: Switching | None) -> None:
        if self.as_json:
            _print_progress(self.progress, switching, is_paused=self.manners.is_paused)
        if not self.manners.is_paused:
            self.line.show(event)

    def _mind(self, manners: Manners) -> None:
        """Say that somebody has paused, gone on, pulled the plug, or filled the disk."""
        before, self.manners = self.manners, manners
        if manners.is_paused and not before.is_paused:
            self.line.note(PAUSED)
        elif before.is_paused and not manners.is_paused:
            self.line.note("Going on.")
        if manners.is_slow and not before.is_slow:
            self.line.note("Going slowly to save your battery.")
        if manners.is_full and not before.is_full:
            self.line.note(FULL)
        elif before.is_full and not manners.is_full:
            self.line.note("There is room again. Going on.")

    def _trouble(self, trouble: Trouble) -> None:
        self.line.end()
        if trouble.is_the_end:
            raise IndexerUnreachable(trouble.message)
        if trouble.folder is not None and Path(trouble.folder) in self.wish.folders:
            raise BadFolder(trouble.message)  # gone since we looked
        if self.use in trouble.requests:
            raise KnownError(trouble.message)
        self.line.note(trouble.message)

    def _ask(self, doubt: Doubt) -> None:
        if self.as_json:
            _print("doubt", asdict(doubt))
        known = photos(doubt.photos)
        words = ASKS.format(gone=doubt.missing, known=known, folder=doubt.folder)
        self.line.end()
        self.line.note(words)

    def _say_who_is_away(self) -> None:
        with View(self.library) as view:
            away = {one.path for one in view.folders() if not one.state.is_there}
        for path in sorted(away - self.away):
            self.line.note(f"{path} isn't connected now. What was seen of it stays searchable.")
        for path in sorted(self.away - away):
            self.line.note(f"{path} is connected again.")
        self.away = away

    def finish(self, done: Done) -> None:
        """The last words on a run, to a person or to a program."""
        self.line.end()
        if self.as_json:
            keys = ("found", "indexed", "unchanged", "failed", "missing", "seconds")
            _print("done", {key: getattr(done, key) for key in keys})
        if done.found or done.missing:
            print(_summary(done), file=sys.stderr)
        elif self.request in done.requests and self.wish.tries_again:
            print("There is no photo to try again.", file=sys.stderr)
        elif self.request in done.requests:
            named = ", ".join(str(folder) for folder in self.wish.folders)
            print(f"There are no photos in {named}.", file=sys.stderr)


def _summary(done: Done) -> str:
    """What a run did, for a person."""
    words = f"{photos(done.found)}: {done.indexed:,} new, {done.unchanged:,} unchanged"
    if done.failed:
        words += f", {done.failed:,} can't be read (`sightword status` says why)"
    if done.missing:
        words += f", {done.missing:,} gone"
    return f"{words}. {done.seconds:.1f} s."


def _print_progress(progress: Progress, switching: Switching | None, *, is_paused: bool) -> None:
    """How far the run is, and behind it the switch to another encoder."""
    keys = ("found", "indexed", "unchanged", "failed", "rate_per_s", "left_s")
    values: dict[str, object] = {key: getattr(progress, key) for key in keys}
    if is_paused:
        values["paused"] = True
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
