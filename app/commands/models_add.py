"""`sightword models add`: from a name, a bundle or an address to an encoder that is proven."""

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.commands import models_convert
from app.commands.models_fetch import Fetcher, file_name, is_here, place_of
from app.commands.models_progress import Line
from indexer.errors import BadQuestion, KnownError
from indexer.library import Library, absolute
from models.bundle import SUFFIX, adding, admit, install
from models.catalogue import Catalogue, Entry
from models.catalogue_ready import assemble
from models.errors import BadEncoder
from models.fetch_part import Wanted
from models.fetch_trouble import NoNetwork
from models.installed import SHIPPED, installed, is_apple_silicon
from models.spec import EncoderSpec


class Adding:
    """One `models add`. The encoders that are there already stay as they are, whatever happens."""

    def __init__(
        self, library: Library, given: argparse.Namespace, fetcher: Fetcher | None
    ) -> None:
        self.home = library.encoders
        self.given = given
        self.fetcher = fetcher
        self.line = Line(given.json)
        self.ours = {one.spec.name for one in installed() if SHIPPED in one.folder.parents}

    def run(self) -> int:
        """Add what is asked for; the exit status. Raises KnownError."""
        what: str = self.given.what
        try:
            if self.given.weights is None and is_here(what):
                spec = self._bundle(what)
            elif "://" in what:
                spec = self._address(what)
            else:
                spec = self._name(Catalogue.read().find(what))
        except KeyboardInterrupt:
            self.line.say("Stopped. What came is kept: the same command goes on from there.")
            raise
        finally:
            self.line.end()
        self._done(spec)
        return 0

    def _bundle(self, what: str) -> EncoderSpec:
        """Install a bundle of this disk."""
        path = absolute(Path(unquote(urlsplit(what).path) if "://" in what else what))
        if path.is_dir():
            raise KnownError(
                f"{path} is a folder; name a bundle, a file that ends with {SUFFIX}. `sightword "
                "models export` writes one."
            )
        if not path.exists():
            raise KnownError(f"{path} does not exist. Check how it is spelled.")
        return install(path, self.home, self.line.show, self.ours)

    def _address(self, url: str) -> EncoderSpec:
        """Fetch a bundle and install it."""
        place, name = self._place(hashlib.sha256(url.encode()).hexdigest()[:16]), file_name(url)
        carry = (
            f"on a computer that has one fetch {url}, carry the file over, and add it by its path"
        )
        self._fetch([Wanted(url, name)], place, carry)
        try:
            spec = install(place / name, self.home, self.line.show, self.ours)
        except BadEncoder:  # fetched once more, it may be better
            shutil.rmtree(place)
            raise
        shutil.rmtree(place)
        return spec

    def _name(self, entry: Entry) -> EncoderSpec:
        """Fetch or convert an encoder of the catalogue."""
        for one in installed(self.home):
            if one.spec.name == entry.name:
                self.line.say(f"{entry.name} is here already, in {one.folder}.")
                return one.spec
        self._agree(entry)
        wants_core_ml = self.given.coreml or (is_apple_silicon() and models_convert.can_convert())
        if entry.ready is None or self.given.weights is not None or wants_core_ml:
            return self._converted(entry)
        spec = self._ready(entry)
        if is_apple_silicon():
            self.line.say(models_convert.without_core_ml(entry.name))
        return spec

    def _ready(self, entry: Entry) -> EncoderSpec:
        """Towers that somebody offers as ONNX."""
        assert entry.ready is not None
        place = self._place(entry.name)
        self._fetch([file.wanted() for file in entry.ready.files], place, _carry(entry))
        with adding(self.home) as scratch:
            self.line.show("trying", 0)
            try:
                assemble(entry, place, scratch / entry.name)
            except BadEncoder:
                shutil.rmtree(place)
                raise
            return self._admit(entry, scratch / entry.name, place)

    def _converted(self, entry: Entry) -> EncoderSpec:
        """Weights of open_clip, converted here."""
        place = self._place(entry.name)
        models_convert.check(entry)
        weights, tokenizer = self.given.weights, self.given.tokenizer
        if weights is not None and tokenizer is None and entry.tokenizer is not None:
            raise BadQuestion(
                f"{entry.architecture} has a tokenizer of its own. Name its file with --tokenizer "
                f"FILE; it is at {entry.tokenizer}"
            )
        if weights is None:
            weights, tokenizer = self._weights(entry, place)
        with adding(self.home) as scratch:
            folder = scratch / entry.name
            models_convert.convert(
                entry,
                absolute(weights),
                absolute(tokenizer) if tokenizer else None,
                folder,
                self.given.coreml or is_apple_silicon(),
                self.line,
            )
            return self._admit(entry, folder, place)

    def _place(self, name: str) -> Path:
        """Where to fetch it."""
        return place_of(self.home, name, time.time())

    def _weights(self, entry: Entry, place: Path) -> tuple[Path, Path | None]:
        """Fetch the weights of an entry and, where it has one of its own, the tokenizer."""
        if entry.weights is None:
            raise KnownError(f"{entry.name} comes with the program, and can't be had alone.")
        files = [Wanted(entry.weights, urlsplit(entry.weights).path.rpartition("/")[2])]
        if entry.tokenizer is not None:
            files.append(Wanted(entry.tokenizer, "tokenizer.json"))
        carry = f"{_carry(entry)}; or fetch {entry.weights} there, and here name it with --weights"
        self._fetch(files, place, carry)
        return place / files[0].name, place / files[1].name if files[1:] else None

    def _fetch(self, files: Sequence[Wanted], place: Path, carry: str) -> None:
        """Bring files into `place`, by the one process that has a network.

        Raises KnownError; where there is no network, with what to do instead.
        """
        if all((place / file.name).is_file() for file in files):
            return  # from an earlier try, and looked at then
        if self.fetcher is None:
            raise KnownError(
                "This needs the network, and only `sightword models add` has one, when it is asked "
                "for something that is not on this computer. Start it from a terminal."
            )
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise KnownError(f"Nothing can be fetched into {place}: {error.strerror}.") from error
        try:
            self.fetcher.fetch(files, place, self.line)
        except NoNetwork as error:
            raise NoNetwork(f"{error} Is there a network? If there is none: {carry}.") from error
        finally:
            if place.is_dir() and not [one for one in place.iterdir() if one.name[0] != "."]:
                shutil.rmtree(place)  # nothing came at all

    def _admit(self, entry: Entry, folder: Path, fetched: Path) -> EncoderSpec:
        """Give an encoder in the making its name; what was fetched for it is in the way then."""
        text = entry.licence_text()
        if text is not None:
            (folder / "LICENSE").write_text(text, encoding="utf-8")
        spec = admit(folder, self.home, entry.name, self.line.show)
        shutil.rmtree(fetched, ignore_errors=True)
        return spec

    def _agree(self, entry: Entry) -> None:
        """Show the licence where it asks for it. Raises KnownError unless it is accepted."""
        text = entry.licence_text()
        if not entry.licence.accept or self.given.accept_licence:
            return
        terms = f"{entry.licence.name}: {entry.licence.url}"
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise KnownError(
                f"{entry.name} has a licence that you must accept: {terms}. Read it, and add "
                "--accept-licence to say that you do."
            )
        print(f"{text or ''}\n{terms}", file=sys.stderr)
        print(
            f'Do you accept it for {entry.name}? Type "yes": ', file=sys.stderr, end="", flush=True
        )
        if sys.stdin.readline().strip().lower() not in ("yes", '"yes"'):
            raise KnownError(f"{entry.name} was not added: its licence was not accepted.")

    def _done(self, spec: EncoderSpec) -> None:
        if self.given.json:
            print(json.dumps({"event": "done", "name": spec.name, "dimension": spec.dimension}))
        if spec.name not in self.ours:
            self.line.say(
                f"{spec.name} is ready. To search with it: sightword models use {spec.name}"
            )


def _carry(entry: Entry) -> str:
    """How an encoder gets to a computer without a network."""
    return (
        f"on a computer that has one run `sightword models add {entry.name}` and `sightword models "
        f"export {entry.name} --to DIR`, carry the bundle over, and here run `sightword models add "
        f"DIR/{entry.name}{SUFFIX}`"
    )
