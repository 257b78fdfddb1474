"""`sightword models list`: the encoders that are here, and those that can be had."""

import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from app.commands.doctor_machine import memory, room
from app.commands.models_speed import Speed, Speeds
from indexer.errors import KnownError
from indexer.kept_encoders import folder_of
from indexer.library import Library
from indexer.photo import KnownEncoder
from indexer.view import View
from models.catalogue import Catalogue, Entry
from models.installed import SHIPPED, Installed, installed
from models.spec import EncoderSpec

RUNTIME_MB = 300  # of memory, beside the weights
KEPT = ".kept"  # the folder of `Library.kept_encoders`
SPARE_MB = 200  # of the disk, left to others


def run(library: Library, *, everything: bool, as_json: bool) -> int:
    """Print them. Raises KnownError."""
    rows = read(library, everything=everything)
    for row in rows:
        if as_json:
            print(json.dumps(row))
    if not as_json:
        _print(rows, everything=everything)
    return 0


def read(library: Library, *, everything: bool = False) -> list[dict[str, object]]:
    """A row an encoder: those that are here, in use or not, and then the catalogue's."""
    with View(library) as view:
        serving, switch = view.serving(), view.switch()
        vectors = {known.digest: view.counts(known.digest).vectors for known in view.encoders()}
    chosen = switch.wanted if switch else None
    catalogue = Catalogue.read()
    described = {entry.name: entry for entry in catalogue.entries}
    speeds = Speeds(library)
    rows = []
    here = installed(library.encoders)
    if serving and serving.digest not in {one.spec.digest for one in here}:
        with suppress(KnownError):  # an update took ours away, and the library kept a copy
            kept = folder_of(library, serving)
            here.insert(0, Installed(kept, EncoderSpec.read(kept)))
    named = {(one.spec.name, one.spec.digest) for one in here}
    for one in here:
        entry = described.get(one.spec.name)
        row = _row_here(one, entry, speeds.of(one))
        row |= {"in_use": _is(one, serving, named), "wanted": _is(one, chosen, named)}
        rows.append(row | {"vectors": vectors.get(one.spec.digest, 0)})
    names = {one.spec.name for one in here}
    others = catalogue.others() if everything else []
    rows += [_row(entry, library) for entry in (*catalogue.entries, *others)
             if entry.name not in names]  # fmt: skip
    return rows


def _is(one: Installed, known: KnownEncoder | None, named: Collection[tuple[str, str]]) -> bool:
    """Whether this is the encoder that a library names; of two with one digest, by its name."""
    if known is None or one.spec.digest != known.digest:
        return False
    return one.spec.name == known.name or (known.name, known.digest) not in named


def _row_here(one: Installed, entry: Entry | None, speed: Speed | None) -> dict[str, object]:
    """What is known of an encoder that is on this machine."""
    spec = one.spec
    return {
        "name": spec.name,
        "state": _state(one.folder),
        "architecture": entry.architecture if entry else None,
        "dimension": spec.dimension,
        "side": spec.image.side,
        "parameters_m": entry.parameters_m if entry else None,
        "download_mb": None,
        "disk_mb": round(size_of(one.folder) / 1e6, 1),
        "languages": entry.languages if entry else None,
        "scripts": list(spec.text.scripts),
        "figures": asdict(entry.figures) if entry and entry.figures else None,
        "licence": {"name": spec.licence, "accept": bool(entry and entry.licence.accept)},
        "photos_per_s": speed.photos_per_s if speed else None,
        "against_default": speed.against_default if speed else None,
        "runs_on": speed.runs_on if speed else None,
        "core_ml": spec.coreml is not None,
        "fits": True,
        "why_not": None,
        "how": None,
        "folder": str(one.folder),
    }


def _state(folder: Path) -> str:
    """Where an encoder comes from; `kept`: the library's own copy of an older one of ours."""
    if SHIPPED in folder.parents:
        return "ours"
    return "kept" if folder.parent.name == KEPT else "added"


def _row(entry: Entry, library: Library) -> dict[str, object]:
    """What is known of one that can be had."""
    megabytes = entry.download_mb
    if megabytes is None and entry.parameters_m is not None:
        megabytes = entry.parameters_m * 4
    why_not = what_is_lacking(entry.parameters_m, megabytes, library.encoders)
    return {
        "name": entry.name,
        "state": "available",
        "architecture": entry.architecture,
        "dimension": entry.dimension,
        "side": entry.side,
        "parameters_m": entry.parameters_m,
        "download_mb": megabytes,
        "disk_mb": None,
        "languages": entry.languages or None,
        "scripts": list(entry.scripts),
        "figures": asdict(entry.figures) if entry.figures else None,
        "licence": {
            "name": entry.licence.name,
            "url": entry.licence.url,
            "accept": entry.licence.accept,
            "redistribute": entry.licence.redistribute,
        },
        "photos_per_s": None,
        "against_default": None,
        "runs_on": None,
        "core_ml": False,
        "fits": why_not is None,
        "why_not": why_not,
        "how": "ready" if entry.ready else "convert",
        "in_use": False,
        "wanted": False,
        "vectors": 0,
        "folder": None,
    }


def what_is_lacking(parameters_m: float | None, megabytes: float | None, home: Path) -> str | None:
    """Why this machine is too small for an encoder, or None. Unknown sizes are let pass."""
    free_mb = memory()[1] / 1e6
    needed_mb = (parameters_m or 0) * 4 + RUNTIME_MB  # both towers in float32
    if needed_mb > free_mb:
        return f"needs {needed_mb:,.0f} MB of memory, {free_mb:,.0f} MB are free"
    room_mb = room(home) / 1e6 - SPARE_MB
    if (megabytes or 0) * 2 > room_mb:  # what is fetched, and what is made of it
        return f"needs {(megabytes or 0) * 2:,.0f} MB on the disk, {room_mb:,.0f} MB can be had"
    return None


def size_of(folder: Path) -> int:
    """Bytes of all files of an encoder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _print(rows: list[dict[str, object]], *, everything: bool) -> None:
    """The same for a person: a line each, the ones that are here first."""
    here = [row for row in rows if row["state"] != "available"]
    print("Here")
    for row in here:
        print(f"{'>' if row['in_use'] else '+' if row['wanted'] else ' '} {_words_here(row)}")
    print("\nTo be had with `sightword models add NAME`")
    for row in rows[len(here) :]:
        print(f"  {_words(row)}")
    if not everything:
        print("  and any ARCHITECTURE/TAG of open_clip: `sightword models list --all`")
    print(
        "\n> answers searches, + will when it has seen all photos. COCO: the share of captions\n"
        "whose photo is among the first ten of 5,000, as published; `--json` names the page."
    )


def _words_here(row: dict[str, object]) -> str:
    speed = "does not run"
    if row["photos_per_s"] is not None:
        speed = f"{row['photos_per_s']:.0f} photos/s on {row['runs_on']}"
        speed += f", {times(row['against_default'])} ours"
    return (
        f"{row['name']:<22} {row['dimension']:>4} numbers, {row['side']} px, "
        f"{row['disk_mb']:,.0f} MB; {speed}; {row['vectors']:,} vectors"
    )


def times(ratio: object) -> str:
    """A ratio as people read it.

    >>> times(0.0871), times(1.0), times(12.3)
    ('0.087 x', '1.0 x', '12 x')
    """
    assert isinstance(ratio, float)
    return f"{ratio:,.0f} x" if ratio >= 10 else f"{ratio:#.2g} x"


def _words(row: dict[str, object]) -> str:
    parts = [f"{row['name']:<22}"]
    if row["dimension"]:
        parts.append(f"{row['dimension']:>4} numbers, {row['side']} px,")
    if row["download_mb"]:
        parts.append(f"{row['download_mb']:,.0f} MB to fetch,")
    parts.append("ready-made" if row["how"] == "ready" else "converted here")
    figures = row["figures"]
    if isinstance(figures, dict) and figures["coco_r10"]:
        parts.append(f"; COCO {figures['coco_r10']:.3f}")
    elif isinstance(figures, dict) and figures["coco_r1"]:
        parts.append(f"; COCO first {figures['coco_r1']:.3f}")
    licence = row["licence"]
    if isinstance(licence, dict) and licence["accept"]:
        parts.append("; research only")
    if row["languages"] and row["languages"] != "English":
        parts.append(f"; {row['languages']} languages")
    if row["why_not"]:
        parts.append(f"; {row['why_not']}")
    return " ".join(parts).replace(" ;", ";")
