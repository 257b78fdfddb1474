"""Find places by name: towns, regions and countries, by every name that they are known under.

The other direction of `places`, over the same file. Nothing is read before the first question, and
then no list of names is made: a name is found by halving, as in a book.
"""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from indexer.place_data import DATA, DEGREE, Names, Towns, read_names, read_towns

APART = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "ə": "e"})
APART |= str.maketrans({"æ": "ae", "œ": "oe", "þ": "th", **dict.fromkeys("'’‘ʻʼ`´", "")})
ACCENTS = range(0x300, 0x370)  # what else joins a letter is a letter of its script
BORROWED = 4  # a name in another language counts as much as an own name with so many fewer people
SPREAD = 20  # the same for a region: people who say New York or Lisbon mean the town


class Kind(StrEnum):
    """What a name may stand for."""

    TOWN = "town"
    REGION = "region"  # state, province, land
    COUNTRY = "country"


@dataclass(frozen=True, slots=True)
class KnownPlace:
    """A place with the name asked for. Its own names are those that photos were given."""

    kind: Kind
    name: str
    region: str | None  # of a region its own name; None of countries
    country: str
    latitude: float  # degrees; of regions and countries the middle of their people
    longitude: float
    population: int


def fold(name: str) -> str:
    """The name without capitals, accents and marks: what people mean to be the same.

    >>> fold("Île-de-France"), fold("MÜNCHEN"), fold("St. Mary’s"), fold("Łódź")
    ('ile de france', 'munchen', 'st marys', 'lodz')
    """
    letters = unicodedata.normalize("NFKD", name.casefold().translate(APART))
    plain = (one for one in letters if ord(one) not in ACCENTS)
    kept = (one if unicodedata.category(one)[0] in "LMN" else " " for one in plain)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


class PlaceNames:
    """Places by name. Reads its data when first asked: a tenth of a second, 10 MB.

    >>> [place.name for place in PlaceNames().matching("münchen")]
    ['Munich']
    >>> [place.country for place in PlaceNames().matching("Paris, Texas")]
    ['United States']
    """

    def __init__(self, data: Path = DATA) -> None:
        self._data = data
        self._read: tuple[Towns, Names] | None = None

    def matching(self, name: str) -> list[KnownPlace]:
        """All places of that name, the one most likely meant first.

        Behind a comma may stand what they lie in: "Paris, Texas".
        """
        name, _, outer = (part.strip() for part in name.partition(","))
        found = list(self._found(fold(name)))
        if outer:
            around = {(one.kind, one.region, one.country) for one in self.matching(outer)}
            found = [one for one in found if self._lies_in(one, around)]
        return sorted(found, key=lambda one: -_weight(one, fold(name)))

    @staticmethod
    def _lies_in(one: KnownPlace, around: set[tuple[Kind, str | None, str]]) -> bool:
        inner = one.kind is Kind.TOWN and (Kind.REGION, one.region, one.country) in around
        return inner or (Kind.COUNTRY, None, one.country) in around

    def _found(self, folded: str) -> Iterator[KnownPlace]:
        if self._read is None:
            self._read = read_towns(self._data), read_names(self._data)
        towns, names = self._read
        wanted = folded.encode()
        row = bisect_left(range(len(names.known)), wanted, key=names.known.raw)
        while folded and row < len(names.known) and names.known.raw(row) == wanted:
            yield _place(towns, names, int(names.owners[row]))
            row += 1


def _place(towns: Towns, names: Names, owner: int) -> KnownPlace:
    """The place that owns a name."""
    if owner < len(towns.names):
        north, east, people = towns.figures[:, owner].tolist()
        kind, name, (_, region, country) = Kind.TOWN, towns.names[owner], towns.area(owner)
    else:
        wide = owner - len(towns.names)
        north, east, people = names.figures[:, wide].tolist()
        region, country = names.wide[wide].split("\t")
        kind, name = (Kind.REGION, region) if region else (Kind.COUNTRY, country)
    return KnownPlace(kind, name, region or None, country, north / DEGREE, east / DEGREE, people)


def _weight(place: KnownPlace, folded: str) -> float:
    """How likely it is meant by that name."""
    own = fold(place.name) == folded
    weight = (place.population + 1) / (SPREAD if place.kind is Kind.REGION else 1)
    return weight if own else weight / BORROWED
