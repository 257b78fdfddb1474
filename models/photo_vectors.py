"""Encode photos of a folder or a zip, and sentences, on all cores.

For measuring. The app reads strangers' files in a process of its own (`indexer.decode`).
"""

import io
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from models.encoder import Encoder, Vectors
from models.errors import BadData, KnownError
from models.photo_files import UNREADABLE, Source
from models.preprocess import preprocess

PHOTOS = 32  # a task: few enough that all cores have work, enough for a full run of a tower
SENTENCES = 256  # a task


@dataclass(frozen=True, slots=True)
class Encoded:
    """Photos that could be read, a row each, and why others could not."""

    names: tuple[str, ...]
    vectors: Vectors  # (n, d)
    unreadable: Mapping[str, str]  # name -> reason

    def counts(self) -> dict[str, object]:
        """How many were measured on, how many not, and the reason for the first of those."""
        lost = list(self.unreadable.values())
        counts: dict[str, object] = {"photos": len(self.names), "left_out": len(lost)}
        if lost:
            counts["first_left_out"] = lost[0]
        return counts


def encode_photos(
    encoder: Encoder, source: Source, names: Sequence[str], pool: Executor
) -> Encoded:
    """Encode `names` in order. Raises KnownError if not one of them can be read."""
    parts = [names[at : at + PHOTOS] for at in range(0, len(names), PHOTOS)]
    vectors = [np.zeros((0, encoder.spec.dimension), np.float32)]
    kept: list[str] = []
    unreadable: dict[str, str] = {}
    for some, rows, reasons in pool.map(partial(_encode, encoder, source), parts):
        kept.extend(some)
        vectors.append(rows)
        unreadable.update(reasons)
    if not kept:
        first = next(iter(unreadable.values()), "none is named.")
        raise KnownError(f"None of the {len(names)} photos of {source.path} can be read. {first}")
    return Encoded(tuple(kept), np.concatenate(vectors), unreadable)


def encode_texts(encoder: Encoder, sentences: Sequence[str], pool: Executor) -> Vectors:
    """(m, d) a row a sentence, in order."""
    parts = [sentences[at : at + SENTENCES] for at in range(0, len(sentences), SENTENCES)]
    rows = [np.zeros((0, encoder.spec.dimension), np.float32), *pool.map(encoder.texts, parts)]
    return np.concatenate(rows)


def picture(source: Source, name: str, side: int) -> Image.Image:
    """The photo upright in RGB; a large JPEG comes smaller, but at least twice `side` px.

    Raises BadData.
    """
    data = source.read(name)
    try:
        with Image.open(io.BytesIO(data)) as opened:
            opened.draft("RGB", (2 * side, 2 * side))  # JPEG only: most of the time is saved
            return ImageOps.exif_transpose(opened).convert("RGB")
    except UNREADABLE as error:
        raise BadData(f"{name} is no photo that can be read: {error}.") from error


def _encode(
    encoder: Encoder, source: Source, names: Sequence[str]
) -> tuple[list[str], Vectors, dict[str, str]]:
    """One task of `encode_photos`: what could be read, its rows, and the reasons for the rest."""
    kept: list[str] = []
    squares: list[NDArray[np.uint8]] = []
    reasons: dict[str, str] = {}
    spec = encoder.spec.image
    for name in names:
        try:
            squares.append(preprocess(picture(source, name, spec.side), spec))
        except BadData as error:
            reasons[name] = str(error)
        else:
            kept.append(name)
    if not squares:
        return [], np.zeros((0, encoder.spec.dimension), np.float32), reasons
    return kept, encoder.images(np.stack(squares)), reasons
