"""Make large libraries in seconds: rows, vectors and thumbnails as an indexer would leave them.

For the benchmarks of what a library's size costs; run by itself it makes nothing.
"""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from indexer.library import Library
from indexer.photo import KnownEncoder, PhotoState
from indexer.scan import Found, Scan
from indexer.store import Store
from indexer.thumbnails import SIDES, thumbnail_path
from models.spec import EncoderSpec

AT_ONCE = 10_000
MOST_LINKS = 1000  # names of one file; ext4 bears 65,000
APART_NS = 600_000_000_000  # ten minutes


def make_library(place: Path, encoder: Path, stamps: Iterable[Found]) -> tuple[Store, KnownEncoder]:
    """A library in `place` of photos below `place / "photos"`, all seen by an encoder."""
    store = Store(Library.at(place / "library"))
    spec = EncoderSpec.read(encoder)
    known = store.encoders.add(spec, encoder)
    store.encoders.want(known)
    store.join(place / "photos")
    add(store, known, stamps)
    return store, known


def add(store: Store, known: KnownEncoder, stamps: Iterable[Found]) -> None:
    """Photos with contents and vectors of their own, in the order given."""
    random = np.random.default_rng(0)
    ((folder, _, _),) = store.folders()
    ((first,),) = store.connection.execute("SELECT coalesce(max(id), 0) FROM content")
    every = list(stamps)
    for start in range(0, len(every), AT_ONCE):
        some = [
            (first + start + n + 1, *one) for n, one in enumerate(every[start : start + AT_ONCE])
        ]
        rows = random.standard_normal((len(some), known.dimension)).astype(np.float32)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        vectors = [row.tobytes() for row in rows.astype(np.float16)]
        with store.db.atomic():
            store.connection.executemany(
                "INSERT INTO content (id, hash, width, height, mean_rgb) VALUES (?, ?, 64, 64, 0)",
                [(number, number.to_bytes(16, "big")) for number, *_ in some],
            )
            store.connection.executemany(
                "INSERT INTO photo (folder_id, content_id, path, size_bytes, mtime_ns, state)"
                f" VALUES ({folder}, ?, ?, ?, ?, '{PhotoState.INDEXED}')",
                some,
            )
            store.connection.executemany(
                f"INSERT INTO embedding (encoder_id, content_id, vector) VALUES ({known.id}, ?, ?)",
                [(number, vector) for (number, *_), vector in zip(some, vectors, strict=True)],
            )
            store.connection.executemany(
                "INSERT INTO metadata (content_id, turn) VALUES (?, 1)",
                [(number,) for number, *_ in some],
            )


def names(place: Path, count: int) -> list[Found]:
    """Photos that are nowhere, a hundred a folder, ten minutes apart."""
    root = place / "photos"
    now_ns = 1_700_000_000_000_000_000
    return [
        Found(f"{root}/{n // 100:05}/{n:07}.jpg", 1000, now_ns - n * APART_NS) for n in range(count)
    ]


def files(place: Path) -> list[Found]:
    """The photos that are there."""
    return list(Scan(place / "photos"))


def add_thumbnails(store: Store) -> None:
    """Both sizes for each content, which are names of a few files."""
    library = store.library
    contents = [content for (content,) in store.connection.execute("SELECT hash FROM content")]
    for side in SIDES:
        picture = Image.effect_noise((side, side), 60).convert("RGB")
        for number, content in enumerate(contents):
            path = thumbnail_path(library, content, side)
            if number % MOST_LINKS == 0:
                path.parent.mkdir(parents=True, exist_ok=True)
                picture.save(path, quality=82)
                first = path
            else:
                path.parent.mkdir(exist_ok=True)
                os.link(first, path)
