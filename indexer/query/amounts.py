"""Read stars and sizes: "4+", ">=4", "3-4", ">5mb", "12mp", "4000x3000"."""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from indexer.query.parts import Between, Bytes, Pixels, Sides, Size

MOST_STARS = 5
SIGN = r"(?P<sign>>=|<=|>|<|=|≥|≤)?"
UNITS = {  # decimal, as the systems' own windows and cameras count
    **{"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "k": 10**3, "m": 10**6, "g": 10**9},
    **{"kib": 2**10, "mib": 2**20, "gib": 2**30, "mp": 10**6, "mpx": 10**6, "px": 1},
}
PIXELS = ("mp", "mpx", "px")
AMOUNT = re.compile(rf"{SIGN}(?P<number>\d{{1,6}}(?:\.\d{{1,3}})?)(?P<unit>[a-z]+)(?P<plus>\+)?")
SIDES = re.compile(rf"{SIGN}(?P<first>\d{{1,6}})[x×*](?P<second>\d{{1,6}})(?P<plus>\+)?")
STARS = re.compile(rf"{SIGN}(?P<first>\d)(?:(?P<plus>\+)|(?:-|–|\.\.)(?P<last>\d))?")


def stars(text: str) -> Between | None:
    """How many stars; None where that is no rating.

    >>> stars("4+"), stars(">3"), stars("★★★"), stars("6")
    (Between(least=4, most=5), Between(least=4, most=5), Between(least=3, most=3), None)
    """
    if text and not text.strip("★*"):
        text = str(len(text))
    match = STARS.fullmatch(text)
    if match is None:
        return None
    first, last, sign = int(match["first"]), int(match["last"] or match["first"]), match["sign"]
    if match["plus"]:
        last = MOST_STARS
    elif sign and match["last"]:
        return None
    elif sign:
        wished = _compared(sign, first)
        first = wished.least if wished.least is not None else 0
        last = wished.most if wished.most is not None else MOST_STARS
    return Between(first, last) if 0 <= first <= last <= MOST_STARS else None


def size(text: str) -> Size | None:
    """How large a file or a picture; None where that is no size. Without a sign: about so large.

    >>> size("12mp")
    Pixels(size=Between(least=11500000, most=12500000))
    >>> size("3000x4000") == size("4000x3000")
    True
    """
    text = text.lower().replace(" ", "")
    if match := SIDES.fullmatch(text):
        shorter, longer = sorted((int(match["first"]), int(match["second"])))
        sign = ">=" if match["plus"] else match["sign"] or "="
        return Sides(_compared(sign, longer), _compared(sign, shorter))
    match = AMOUNT.fullmatch(text)
    if match is None or match["unit"] not in UNITS:
        return None
    number, unit = Decimal(match["number"]), UNITS[match["unit"]]
    sign = ">=" if match["plus"] else match["sign"]
    if sign and sign != "=":
        wished = _compared(sign, int(number * unit))
    else:  # all that people would round to this number
        half = Decimal(1).scaleb(int(number.as_tuple().exponent)) / 2
        wished = Between(
            int(((number - half) * unit).to_integral_value(ROUND_CEILING)),
            int(((number + half) * unit).to_integral_value(ROUND_FLOOR)),
        )
    return Pixels(wished) if match["unit"] in PIXELS else Bytes(wished)


def _compared(sign: str, number: int) -> Between:
    return {
        ">": Between(number + 1, None),
        ">=": Between(number, None),
        "≥": Between(number, None),
        "<": Between(None, number - 1),
        "<=": Between(None, number),
        "≤": Between(None, number),
    }.get(sign, Between(number, number))
