"""Whether the library opens, is whole, and can be searched and added to."""

import os
from collections.abc import Iterator

from app.commands.doctor_check import Check, State
from app.progress_line import photos
from indexer.channel import call
from indexer.errors import KnownError
from indexer.library import Library
from indexer.lock import Busy, lock
from indexer.photo import Counts, FolderState, Switch
from indexer.view import View

HELLO_S = 5.0
AGAIN = "Bring it up to date: sightword index FOLDER"


def look(library: Library) -> Iterator[Check]:
    """The library on disk, and the indexer that may be at work on it."""
    if not library.database.exists():
        try:
            with View(library) as view:
                view.counts()  # says where none can be
        except KnownError as error:
            yield _problem("opens", error)
            return
        words = f"there is none yet at {library.root}"
        yield Check("library", "opens", "ok", words, "Make one: sightword index FOLDER")
        return
    try:
        with View(library) as view:
            counts = view.counts()
            yield _counts(library, counts)
            yield _whole(view)
            yield _indexer(library, counts, view.switch())
            yield from _folders(view)
            yield _snapshot(view)
    except KnownError as error:
        yield _problem("opens", error)


def _problem(name: str, error: KnownError) -> Check:
    return Check("library", name, "problem", str(error))


def _counts(library: Library, counts: Counts) -> Check:
    words = f"{library.root}: {photos(counts.photos)}, {counts.indexed:,} searchable"
    values: dict[str, object] = {
        key: getattr(counts, key) for key in ("photos", "indexed", "failed", "pending", "missing")
    }
    if not os.access(library.root, os.W_OK):
        todo = f"Allow writing to {library.root}, else nothing new is found."
        return Check(
            "library", "opens", "problem", f"{words}; it can't be written to", todo, values
        )
    if counts.failed:
        todo = f"{photos(counts.failed)} can't be read; `sightword status` says which and why."
        return Check("library", "opens", "ok", words, todo, values)
    return Check("library", "opens", "ok", words, values=values)


def _whole(view: View) -> Check:
    """SQLite's own look at every page."""
    found = [row[0] for row in view.rows("PRAGMA quick_check(5)")]
    if found == ["ok"]:
        return Check("library", "integrity", "ok", "the index is whole")
    return Check(
        "library",
        "integrity",
        "problem",
        f"the index is damaged: {'; '.join(found)}",
        f"Move {view.library.database} away and index your folders again. Photos are not touched.",
    )


def _indexer(library: Library, counts: Counts, switch: Switch | None) -> Check:
    """Whether one is at work, answers, or is missed."""
    try:
        with lock(library):
            pass
    except Busy:
        try:
            line = call(library.socket)
        except OSError:
            hello = None
        else:
            hello = line.first(HELLO_S)
            line.close()
        if hello is not None:
            return Check("library", "indexer", "ok", "an indexer is at work, and answers")
        return Check(
            "library",
            "indexer",
            "problem",
            "an indexer holds the library and does not answer",
            f"Wait a minute; if that does not help, end it. {library.log} says what it was doing.",
        )
    except OSError as error:
        words = f"the library can't be held by an indexer: {error.strerror}"
        return Check("library", "indexer", "problem", words, f"Allow writing to {library.root}.")
    if counts.pending:
        words = f"{photos(counts.pending)} wait to be looked at, and no indexer runs"
        return Check("library", "indexer", "warning", words, AGAIN)
    if switch is not None:
        name, left = switch.wanted.name, switch.total - switch.seen
        words = f"{photos(left)} wait to be seen by {name}, and no indexer runs"
        todo = f"Go on with it: sightword models use {name}"
        return Check("library", "indexer", "warning", words, todo)
    return Check("library", "indexer", "ok", "no indexer runs, and none is needed")


def _folders(view: View) -> Iterator[Check]:
    """Each folder: there, away, or forbidden."""
    for folder in view.folders():
        state: State = "ok"
        words, todo = f"{folder.path}: {photos(folder.photos)}", None
        if folder.state is FolderState.FORBIDDEN:
            state, todo = "warning", "Allow this program to read it, then index it again."
            words += ", which we may not read"
        elif folder.state is FolderState.AWAY or not os.path.isdir(folder.path):  # noqa: PTH112 - never raises
            state, todo = "warning", "Connect its drive. What was seen stays searchable meanwhile."
            words += ", which isn't connected"
        values: dict[str, object] = {"path": str(folder.path), "state": folder.state.value}
        yield Check("library", "folder", state, words, todo, values)


def _snapshot(view: View) -> Check:
    """How many vectors lie behind the snapshot that searches map."""
    from indexer.vectors import VectorIndex, is_long

    serving, switch, unseen = view.serving(), view.switch(), view.unseen()
    if serving is None:
        return Check("library", "vectors", "ok", "no photo has been looked at yet", AGAIN)
    there = view.counts(serving.digest).vectors
    behind = max(0, there - len(VectorIndex(view, serving.digest, serving.dimension)))
    values: dict[str, object] = {"vectors": there, "behind": behind, "encoder": serving.name}
    values["unseen"] = unseen
    words = f"{there:,} vectors of {serving.name}, {behind:,} of them newer than the snapshot"
    if switch is not None:
        words += f"; {switch.wanted.name} has seen {switch.seen:,} of {switch.total:,}"
        values |= {"wanted": switch.wanted.name, "seen": switch.seen, "total": switch.total}
    if unseen and switch is None:
        words += f"; it has not seen {photos(unseen)}, and no words find those"
        todo = "Connect the drive that was away meanwhile, and index it: sightword index FOLDER"
        return Check("library", "vectors", "warning", words, todo, values)
    if is_long(behind, there - behind):
        todo = f"Searches take longer until a new one is written. {AGAIN}"
        return Check("library", "vectors", "warning", words, todo, values)
    return Check("library", "vectors", "ok", words, values=values)
