"""Ask about drawn pictures: two sentences each, one true, that differ in one thing only."""

import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from PIL import Image

from models.drawn import SCENES, Drawn, draw
from models.drawn_parts import NUMBERS

FIRST_SEED = 2_000_000  # far from all pictures that are learnt from
NAMES = [scene.__name__ for scene in SCENES]  # "dog", "beach", "cake" ...
CAR_COLOURS = ("red", "blue", "yellow", "green", "white", "black")


@dataclass(frozen=True, slots=True)
class Question:
    """A picture, and two sentences of which one is true."""

    picture: Image.Image
    true: str
    false: str


def pictures(scene: str, count: int, size: tuple[int, int]) -> list[tuple[Drawn, random.Random]]:
    """`count` drawn pictures of one scene, each with a chance of its own for the question."""
    first = FIRST_SEED - FIRST_SEED % len(SCENES) + NAMES.index(scene)
    seeds = range(first, first + count * len(SCENES), len(SCENES))
    return [(draw(seed, size), random.Random(seed)) for seed in seeds]


def objects(count: int, size: tuple[int, int]) -> list[Question]:
    """What is there: the sentence of a picture of something else."""
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    drawn = [(draw(seed, size), draw(seed + 1, size)) for seed in seeds]
    return [Question(one.picture, one.sentence, other.sentence) for one, other in drawn]


def colours(count: int, size: tuple[int, int]) -> list[Question]:
    """Which colour a car has."""
    asked = []
    for one, chance in pictures("car", count, size):
        colour = one.sentence.split()[1]
        other = chance.choice([name for name in CAR_COLOURS if name != colour])
        asked.append(Question(one.picture, one.sentence, one.sentence.replace(colour, other, 1)))
    return asked


def numbers(count: int, size: tuple[int, int]) -> list[Question]:
    """How many balloons there are, two to six."""
    asked: list[Question] = []
    for one, chance in pictures("balloons", 2 * count, size):
        word = one.sentence.split()[0]
        if word != "one" and len(asked) < count:
            other = chance.choice([name for name in NUMBERS[2:7] if name != word])
            asked.append(Question(one.picture, one.sentence, one.sentence.replace(word, other, 1)))
    return asked


def _shapes(sentence: str) -> tuple[str, str, str, str, str]:
    """Colour and kind of the left shape, of the right one, and the rest.

    >>> _shapes("a red circle and a blue star on a pink background")
    ('red', 'circle', 'blue', 'star', 'on a pink background')
    """
    words = sentence.split()
    return words[1], words[2], words[5], words[6], " ".join(words[7:])


def _a(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def bindings(count: int, size: tuple[int, int]) -> list[Question]:
    """Which shape has which colour: all the words are the same."""
    asked = []
    for one, _ in pictures("shapes", count, size):
        left, kind, right, other, ground = _shapes(one.sentence)
        false = f"{_a(right)} {kind} and {_a(left)} {other} {ground}"
        asked.append(Question(one.picture, one.sentence, false))
    return asked


def orders(count: int, size: tuple[int, int]) -> list[Question]:
    """Which shape is the left one, for a model that always read the left one first."""
    asked = []
    for one, _ in pictures("shapes", count, size):
        left, kind, right, other, ground = _shapes(one.sentence)
        false = f"{_a(right)} {other} and {_a(left)} {kind} {ground}"
        asked.append(Question(one.picture, one.sentence, false))
    return asked


def positions(count: int, size: tuple[int, int]) -> list[Question]:
    """The same in plain words: left of, or right of. Half of the truths are "right of"."""
    asked = []
    for number, (one, _) in enumerate(pictures("shapes", count, size)):
        left, kind, right, other, _ground = _shapes(one.sentence)
        first, second = f"{_a(left)} {kind}", f"{_a(right)} {other}"
        where = ("left", "right")
        if number % 2:
            first, second, where = second, first, ("right", "left")
        true, false = (f"{first} to the {side} of {second}" for side in where)
        asked.append(Question(one.picture, true, false))
    return asked


def negations(count: int, size: tuple[int, int]) -> list[Question]:
    """With a dog or without one: half of the pictures show a dog, the others a boat."""
    there = "a picture with a dog", "a picture without a dog"
    asked = [Question(one.picture, *there) for one, _ in pictures("dog", count // 2, size)]
    for one, _ in pictures("boat", count // 2, size):
        asked.append(Question(one.picture, there[1], there[0]))
    return asked


KINDS: dict[str, Callable[[int, tuple[int, int]], list[Question]]] = {
    "object": objects,
    "colour": colours,
    "number": numbers,
    "which has which colour": bindings,
    "left one first": orders,
    "left or right": positions,
    "with or without": negations,
}
