"""Places by name, from the gazetteer that ships."""

from pathlib import Path

import pytest

from indexer.place_data import DATA, read_names
from indexer.place_names import Kind, PlaceNames, fold


@pytest.fixture(scope="module")
def names() -> PlaceNames:
    return PlaceNames()


@pytest.mark.parametrize(
    ("asked", "name", "country"),
    [
        ("Lisbon", "Lisbon", "Portugal"),
        ("lisboa", "Lisbon", "Portugal"),
        ("Munich", "Munich", "Germany"),
        ("München", "Munich", "Germany"),
        ("MUNCHEN", "Munich", "Germany"),
        ("muenchen", "Munich", "Germany"),
        ("Firenze", "Florence", "Italy"),
        ("Wien", "Vienna", "Austria"),
        ("København", "Copenhagen", "Denmark"),
        ("Łódź", "Łódź", "Poland"),
        ("lodz", "Łódź", "Poland"),
        ("Москва", "Moscow", "Russia"),
        ("東京", "Tokyo", "Japan"),
        ("new york", "New York City", "United States"),
        ("NYC", "New York City", "United States"),
        ("Roma", "Rome", "Italy"),
        ("Paris", "Paris", "France"),
        ("Paris, Texas", "Paris", "United States"),
        ("Cambridge, MA", "", ""),  # letters of states are not known
        ("Cambridge, Massachusetts", "Cambridge", "United States"),
        ("Sausalito", "Sausalito", "United States"),
        ("Portugal", "Portugal", "Portugal"),
        ("Deutschland", "Germany", "Germany"),
        ("usa", "United States", "United States"),
        ("Holland", "Netherlands", "Netherlands"),
        ("California", "California", "United States"),
        ("Toscana", "Tuscany", "Italy"),
        ("Bayern", "Bavaria", "Germany"),
        ("a giraffe", "", ""),
        ("", "", ""),
    ],
)
def test_the_place_most_likely_meant_comes_first(
    names: PlaceNames, asked: str, name: str, country: str
) -> None:
    found = names.matching(asked)
    assert [(one.name, one.country) for one in found[:1]] == ([(name, country)] if name else [])


def test_all_places_of_a_name_are_given(names: PlaceNames) -> None:
    lisbons = names.matching("Lisbon")
    assert len({one.region for one in lisbons if one.country == "United States"}) >= 5
    first = lisbons[0]
    assert (first.kind, first.region) == (Kind.TOWN, "Lisbon")
    assert (first.latitude, first.longitude) == pytest.approx((38.72, -9.14), abs=0.03)
    assert first.population > 500_000


def test_a_region_and_a_country_lie_where_their_people_are(names: PlaceNames) -> None:
    portugal, california = names.matching("Portugal")[0], names.matching("California")[0]
    assert (portugal.kind, portugal.region) == (Kind.COUNTRY, None)
    assert (california.kind, california.region) == (Kind.REGION, "California")
    assert (portugal.latitude, portugal.longitude) == pytest.approx((39.5, -8.6), abs=1.5)
    assert portugal.population > 10_000_000


def test_the_names_lie_in_the_order_in_which_they_are_looked_for() -> None:
    known = read_names(DATA).known
    dice = range(0, len(known) - 1, 97)
    assert all(known.raw(row) <= known.raw(row + 1) for row in dice)
    assert all(known[row] == fold(known[row]) for row in dice)


def test_without_its_data_no_name_is_known(tmp_path: Path) -> None:
    assert PlaceNames(tmp_path / "none.npz").matching("Paris") == []
