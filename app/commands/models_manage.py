"""`sightword models use`, `remove` and `export`: what is done with encoders that are here."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from app.commands.models_fetch import FETCHED
from app.commands.models_list import size_of
from app.commands.models_progress import Line
from app.progress_line import ProgressLine, photos
from indexer.client import Client
from indexer.errors import IndexerUnreachable, KnownError
from indexer.events import Event, Forgotten, Switched, Switching, Trouble
from indexer.library import Library
from indexer.view import View
from models.bundle import SUFFIX, adding, write
from models.catalogue import Catalogue
from models.installed import SHIPPED, find, installed
from models.spec import MANIFEST, EncoderSpec

STOP_S = 1.5  # the indexer ends within it, or lives on for other clients


def use(library: Library, name: str, *, as_json: bool) -> int:
    """Switch the library to an encoder and follow it to the end; the exit status."""
    folder = _here(library, name)
    spec = EncoderSpec.read(folder)
    line = ProgressLine(sys.stderr)

    def show(event: Event) -> None:
        if isinstance(event, Switching) and event.digest == spec.digest:
            line.show(event)
            if as_json:
                keys = ("seen", "total", "rate_per_s", "left_s")
                values = {key: getattr(event, key) for key in keys}
                print(json.dumps({"event": "progress", **values}), flush=True)

    try:
        _ask(library, folder, lambda client: client.use(folder), Switched, show)
    except KeyboardInterrupt:
        line.end()
        print(
            f"Stopped. The photos that {spec.name} has seen are kept; it goes on with the next "
            "`sightword index`, or while the window is open. Until then the old one answers.",
            file=sys.stderr,
        )
        raise
    finally:
        line.end()
    if as_json:
        print(json.dumps({"event": "done", "name": spec.name}))
    print(f"Your photos are searched with {spec.name} now.", file=sys.stderr)
    with View(library) as view:
        left = view.unseen()
    if left:
        print(
            f"It has not seen {photos(left)} whose folder can't be read now: they are found again "
            "when its drive is connected and it was looked at.",
            file=sys.stderr,
        )
    return 0


def remove(library: Library, name: str, *, as_json: bool) -> int:
    """Free the disk of an encoder that a person added, and of its vectors; the exit status.

    Ours stay, but the vectors that they have left in the library can go.
    """
    if not name or name[0] == "." or os.sep in name:
        raise KnownError(f"{name!r} is no encoder's name. `sightword models list` shows them.")
    folder, fetched = library.encoders / name, library.encoders / FETCHED / name
    places = [place for place in (folder, fetched) if place.is_dir()]
    freed = sum(size_of(place) for place in places)
    is_added = bool(places)
    if not is_added and not _vectors_of(library, name, None):
        find(name, library.encoders)  # raises, with the names of those that are there
        raise KnownError(f"{name} comes with the program and stays. Others can be removed.")
    digest = _digest(folder)
    with _out_of_reach(library, places):  # first, so that nobody begins to use it meanwhile
        if is_added:
            _check_idle(library, name, digest)
        for one in _vectors_of(library, name, digest):
            forget = partial(Client.forget, digest=one)
            _ask(library, find(None, library.encoders), forget, Forgotten)
    if as_json:
        print(json.dumps({"event": "done", "name": name, "bytes": freed}))
    gone = f"{name} is gone" if is_added else f"The vectors of {name} are gone"
    print(f"{gone}; {freed / 1e6:,.0f} MB of encoders are off the disk.", file=sys.stderr)
    return 0


def export(library: Library, name: str, to: Path, format: str, *, as_json: bool) -> int:
    """Write an encoder to `to`: a bundle, or a folder of bare files; the exit status."""
    folder = find(name, library.encoders)
    spec = EncoderSpec.read(folder)
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise KnownError(f"{to} can't be made: {error.strerror}. Name another place.") from error
    line = Line(as_json)
    if format == "bundle":
        out = to / f"{spec.name}{SUFFIX}"
        write(folder, out, line.show)
    else:
        out = to / spec.name
        _copy(spec, folder, out, format)
    line.end()
    if as_json:
        print(json.dumps({"event": "done", "name": spec.name, "path": str(out)}))
    else:
        print(out)
    _remind(spec)
    return 0


def _ask(
    library: Library,
    encoder: Path,
    ask: Callable[[Client], str],
    ends: type[Switched] | type[Forgotten],
    show: Callable[[Event], None] = lambda _: None,
) -> None:
    """Hand the library's indexer a request and follow it to its end. Raises KnownError."""
    client = Client.connect(library, encoder)
    try:
        if ends is Switched and client.is_paused:
            client.resume()  # somebody waits for it
        request = ask(client)
        for event in client.events():
            show(event)
            if isinstance(event, Trouble) and (request in event.requests or event.is_the_end):
                raise KnownError(event.message)
            if isinstance(event, ends) and request in event.requests:
                return
    finally:
        client.close()
        client.wait(STOP_S)
    raise IndexerUnreachable(
        f"The indexer stopped. {library.log} says why. What was done is kept: ask again."
    )


def _here(library: Library, name: str) -> Path:
    """The folder of an encoder on this machine. Raises KnownError; of one that can be had, how."""
    here = {one.spec.name for one in installed(library.encoders)}
    if name not in here and name in {entry.name for entry in Catalogue.read().entries}:
        raise KnownError(f"{name} is not here yet. Fetch it first: sightword models add {name}")
    if not name:
        raise KnownError("An encoder has a name. `sightword models list` shows them.")
    return find(name, library.encoders)


@contextmanager
def _out_of_reach(library: Library, places: Sequence[Path]) -> Iterator[None]:
    """Take folders of encoders away for good; or give them back, where what follows fails."""
    if not places:
        yield
        return
    with adding(library.encoders) as scratch:
        aside = {place: scratch / str(number) for number, place in enumerate(places)}
        try:
            for place, away in aside.items():
                place.rename(away)
            yield
        except BaseException:
            for place, away in aside.items():
                if away.exists():
                    away.rename(place)
            raise


def _check_idle(library: Library, name: str, digest: str | None) -> None:
    """Raise KnownError where the encoder `name` answers searches, or is about to."""
    with View(library) as view:
        serving, switch = view.serving(), view.switch()
    twins = {one.spec.name for one in installed(library.encoders) if one.spec.digest == digest}
    if serving and digest == serving.digest and (name == serving.name or not twins):
        raise KnownError(
            f"Your photos are searched with {name}. Choose another first: sightword models use NAME"
        )
    wanted = switch.wanted if switch else None
    if wanted and digest == wanted.digest and (name == wanted.name or not twins):
        raise KnownError(
            f"{name} is just seeing your photos. Stay with the one that answers first: sightword "
            f"models use {serving.name if serving else 'NAME'}"
        )


def _vectors_of(library: Library, name: str, digest: str | None) -> list[str]:
    """The digests under which the library has vectors that nobody but `name` could still use.

    Not those that answer searches or are about to, nor those of a twin: the same encoder under
    another name.
    """
    with View(library) as view:
        serving, switch, known = view.serving(), view.switch(), view.encoders()
    spared = {one.digest for one in (serving, switch.wanted if switch else None) if one}
    others = [one.spec for one in installed(library.encoders) if one.spec.name != name]
    spared |= {spec.digest for spec in others}
    mine = {one.digest for one in known if name == one.name or digest == one.digest}
    return sorted(mine - spared)


def _digest(folder: Path) -> str | None:
    """The digest in a manifest; None where it is damaged or not there."""
    try:
        return EncoderSpec.read(folder).digest
    except KnownError:
        return None


def _copy(spec: EncoderSpec, folder: Path, out: Path, format: str) -> None:
    """The files of one runtime, and the manifest, into the folder `out`. Raises KnownError."""
    packages = list(spec.packages()) if format == "coreml" else []
    if format == "coreml" and not packages:
        how = (
            "It comes with the program as it is."
            if SHIPPED in folder.parents
            else f"Where it can be converted, `sightword models remove {spec.name}` and `sightword "
            f"models add {spec.name} --coreml` make them."
        )
        raise KnownError(f"{spec.name} has no packages for Core ML. {how}")
    if out.exists():
        raise KnownError(f"{out} is there already. Name another place with --to.")
    try:
        out.mkdir()
        for name in (MANIFEST, *spec.single_files()):
            shutil.copyfile(folder / name, out / name)
        for name in packages:
            shutil.copytree(folder / name, out / name)
    except OSError as error:
        shutil.rmtree(out, ignore_errors=True)
        raise KnownError(f"{out} can't be written: {error.strerror}. Make room.") from error


def _remind(spec: EncoderSpec) -> None:
    """Name the terms of those that we would not hand on ourselves."""
    for entry in Catalogue.read().entries:
        if entry.name == spec.name and not entry.licence.redistribute:
            print(
                f"Read its licence before you give it to anybody: {entry.licence.name}, "
                f"{entry.licence.url}",
                file=sys.stderr,
            )
