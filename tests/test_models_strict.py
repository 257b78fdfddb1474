"""Frozen values from JSON: what does not fit is named."""

from dataclasses import dataclass
from typing import Literal

import pytest

from models.strict import build


@dataclass(frozen=True)
class Lid:
    colour: Literal["red", "blue"]
    holes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cup:
    name: str
    height: float
    shape: tuple[float, float]
    lid: Lid | None = None
    full: bool = False


CUP = {"name": "tea", "height": 2, "shape": [1, 0.5]}


def test_lists_become_tuples_and_whole_numbers_numbers() -> None:
    cup = build(Cup, {**CUP, "lid": {"colour": "red", "holes": [3]}}, "cup")
    assert cup == Cup("tea", 2.0, (1.0, 0.5), Lid("red", (3,)))
    assert build(Cup, {**CUP, "lid": None}, "cup").lid is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], "cup must be an object"),
        ({"name": "tea"}, "cup.height is missing"),
        ({**CUP, "weight": 1}, "cup.weight is unknown"),
        ({**CUP, "name": None}, "cup.name must be text, not None"),
        ({**CUP, "height": True}, "cup.height must be a number, not True"),
        ({**CUP, "height": float("nan")}, "cup.height must be a number, not nan"),
        ({**CUP, "shape": [1]}, "cup.shape must hold 2 values, not 1"),
        ({**CUP, "shape": "ab"}, "cup.shape must be a list"),
        ({**CUP, "full": 1}, "cup.full must be true or false, not 1"),
        ({**CUP, "lid": {"colour": "green"}}, "cup.lid.colour must be one of red, blue"),
        ({**CUP, "lid": {"colour": ["red"]}}, "cup.lid.colour must be one of red, blue"),
        (
            {**CUP, "lid": {"colour": "red", "holes": [1.5]}},
            r"cup.lid.holes\[0\] must be a whole number, not 1.5",
        ),
    ],
)
def test_what_does_not_fit_is_named(values: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        build(Cup, values, "cup")
