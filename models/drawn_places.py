"""Scenes of places for `models.drawn`: each fills a sheet and returns a true sentence."""

import math

from models.drawn_parts import (
    BRIGHT,
    COLOURS,
    DEEP_GRASS,
    INK,
    NUMBERS,
    article,
    meadow,
    sky,
    tree,
)
from models.drawn_sheet import Sheet


def beach(sheet: Sheet) -> str:
    """Sun, sea and sand, with a parasol."""
    sea, sand = sheet.high * 0.45, sheet.high * 0.66
    weather = sky(sheet, sea)
    if weather != "on a grey day":
        sheet.disc(sheet.wide * sheet.chance.uniform(0.2, 0.8), sea * 0.6, 0.09, (255, 226, 130))
    sheet.band(sea, sand, (34, 112, 160), (120, 196, 206))
    sheet.band(sand, sheet.high, (240, 220, 168), (218, 190, 132))
    colour = sheet.chance.choice(BRIGHT)
    x, y = sheet.wide * sheet.chance.uniform(0.3, 0.7), sand + 0.05
    sheet.stroke([(x, y - 0.25), (x, y + 0.15)], COLOURS["brown"], 0.018)
    sheet.half_disc(x, y - 0.1, 0.22, COLOURS[colour])
    sheet.shape([(x - 0.06, y - 0.1), (x + 0.06, y - 0.1), (x, y - 0.32)], COLOURS["white"])
    return f"{article(colour)} parasol on a sandy beach by the sea {weather}"


def house(sheet: Sheet) -> str:
    """A house in the grass beside a tree."""
    horizon = sheet.high * 0.62
    weather = sky(sheet, horizon)
    meadow(sheet, horizon)
    wall, roof = sheet.chance.sample(["red", "white", "yellow", "blue", "brown"], 2)
    x, y = sheet.wide * 0.4, horizon + 0.12
    sheet.box(x - 0.24, y - 0.34, x + 0.24, y, COLOURS[wall])
    sheet.shape([(x - 0.3, y - 0.33), (x + 0.3, y - 0.33), (x, y - 0.56)], COLOURS[roof])
    sheet.box(x - 0.05, y - 0.18, x + 0.05, y, INK)
    for side in (-0.15, 0.15):
        sheet.box(x + side - 0.05, y - 0.26, x + side + 0.05, y - 0.16, (250, 238, 180))
    tree(sheet, sheet.wide * 0.83, y, DEEP_GRASS)
    return f"a {wall} house with a {roof} roof beside a tree {weather}"


def trees(sheet: Sheet) -> str:
    """A few trees in one of two seasons."""
    horizon = sheet.high * 0.6
    weather = sky(sheet, horizon)
    meadow(sheet, horizon)
    count = sheet.chance.randint(1, 4)
    season, leaves = sheet.chance.choice([("green", (70, 132, 62)), ("autumn", (214, 112, 40))])
    for place in range(count):
        tree(sheet, sheet.wide * (place + 0.5) / count, horizon + 0.05 + 0.07 * (place % 2), leaves)
    return f"{NUMBERS[count]} {season} tree{'s' if count > 1 else ''} in a meadow {weather}"


def boat(sheet: Sheet) -> str:
    """A sailing boat at sea."""
    sea = sheet.high * 0.6
    weather = sky(sheet, sea)
    sheet.band(sea, sheet.high, (72, 140, 180), (20, 70, 120))
    for _ in range(14):
        wave, y = sheet.chance.uniform(0, sheet.wide), sheet.chance.uniform(sea + 0.05, sheet.high)
        sheet.stroke([(wave, y), (wave + 0.09, y)], (150, 200, 220), 0.006)
    hull, sail = sheet.chance.sample(["red", "white", "yellow", "blue", "brown"], 2)
    x, y = sheet.wide * sheet.chance.uniform(0.35, 0.65), sea + 0.08
    sheet.stroke([(x, y - 0.55), (x, y)], (90, 64, 44), 0.014)
    sheet.shape([(x + 0.02, y - 0.54), (x + 0.02, y - 0.07), (x + 0.24, y - 0.07)], COLOURS[sail])
    sheet.shape([(x - 0.02, y - 0.46), (x - 0.02, y - 0.07), (x - 0.18, y - 0.07)], COLOURS[sail])
    deck = [(x - 0.27, y - 0.04), (x + 0.29, y - 0.04), (x + 0.19, y + 0.08), (x - 0.19, y + 0.08)]
    sheet.shape(deck, COLOURS[hull])
    return f"a {hull} sailing boat with {sail} sails on the sea {weather}"


def night(sheet: Sheet) -> str:
    """The moon and stars over mountains."""
    sheet.band(0, sheet.high, (10, 14, 42), (58, 56, 108))
    for _ in range(60):
        spot = sheet.chance.uniform(0, sheet.wide), sheet.chance.uniform(0, sheet.high * 0.6)
        sheet.disc(*spot, sheet.chance.uniform(0.002, 0.006), (250, 246, 220))
    x, y = sheet.wide * sheet.chance.uniform(0.2, 0.8), sheet.high * 0.24
    crescent = sheet.chance.random() < 0.5
    sheet.disc(x, y, 0.1, (250, 240, 196))
    if crescent:
        sheet.disc(x + 0.05, y - 0.02, 0.088, (20, 23, 54))
    for part in (0.1, 0.45, 0.85):
        peak, foot = sheet.wide * part, sheet.high
        top = foot - sheet.chance.uniform(0.25, 0.42)
        sheet.shape([(peak - 0.5, foot), (peak, top), (peak + 0.5, foot)], (24, 24, 48))
    return f"a {'crescent' if crescent else 'full'} moon and stars over dark mountains at night"


def mountains(sheet: Sheet) -> str:
    """Snowy mountains, perhaps above a lake."""
    foot = sheet.high * 0.72
    weather = sky(sheet, foot)
    for part, lift in ((0.2, 0.42), (0.8, 0.46), (0.5, 0.6)):
        peak, top = sheet.wide * part, foot - lift
        sheet.shape([(peak - lift, foot), (peak, top), (peak + lift, foot)], (104, 110, 128))
        snow = [(peak - 0.12, top + 0.12), (peak, top), (peak + 0.12, top + 0.12)]
        sheet.shape([*snow, (peak + 0.04, top + 0.08), (peak - 0.03, top + 0.13)], (248, 250, 252))
    if sheet.chance.random() < 0.5:
        sheet.band(foot, sheet.high, (98, 158, 190), (44, 96, 136))
        return f"snowy mountains above a lake {weather}"
    meadow(sheet, foot)
    return f"snowy mountains above a green meadow {weather}"


def flowers(sheet: Sheet) -> str:
    """A few flowers in the grass."""
    horizon = sheet.high * 0.34
    weather = sky(sheet, horizon)
    meadow(sheet, horizon)
    colour = sheet.chance.choice(["red", "yellow", "pink", "purple", "white"])
    count = sheet.chance.randint(1, 6)
    for place in range(count):
        x, y = sheet.wide * (place + 0.5) / count, sheet.high * (0.5 + 0.12 * (place % 2))
        sheet.stroke([(x, y), (x + 0.01, y + 0.26)], (52, 110, 52), 0.016)
        for petal in range(6):
            turn = math.tau * petal / 6
            sheet.disc(
                x + 0.055 * math.cos(turn), y + 0.055 * math.sin(turn), 0.04, COLOURS[colour]
            )
        sheet.disc(x, y, 0.034, (236, 170, 40))
    return f"{NUMBERS[count]} {colour} flower{'s' if count > 1 else ''} in the grass {weather}"


def balloons(sheet: Sheet) -> str:
    """Balloons of one colour in the air."""
    weather = sky(sheet, sheet.high)
    colour, count = sheet.chance.choice(BRIGHT), sheet.chance.randint(1, 6)
    knot = (sheet.wide / 2, sheet.high * 0.95)
    places = [(sheet.wide * (n + 0.5) / count, 0.3 + 0.14 * (n % 2)) for n in range(count)]
    for x, y in places:
        sheet.stroke([(x, y + 0.13), knot], (90, 90, 96), 0.006)
    for x, y in places:
        sheet.oval(x, y, 0.1, 0.13, COLOURS[colour])
        sheet.oval(x - 0.035, y - 0.05, 0.018, 0.03, (255, 255, 255))
    return f"{NUMBERS[count]} {colour} balloon{'s' if count > 1 else ''} {weather}"


PLACES = (beach, house, trees, boat, night, mountains, flowers, balloons)
