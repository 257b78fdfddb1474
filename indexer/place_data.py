"""The file of places: GeoNames' towns and what they are called, in arrays that load at once.

Written by packaging/make_places.py, read by `places` and `place_names`. Positions are whole numbers
of 1e-5 degrees, a metre. Texts lie end to end in one array each, so that 170,000 of them cost no
more than their letters.
"""

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

DATA = Path(__file__).resolve().parent.parent / "resources" / "places" / "places.npz"
DEGREE = 100_000  # steps
BROKEN = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error)  # a file is


@dataclass(frozen=True, slots=True)
class Texts:
    """Many texts in little room.

    >>> Texts.of(["Lund", "Århus"])[1]
    'Århus'
    """

    letters: NDArray[np.uint8]  # (bytes,) UTF-8, text after text
    ends: NDArray[np.uint32]  # (n,) where in `letters` each ends

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, row: int) -> str:
        return self.raw(row).decode()

    def raw(self, row: int) -> bytes:
        """The text as it lies there."""
        start = int(self.ends[row - 1]) if row else 0
        return self.letters[start : int(self.ends[row])].tobytes()

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Texts":
        """The same texts, packed."""
        raw = [text.encode() for text in texts]
        ends = np.cumsum([len(one) for one in raw], dtype=np.uint32)
        return cls(np.frombuffer(b"".join(raw), np.uint8), ends)

    @classmethod
    def within(cls, arrays: Mapping[str, NDArray[np.generic]], name: str) -> "Texts":
        """The texts that `arrays` hold as `name`."""
        return cls(
            arrays[name].astype(np.uint8, copy=False),
            np.cumsum(arrays[f"{name}_sizes"], dtype=np.uint32),
        )

    def under(self, name: str) -> dict[str, NDArray[np.generic]]:
        """The arrays that `within` reads again."""
        sizes = np.diff(self.ends, prepend=np.uint32(0))  # small, so they pack better than ends
        return {name: self.letters, f"{name}_sizes": sizes.astype(np.uint16)}


@dataclass(frozen=True, slots=True)
class Towns:
    """Every town, from south to north."""

    figures: NDArray[np.int32]  # (3, n) latitude, longitude, people
    names: Texts  # (n,)
    area_rows: NDArray[np.uint32]  # (n,) rows of `areas`
    areas: Texts  # county, region and country between tabs; the first two may be empty

    def area(self, row: int) -> tuple[str | None, str | None, str]:
        """County, region and country of a town."""
        county, region, country = self.areas[int(self.area_rows[row])].split("\t")
        return county or None, region or None, country


@dataclass(frozen=True, slots=True)
class Names:
    """Every name of every place, folded, in the order of its bytes."""

    known: Texts  # (m,)
    owners: NDArray[np.uint32]  # (m,) rows of the towns, and behind the last town of `wide`
    wide: Texts  # regions and countries: region, which may be empty, and country between tabs
    figures: NDArray[np.int32]  # (3, w) of `wide`, like those of towns


def read_towns(data: Path) -> Towns:
    """The towns in the file `data`; none where it is missing or broken."""
    try:
        with data.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            names, areas = Texts.within(arrays, "towns"), Texts.within(arrays, "areas")
            return Towns(arrays["town_figures"], names, arrays["town_areas"], areas)
    except BROKEN:
        nothing = Texts.of([])
        return Towns(np.empty((3, 0), np.int32), nothing, np.empty(0, np.uint32), nothing)


def read_names(data: Path) -> Names:
    """The names in the file `data`; none where it is missing or broken."""
    try:
        with data.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            known, wide = Texts.within(arrays, "known"), Texts.within(arrays, "wide")
            return Names(known, arrays["known_owners"], wide, arrays["wide_figures"])
    except BROKEN:
        nothing = Texts.of([])
        return Names(nothing, np.empty(0, np.uint32), nothing, np.empty((3, 0), np.int32))


def write(data: Path, towns: Towns, names: Names) -> None:
    """Write the file; the same arrays make the same bytes."""
    arrays = {
        "town_figures": towns.figures,
        "town_areas": towns.area_rows,
        "wide_figures": names.figures,
        "known_owners": names.owners,
        **towns.names.under("towns"),
        **towns.areas.under("areas"),
        **names.known.under("known"),
        **names.wide.under("wide"),
    }
    data.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(data, **arrays)  # type: ignore[arg-type]  # numpy types its options only
