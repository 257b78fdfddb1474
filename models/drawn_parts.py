"""What the drawn scenes share: colours, skies, meadows and trees."""

from models.drawn_sheet import Colour, Sheet

COLOURS: dict[str, Colour] = {
    "red": (204, 52, 48),
    "orange": (238, 138, 44),
    "yellow": (248, 206, 72),
    "green": (76, 154, 84),
    "blue": (52, 106, 190),
    "purple": (126, 80, 160),
    "pink": (240, 134, 164),
    "white": (246, 244, 238),
    "brown": (132, 86, 52),
    "grey": (142, 144, 150),
    "black": (44, 44, 50),
}
BRIGHT = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
FUR = {
    "brown": (132, 86, 52),
    "black": (52, 50, 54),
    "white": (240, 236, 226),
    "grey": (140, 140, 146),
}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven")
INK: Colour = (36, 36, 42)
GRASS, DEEP_GRASS = (134, 184, 92), (84, 140, 66)
SKIES: dict[str, tuple[Colour, Colour]] = {  # weather: colour above, colour at the horizon
    "under a blue sky": ((92, 158, 222), (206, 230, 244)),
    "at sunset": ((88, 74, 134), (250, 170, 110)),
    "on a grey day": ((148, 156, 166), (206, 210, 212)),
}


def article(word: str) -> str:
    """The word with its article, as in "an orange"."""
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def mixed(one: Colour, other: Colour, part: float) -> Colour:
    """`part` of the other colour in the one.

    >>> mixed((0, 0, 0), (200, 100, 50), 0.5)
    (100, 50, 25)
    """
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def sky(sheet: Sheet, horizon: float) -> str:
    """Paint a sky down to `horizon` and say which."""
    weather = sheet.chance.choice(list(SKIES))
    sheet.band(0, horizon, *SKIES[weather])
    if weather == "under a blue sky":
        for _ in range(3):
            x, y = sheet.chance.uniform(0, sheet.wide), sheet.chance.uniform(0.08, 0.3) * horizon
            for step in (-0.07, 0.0, 0.07):
                sheet.oval(x + step, y - (0.02 if step == 0 else 0), 0.08, 0.04, (250, 252, 252))
    return weather


def meadow(sheet: Sheet, horizon: float) -> None:
    """Grass from `horizon` down."""
    sheet.band(horizon, sheet.high, GRASS, DEEP_GRASS)
    for _ in range(40):
        x, y = sheet.chance.uniform(0, sheet.wide), sheet.chance.uniform(horizon + 0.03, sheet.high)
        sheet.stroke([(x, y), (x + 0.01, y - 0.03)], (104, 164, 76), 0.006)


def tree(sheet: Sheet, x: float, y: float, leaves: Colour) -> None:
    """A tree that stands on (x, y)."""
    sheet.box(x - 0.025, y - 0.3, x + 0.025, y, (104, 70, 46))
    for dx, dy in ((-0.09, -0.32), (0.09, -0.32), (0.0, -0.42), (0.0, -0.3)):
        sheet.disc(x + dx, y + dy, 0.11, leaves)
