"""`sightword evaluate`: how well words find photos, on photos with captions."""

import json
import sys
from pathlib import Path

import numpy as np

from app.commands.embed import photo_vectors, text_vectors
from app.commands.unreadable import read_lines
from indexer.errors import KnownError
from indexer.library import Library
from indexer.scan import check_folder
from models.evaluate import retrieval
from models.installed import find, load


def run(library: Library, model: str | None, photos: Path, captions: Path, *, as_json: bool) -> int:
    """Embed, rank and print the figures. Raises KnownError."""
    check_folder(photos)
    rows = read_captions(captions)
    names = list(dict.fromkeys(name for name, _ in rows))
    encoder = load(find(model, library.encoders))
    vectors, reasons = photo_vectors(encoder, [photos / name for name in names])
    readable = [name for name, reason in zip(names, reasons, strict=True) if reason is None]
    if len(readable) < len(names):
        lost = next(name for name, reason in zip(names, reasons, strict=True) if reason)
        print(
            f"{len(names) - len(readable):,} of {len(names):,} photos are left out: they can't be "
            f"read in {photos} ({lost} is the first).",
            file=sys.stderr,
        )
    if not readable:
        raise KnownError(f"None of the photos that {captions} names can be read in {photos}.")
    place = {name: number for number, name in enumerate(readable)}
    kept = [(place[name], caption) for name, caption in rows if name in place]
    figures = retrieval(
        vectors[[reason is None for reason in reasons]],
        text_vectors(encoder, [caption for _, caption in kept]),
        np.array([number for number, _ in kept]),
    )
    result = {"photos": len(readable), "captions": len(kept), **figures}
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)
    return 0


def read_captions(path: Path) -> list[tuple[str, str]]:
    """The (photo, caption) rows of a TSV. Raises KnownError naming the line that is none."""
    rows = []
    for number, line in enumerate(read_lines(path, "file of captions"), start=1):
        if not line.strip():
            continue
        name, tab, caption = line.partition("\t")
        if not tab:
            raise KnownError(f"{path}, line {number}: no tab between photo and caption.")
        rows.append((name, caption))
    if not rows:
        raise KnownError(f"{path} holds no captions.")
    return rows


def _print(result: dict[str, object]) -> None:
    """The same for a person."""
    print(f"{result['photos']:,} photos, {result['captions']:,} captions")
    for direction in ("text_to_photo", "photo_to_text"):
        figures = result[direction]
        assert isinstance(figures, dict)
        print(
            f"{direction.replace('_', ' ')}: "
            + ", ".join(f"{k} {v:.3f}" for k, v in figures.items() if k.startswith("R@"))
            + f", median rank {figures['median_rank']:g}"
        )
