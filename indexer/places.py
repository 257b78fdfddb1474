"""Name the place where a photo was taken, from its coordinates and a gazetteer that lies on disk.

The names are GeoNames' (geonames.org, CC BY 4.0): 170,000 towns and villages, of which
resources/places/places.npz keeps what is needed here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.place_data import DATA, DEGREE, Towns, read_towns

NEAR_KM = 30.0  # as far as a town lends its name to what lies around it
FAR_KM = 100.0  # as far as it tells the region; beyond it there is sea, ice or desert
KM_OF_PEOPLE = 0.0031  # times the root of its people: as far as a city reaches from its middle.
# With it the Eiffel Tower stands in Paris (4 km from the middle), Neuilly (7 km) in Neuilly.
AROUND = 2.6  # times that far its outskirts lie, where no other town is nearer for its size:
# the Golden Gate Bridge is San Francisco's, though Sausalito is nearer.
EARTH_KM = 6371.0
DEGREE_KM = float(np.radians(EARTH_KM))  # of latitude
Kilometres = NDArray[np.float64]


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


class Gazetteer:
    """Places by coordinates. Reads its data when first asked: a twentieth of a second, 9 MB.

    >>> str(Gazetteer().place(48.8584, 2.2945))
    'Paris, Île-de-France, France'
    """

    def __init__(self, data: Path = DATA) -> None:
        """Read the file `data`; without it no place has a name."""
        self._data = data
        self._towns: Towns | None = None
        self._cached = lru_cache(4096)(self._find)

    def place(self, latitude: float, longitude: float) -> Place | None:
        """The place at a position in degrees; None far from every town, or without data."""
        return self._cached(round(latitude, 3), round(longitude, 3))  # 100 m

    def _find(self, latitude: float, longitude: float) -> Place | None:
        if self._towns is None:
            self._towns = read_towns(self._data)
        towns = self._towns
        rows = _window(towns, latitude, longitude)
        km = _km_from(latitude, longitude, towns.figures[:2, rows] / DEGREE)
        nearest = int(km.argmin()) if km.size else 0
        if not km.size or km[nearest] > FAR_KM:
            return None
        _, region, country = towns.area(rows[nearest])
        if km[nearest] > NEAR_KM:
            return Place(None, None, region, country)
        for here in _called(km, towns.figures[2, rows]):
            county, *land = towns.area(rows[here])
            if land == [region, country]:  # no city reaches over the border
                return Place(towns.names[rows[here]], county, region, country)
        raise AssertionError("the nearest town is in its own region")


def _window(towns: Towns, latitude: float, longitude: float) -> NDArray[np.intp]:
    """The rows of all towns that may be within `FAR_KM`: a few hundred."""
    reach = FAR_KM / DEGREE_KM
    belt = np.multiply([latitude - reach, latitude + reach], DEGREE)
    first, last = np.searchsorted(towns.figures[0], belt).tolist()
    widest = min(abs(latitude) + reach, 89.9)  # there a degree of longitude is shortest
    half, turn = round(180 * DEGREE), round(360 * DEGREE)
    east = towns.figures[1, first:last] - round(longitude * DEGREE)
    apart = np.abs((east + half) % turn - half)
    rows: NDArray[np.intp] = np.flatnonzero(apart <= reach / np.cos(np.radians(widest)) * DEGREE)
    return rows + int(first)


def _km_from(latitude: float, longitude: float, degrees: NDArray[np.float64]) -> Kilometres:
    """How far (n,) places are that lie at (2, n) latitudes and longitudes: the haversine."""
    north, east = np.radians(degrees)
    here = np.radians(latitude)
    rise, turn = np.sin((north - here) / 2), np.sin((east - np.radians(longitude)) / 2)
    halves = rise**2 + np.cos(north) * np.cos(here) * turn**2
    return np.asarray(2 * EARTH_KM * np.arcsin(np.sqrt(halves)))


def _called(km: Kilometres, people: NDArray[np.int32]) -> Iterator[int]:
    """The rows of towns as people would name them, the first one first.

    The largest that reaches so far, so that who stands in a quarter names the city; else, around
    cities, the one that is near for its size; else the one whose edge is nearest.
    """
    reaches_km = KM_OF_PEOPLE * np.sqrt(np.maximum(people, 1))
    shares = km / reaches_km
    inside, around = np.flatnonzero(shares <= 1), np.flatnonzero(shares <= AROUND)
    yield from inside[np.argsort(-people[inside], kind="stable")].tolist()
    yield from around[np.argsort(shares[around], kind="stable")].tolist()
    yield from np.argsort(km - reaches_km, kind="stable").tolist()
