"""The catalogue of encoders: what others publish, kept as data in `resources/catalogue.json`.

Figures stand there only with the page that they were read on; what nobody published is absent.
Besides the entries that we describe, it names every set of weights that open_clip knows.
"""

import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import BugError, KnownError
from models.fetch_part import Wanted
from models.spec import ImageSpec, TextSpec
from models.strict import build

RESOURCES = Path(__file__).resolve().parent.parent / "resources"
HUB = "https://huggingface.co"
WEIGHTS = "open_clip_model.safetensors"  # what open_clip looks for first in a repository
NEAREST = 4  # names offered for one that does not exist
NAMED = 8  # tags of one architecture


@dataclass(frozen=True, slots=True)
class Figures:
    """How well words find photos, as its makers or open_clip published it: recall in 0..1."""

    source: str
    coco_r1: float | None = None  # MS COCO, a caption finds its photo, among the first 1, 5, 10
    coco_r5: float | None = None
    coco_r10: float | None = None
    flickr_r1: float | None = None  # Flickr30k
    flickr_r5: float | None = None
    flickr_r10: float | None = None
    imagenet: float | None = None  # zero-shot accuracy: no retrieval, but published for all


@dataclass(frozen=True, slots=True)
class Licence:
    """The terms of the weights. `text` names a file in `resources/licences` that is shown."""

    name: str
    url: str
    accept: bool  # a person must agree before the encoder is added
    redistribute: bool  # whether a package that we publish may hold them
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """One ready-made file. Size and digest where the publisher names them."""

    name: str
    url: str
    megabytes: float
    size: int | None = None
    sha256: str | None = None

    def wanted(self) -> Wanted:
        """The same, for fetching."""
        return Wanted(self.url, self.name, self.size, self.sha256)


@dataclass(frozen=True, slots=True)
class Ready:
    """Towers that somebody offers as ONNX, and what they want."""

    publisher: str
    source: str
    files: tuple[Published, ...]
    image: ImageSpec
    text: TextSpec


@dataclass(frozen=True, slots=True)
class Entry:
    """One encoder that can be had. What is not known is None."""

    name: str
    architecture: str  # open_clip's name
    licence: Licence
    pretrained: str = ""  # open_clip's tag of the weights
    author: str = ""
    dimension: int | None = None
    side: int | None = None  # px
    parameters_m: float | None = None  # millions, both towers
    download_mb: float | None = None
    languages: str = ""
    scripts: tuple[str, ...] = ()
    figures: Figures | None = None
    weights: str | None = None  # where open_clip fetches them from
    tokenizer: str | None = None  # a tokenizer.json, where CLIP's own table is not used
    ready: Ready | None = None
    note: str = ""

    def licence_text(self) -> str | None:
        """The whole licence where it travels with us, else None."""
        if self.licence.text is None:
            return None
        return (RESOURCES / "licences" / self.licence.text).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All entries, and open_clip's own list: architecture -> tag -> repository of the hub."""

    entries: tuple[Entry, ...]
    weights: dict[str, dict[str, str]]
    tokenizers: dict[str, str]  # architecture -> repository, where CLIP's table is not used
    licences: dict[str, Licence]  # of all architectures whose names begin so

    @classmethod
    def read(cls, path: Path = RESOURCES / "catalogue.json") -> "Catalogue":
        """The catalogue of this version. BugError where it is not what it should be."""
        try:
            values: Any = json.loads(path.read_text(encoding="utf-8"))
            entries = tuple(
                build(Entry, one, f"encoders[{at}]") for at, one in enumerate(values["encoders"])
            )
            theirs = values["open_clip"]
            licences = {
                family: build(Licence, one, family) for family, one in theirs["licences"].items()
            }
            return cls(entries, theirs["weights"], theirs["tokenizers"], licences)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BugError(f"{path}: {error!r}") from error

    def find(self, name: str) -> Entry:
        """The entry called `name`, or any ARCHITECTURE/TAG of open_clip, in any case.

        Raises KnownError with the nearest names, or the tags of an architecture.
        """
        asked = name.lower()
        for entry in (*self.entries, *self.others()):
            tagged = f"{entry.architecture}/{entry.pretrained}".lower()
            if asked in (entry.name.lower(), tagged):
                return entry
        tags = next((tags for arch, tags in self.weights.items() if arch.lower() == asked), None)
        if tags:
            named = ", ".join(f"{name}/{tag}" for tag in list(tags)[:NAMED])
            more = f" (and {len(tags) - NAMED} more)" if len(tags) > NAMED else ""
            raise KnownError(f"{name} has several sets of weights. Name one: {named}{more}.")
        near = self.nearest(name)
        hint = f" Nearest: {', '.join(near)}." if near else ""
        raise KnownError(
            f"There is no encoder called {name!r} in the catalogue.{hint} `sightword models list` "
            "shows it; a bundle is added by its path or its https address."
        )

    def others(self) -> list[Entry]:
        """What open_clip knows and we don't describe."""
        known = {(entry.architecture, entry.pretrained) for entry in self.entries}
        return [
            self._other(architecture, tag, hub)
            for architecture, tags in self.weights.items()
            for tag, hub in tags.items()
            if (architecture, tag) not in known
        ]

    def nearest(self, name: str) -> list[str]:
        """The names that look most like `name`, ours before open_clip's."""
        ours = [entry.name for entry in self.entries]
        theirs = [f"{arch}/{tag}" for arch, tags in self.weights.items() for tag in tags]
        found: list[str] = []
        for names, cutoff in ((ours, 0.5), (theirs, 0.6)):
            lower = {one.lower(): one for one in names}
            close = difflib.get_close_matches(name.lower(), lower, NEAREST, cutoff)
            found += [lower[one] for one in close]
        return found[:NEAREST]

    def _other(self, architecture: str, tag: str, hub: str) -> Entry:
        owner, repository, *file = hub.split("/")
        tokenizer = self.tokenizers.get(architecture)
        page = f"{HUB}/{owner}/{repository}"
        own = [one for family, one in self.licences.items() if architecture.startswith(family)]
        unknown = Licence("see its page", page, accept=False, redistribute=False)
        return Entry(
            name=re.sub(r"[^a-z0-9.-]+", "-", f"{architecture}-{tag}".lower()),
            architecture=architecture,
            licence=own[0] if own else unknown,
            pretrained=tag,
            weights=f"{page}/resolve/main/{file[0] if file else WEIGHTS}",
            tokenizer=f"{HUB}/{tokenizer}/resolve/main/tokenizer.json" if tokenizer else None,
        )
