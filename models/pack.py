"""Decode photos once and for all into a pack, so that training never waits for a decoder.

    python -m models.pack --photos flickr8k.zip --captions flickr8k.tsv --split train \\
        --out flickr8k-train.bin

`data.py` says what a pack is. Photos that can not be read are left out, and said at the end.
"""

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.data import PACK_SIDE
from models.errors import BadData
from models.layouts import Captioned, pairs_of, read_captions
from models.photo_files import Source, source_of, square
from models.script import as_script
from models.skips import Skips

AHEAD = 64  # photos being decoded at a time: enough for all threads, little in memory

Photo = NDArray[np.uint8]  # (160, 160, 3)


def decoded(
    source: Source, pairs: Sequence[Captioned], skips: Skips, threads: int
) -> Iterator[tuple[Captioned, Photo]]:
    """Each photo that can be read, in order; the others go to `skips`."""

    def decode(pair: Captioned) -> Photo | BadData:
        try:
            return square(source.read(pair.name), PACK_SIDE, pair.name)
        except BadData as error:
            return error

    waiting = iter(pairs)
    with ThreadPoolExecutor(threads) as pool:
        while some := list(islice(waiting, AHEAD)):
            for pair, photo in zip(some, pool.map(decode, some), strict=True):
                if isinstance(photo, BadData):
                    skips.add("unreadable", str(photo))
                else:
                    yield pair, photo


def pack(
    source: Source, pairs: Sequence[Captioned], out: Path, skips: Skips, threads: int = 2
) -> list[Captioned]:
    """Write `out` (.bin) and the .tsv beside it. Gives the pairs that are in, in their order.

    Both are written beside and renamed, so that a kill leaves no half pack. Raises BadData where
    no photo could be read, and rather than write over a .tsv that belongs to no pack.
    """
    table = out.with_suffix(".tsv")
    if table.exists() and not out.exists():
        raise BadData(f"{table} is there and is no pack's. Choose another name than {out.name}.")
    packed = []
    part = out.with_suffix(".part")
    out.parent.mkdir(parents=True, exist_ok=True)
    with part.open("wb") as file:
        for pair, photo in decoded(source, pairs, skips, threads):
            file.write(photo.tobytes())
            packed.append(pair)
    if not packed:
        part.unlink()
        raise BadData(f"No photo of {source.path} could be read. {skips}")
    rows = [f"{number}\t{pair.name}\t\n" for number, pair in enumerate(packed)]
    part.replace(out)  # before its table: a table alone would be taken for somebody else's
    part.write_text("".join(rows), encoding="utf-8")
    part.replace(table)
    return packed


def main() -> None:
    """Pack one split of one set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", required=True, type=Path, help="a folder or a zip")
    parser.add_argument("--captions", required=True, type=Path, help="see models/layouts.py")
    parser.add_argument("--split", default="train")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    skips = Skips()
    source = source_of(options.photos)
    pairs = pairs_of(source, read_captions(options.captions), options.split, skips)
    packed = pack(source, pairs, options.out, skips, options.threads)
    print(f"{len(packed):,} photos in {options.out}. {skips}")


if __name__ == "__main__":
    as_script(main)
