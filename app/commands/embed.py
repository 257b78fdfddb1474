"""`sightword embed`: vectors of photos and sentences, as an .npz for other programs."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.commands.unreadable import check_can_hold, read_lines
from indexer.decode import Decoded
from indexer.decoder_pool import DecoderPool
from indexer.errors import KnownError, Reason
from indexer.library import Library, absolute
from indexer.pipeline import BATCH, BatchEncoder
from models.encoder import Encoder, Vectors
from models.installed import find, load

TEXTS_AT_ONCE = 64


def run(
    library: Library, model: str | None, photos: Sequence[Path], texts: Path | None, out: Path
) -> int:
    """Write `out`. Raises KnownError."""
    out = absolute(out)
    check_can_hold(out.parent, out.name)
    encoder = load(find(model, library.encoders))
    sentences = read_lines(texts, "file of sentences") if texts else []
    vectors, reasons = photo_vectors(encoder, photos)
    for path, reason in zip(photos, reasons, strict=True):
        if reason is not None:
            print(f"{path}: {reason.sentence}", file=sys.stderr)
    try:
        with out.open("wb") as file:  # savez would add .npz to another name
            np.savez(
                file,
                photos=vectors,
                photo_ok=np.array([reason is None for reason in reasons], np.bool_),
                photo_paths=np.array([str(path) for path in photos], np.str_),
                texts=text_vectors(encoder, sentences),
            )
    except OSError as error:
        raise KnownError(f"{out} can't be written: {error.strerror}.") from error
    return 0


def photo_vectors(encoder: Encoder, photos: Sequence[Path]) -> tuple[Vectors, list[Reason | None]]:
    """(n, d) float32 unit rows in order, zero where unreadable; and why, or None.

    They go the way that indexing goes: the same decoders, the same scaled decoding.
    """
    cores = os.cpu_count() or 1
    vectors = np.zeros((len(photos), encoder.spec.dimension), np.float32)
    reasons: list[Reason | None] = [None] * len(photos)
    pool, batches = DecoderPool(cores), BatchEncoder(encoder, cores)
    rows: list[int] = []
    squares: list[NDArray[np.uint8]] = []

    def flush() -> None:
        if squares:
            vectors[rows] = batches.images(np.stack(squares))
            rows.clear()
            squares.clear()

    try:
        jobs = ((row, str(path)) for row, path in enumerate(photos))
        for row, decoded in pool.index(jobs, encoder.spec.image, None):
            if isinstance(decoded, Decoded):
                rows.append(row)
                squares.append(decoded.square)
            else:
                reasons[row] = decoded
            if len(squares) == BATCH:
                flush()
        flush()
    finally:
        pool.close()
        batches.close()
    return vectors, reasons


def text_vectors(encoder: Encoder, sentences: Sequence[str]) -> Vectors:
    """(m, d) float32 unit rows, one a sentence."""
    parts = [
        encoder.texts(sentences[start : start + TEXTS_AT_ONCE])
        for start in range(0, len(sentences), TEXTS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, encoder.spec.dimension), np.float32)
