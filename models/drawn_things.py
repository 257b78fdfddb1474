"""Scenes of things for `models.drawn`: each fills a sheet and returns a true sentence."""

import math

from models.drawn_parts import (
    BRIGHT,
    COLOURS,
    DEEP_GRASS,
    FUR,
    INK,
    NUMBERS,
    article,
    meadow,
    mixed,
    sky,
)
from models.drawn_sheet import Sheet


def shapes(sheet: Sheet) -> str:
    """Two coloured shapes on a coloured ground."""
    left, right, ground = sheet.chance.sample([*BRIGHT, "white", "black"], 3)
    sheet.band(0, sheet.high, COLOURS[ground], COLOURS[ground])
    kinds = sheet.chance.sample(["circle", "square", "triangle", "star"], 2)
    for kind, colour, part in zip(kinds, (left, right), (0.27, 0.73), strict=True):
        x, y, r = sheet.wide * part, sheet.high * sheet.chance.uniform(0.42, 0.58), 0.2
        if kind == "circle":
            sheet.disc(x, y, r, COLOURS[colour])
        elif kind == "square":
            sheet.box(x - r, y - r, x + r, y + r, COLOURS[colour])
        else:
            corners, inner = (3, r / 2) if kind == "triangle" else (5, r * 0.42)
            turns = [math.pi * step / corners - math.pi / 2 for step in range(2 * corners)]
            reach = [inner if step % 2 else r for step in range(2 * corners)]
            edge = [
                (x + q * math.cos(t), y + q * math.sin(t))
                for q, t in zip(reach, turns, strict=True)
            ]
            sheet.shape(edge, COLOURS[colour])
    return f"{article(left)} {kinds[0]} and {article(right)} {kinds[1]} on a {ground} background"


def cake(sheet: Sheet) -> str:
    """A birthday cake with candles."""
    table, count = sheet.high * 0.66, sheet.chance.randint(1, 7)
    wall, icing = sheet.chance.sample(["pink", "blue", "purple", "green", "yellow"], 2)
    pale = mixed(COLOURS[wall], COLOURS["white"], 0.66)
    sheet.band(0, table, pale, pale)
    sheet.band(table, sheet.high, (170, 118, 78), (130, 86, 54))
    x = sheet.wide / 2
    sheet.oval(x, table + 0.12, 0.42, 0.06, COLOURS["white"])
    sheet.box(x - 0.32, table - 0.16, x + 0.32, table + 0.12, (150, 96, 60), 0.03)
    sheet.box(x - 0.32, table - 0.18, x + 0.32, table - 0.06, COLOURS[icing], 0.03)
    for drop in range(8):
        sheet.disc(x - 0.28 + 0.08 * drop, table - 0.06, 0.035, COLOURS[icing])
    for place in range(count):
        stand = x + 0.26 * (2 * (place + 0.5) / count - 1)
        sheet.box(stand - 0.014, table - 0.33, stand + 0.014, table - 0.17, COLOURS["white"])
        sheet.oval(stand, table - 0.365, 0.018, 0.034, (255, 196, 70))
    candles = f"{NUMBERS[count]} candle{'s' if count > 1 else ''}"
    return f"a birthday cake with {icing} icing and {candles} on a table"


def dog(sheet: Sheet) -> str:
    """A dog on grass with a ball."""
    horizon = sheet.high * 0.5
    weather = sky(sheet, horizon)
    meadow(sheet, horizon)
    coat, ball = sheet.chance.choice(list(FUR)), sheet.chance.choice(["red", "yellow", "blue"])
    fur, x, y = FUR[coat], sheet.wide * 0.46, sheet.high * 0.66
    sheet.stroke([(x - 0.2, y - 0.04), (x - 0.3, y - 0.17)], fur, 0.04)
    for leg in (-0.18, -0.11, 0.1, 0.17):
        sheet.box(x + leg - 0.024, y, x + leg + 0.024, y + 0.2, fur, 0.02)
    sheet.box(x - 0.23, y - 0.1, x + 0.22, y + 0.08, fur, 0.09)
    sheet.shape([(x + 0.1, y), (x + 0.2, y - 0.2), (x + 0.3, y - 0.14), (x + 0.22, y + 0.04)], fur)
    sheet.disc(x + 0.27, y - 0.19, 0.105, fur)
    sheet.box(x + 0.27, y - 0.2, x + 0.44, y - 0.11, fur, 0.045)
    sheet.disc(x + 0.43, y - 0.175, 0.024, INK)
    sheet.oval(x + 0.19, y - 0.16, 0.04, 0.1, mixed(fur, INK, 0.4))
    sheet.disc(x + 0.3, y - 0.215, 0.016, (20, 20, 24))
    sheet.stroke([(x + 0.17, y - 0.08), (x + 0.27, y - 0.06)], COLOURS[ball], 0.03)
    sheet.disc(sheet.wide * 0.86, y + 0.15, 0.06, COLOURS[ball])
    return f"a {coat} dog with a {ball} ball on the grass {weather}"


def cat(sheet: Sheet) -> str:
    """A cat sitting on a sofa."""
    coat = sheet.chance.choice(["orange", *FUR])
    fur = FUR.get(coat, (226, 140, 62))
    sofa = sheet.chance.choice(
        [name for name in ("blue", "red", "green", "purple") if name != coat]
    )
    sheet.band(0, sheet.high, (236, 226, 208), (216, 202, 180))
    x, y = sheet.wide * sheet.chance.uniform(0.42, 0.58), sheet.high * 0.72
    cushion = COLOURS[sofa]
    sheet.box(0.06, y - 0.4, sheet.wide - 0.06, y + 0.1, cushion, 0.08)
    sheet.box(0.0, y - 0.06, sheet.wide, sheet.high - 0.03, mixed(cushion, INK, 0.25), 0.06)
    sheet.stroke([(x + 0.1, y), (x + 0.26, y - 0.02), (x + 0.28, y - 0.16)], fur, 0.045)
    sheet.oval(x, y - 0.11, 0.14, 0.19, fur)
    sheet.disc(x, y - 0.32, 0.125, fur)
    for side in (-1, 1):
        ear = [(x + side * 0.12, y - 0.34), (x + side * 0.1, y - 0.5), (x + side * 0.02, y - 0.42)]
        sheet.shape(ear, fur)
        sheet.oval(x + side * 0.05, y - 0.335, 0.024, 0.03, (176, 208, 96))
        sheet.oval(x + side * 0.05, y - 0.335, 0.008, 0.026, INK)
        for lift in (-0.01, 0.015):
            whisker = [(x + side * 0.04, y - 0.275), (x + side * 0.19, y - 0.27 + lift * 2)]
            sheet.stroke(whisker, (250, 250, 250), 0.005)
        sheet.oval(x + side * 0.06, y + 0.06, 0.05, 0.03, fur)
    sheet.shape([(x - 0.018, y - 0.29), (x + 0.018, y - 0.29), (x, y - 0.268)], (222, 120, 130))
    return f"{article(coat)} cat sitting on a {sofa} sofa"


def car(sheet: Sheet) -> str:
    """A car on a road."""
    road = sheet.high * 0.62
    weather = sky(sheet, road)
    sheet.band(road - 0.05, road, DEEP_GRASS, DEEP_GRASS)
    sheet.band(road, sheet.high, (96, 98, 104), (72, 74, 80))
    for dash in range(6):
        sheet.box(dash * 0.3, road + 0.26, dash * 0.3 + 0.15, road + 0.28, COLOURS["white"])
    colour = sheet.chance.choice(["red", "blue", "yellow", "green", "white", "black"])
    x, y = sheet.wide * sheet.chance.uniform(0.45, 0.55), road + 0.1
    roof = [(x - 0.24, y - 0.12), (x - 0.15, y - 0.27), (x + 0.12, y - 0.27), (x + 0.24, y - 0.12)]
    sheet.shape(roof, COLOURS[colour])
    for left, right in ((-0.18, -0.02), (0.02, 0.19)):
        top = (-0.13, -0.02) if left < 0 else (0.02, 0.1)
        glass = [(x + left, y - 0.12), (x + top[0], y - 0.24), (x + top[1], y - 0.24)]
        sheet.shape([*glass, (x + right, y - 0.12)], (196, 220, 232))
    sheet.box(x - 0.38, y - 0.13, x + 0.38, y + 0.04, COLOURS[colour], 0.05)
    sheet.disc(x + 0.36, y - 0.06, 0.025, (255, 240, 170))
    for wheel in (-0.22, 0.22):
        sheet.disc(x + wheel, y + 0.04, 0.085, INK)
        sheet.disc(x + wheel, y + 0.04, 0.04, (190, 192, 198))
    return f"a {colour} car on a road {weather}"


def snowman(sheet: Sheet) -> str:
    """A snowman in the snow."""
    ground = sheet.high * 0.66
    weather = sky(sheet, ground)
    sheet.band(ground, sheet.high, (238, 244, 250), (206, 220, 234))
    scarf = sheet.chance.choice(["red", "green", "blue", "orange"])
    x, y = sheet.wide * sheet.chance.uniform(0.35, 0.65), ground + 0.12
    for lift, radius in ((0.1, 0.19), (0.34, 0.14), (0.53, 0.1)):
        sheet.disc(x, y - lift, radius + 0.008, (196, 208, 222))
        sheet.disc(x, y - lift, radius, (252, 253, 255))
    sheet.box(x - 0.11, y - 0.46, x + 0.11, y - 0.42, COLOURS[scarf], 0.02)
    sheet.box(x + 0.03, y - 0.44, x + 0.08, y - 0.28, COLOURS[scarf], 0.02)
    for side in (-0.035, 0.035):
        sheet.disc(x + side, y - 0.56, 0.012, INK)
    sheet.shape([(x, y - 0.54), (x, y - 0.51), (x + 0.12, y - 0.52)], COLOURS["orange"])
    sheet.box(x - 0.12, y - 0.64, x + 0.12, y - 0.61, INK)
    sheet.box(x - 0.075, y - 0.75, x + 0.075, y - 0.62, INK)
    return f"a snowman with a {scarf} scarf and a black hat in the snow {weather}"


def sign(sheet: Sheet) -> str:
    """A sign with one word."""
    horizon = sheet.high * 0.7
    weather = sky(sheet, horizon)
    meadow(sheet, horizon)
    word = sheet.chance.choice(["OPEN", "STOP", "CAFE", "HOTEL", "EXIT", "TAXI", "MARKET", "BEACH"])
    colour = sheet.chance.choice(["red", "blue", "green", "black"])
    x, y = sheet.wide / 2, sheet.high * 0.4
    sheet.box(x - 0.025, y, x + 0.025, sheet.high - 0.1, (120, 122, 128))
    sheet.box(x - 0.4, y - 0.17, x + 0.4, y + 0.17, COLOURS["white"], 0.05)
    sheet.box(x - 0.38, y - 0.15, x + 0.38, y + 0.15, COLOURS[colour], 0.04)
    sheet.words(x, y, word, 0.18, COLOURS["white"])
    return f"a {colour} sign that says {word} {weather}"


def receipt(sheet: Sheet) -> str:
    """A receipt on a table."""
    sheet.band(0, sheet.high, (150, 104, 70), (112, 74, 48))
    shop = sheet.chance.choice(["CAFE ROMA", "BOOK SHOP", "BAKERY", "GARDEN MARKET"])
    x, lines = (
        sheet.wide / 2,
        sheet.chance.sample(
            ["Coffee", "Tea", "Bread", "Cake", "Apples", "Milk", "Soup", "Roses", "Novel"], 4
        ),
    )
    sheet.box(x - 0.29, 0.05, x + 0.31, sheet.high - 0.03, (84, 56, 38))
    sheet.box(x - 0.3, 0.04, x + 0.3, sheet.high - 0.04, (250, 249, 244))
    sheet.words(x, 0.14, shop, 0.066, INK)
    total = 0
    for row, name in enumerate(lines):
        cents = sheet.chance.randrange(120, 1900, 5)
        total += cents
        sheet.words(x - 0.15, 0.28 + 0.1 * row, name, 0.056, INK)
        sheet.words(x + 0.19, 0.28 + 0.1 * row, f"{cents / 100:.2f}", 0.056, INK)
    sheet.stroke([(x - 0.25, 0.7), (x + 0.25, 0.7)], INK, 0.006)
    sheet.words(x, 0.8, f"TOTAL {total / 100:.2f}", 0.075, INK)
    return (
        f"a receipt from {shop.title()} with {lines[0].lower()} and {lines[1].lower()} on a table"
    )


THINGS = (dog, cake, cat, car, shapes, receipt, snowman, sign)
