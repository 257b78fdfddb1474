"""The window's colours and type, from the system's palette and font.

`inks` and `font` are asked at each paint: so a change of palette or font needs no bookkeeping.
There is no style sheet, under which Qt loses palette changes (QTBUG-112966).
"""

from dataclasses import fields
from functools import lru_cache

from PySide6.QtGui import QColor, QFont, QFontInfo, QGuiApplication, QPalette

from app.colours import RGB, Ground, Roles, roles

SMALL, BODY, DAY, MONTH, YEAR = 0.85, 1.0, 1.15, 1.3, 2.0  # of the system's own size
LEAST_POINTS = 9.0


class Inks:
    """The roles of `colours.Roles` as QColor, by the same names."""

    window: QColor
    base: QColor
    text: QColor
    secondary: QColor
    secondary_on_base: QColor
    field: QColor
    placeholder: QColor
    hover: QColor
    chip: QColor
    selection: QColor
    outline: QColor
    outline_on_base: QColor
    hairline: QColor
    accent_line: QColor
    accent_fill: QColor
    accent_label: QColor
    caution: QColor
    problem: QColor
    unknown: QColor

    def __init__(self, given: Roles, is_dark: bool) -> None:
        self.is_dark = is_dark
        for field in fields(Roles):
            setattr(self, field.name, QColor(*getattr(given, field.name)))


def ground(palette: QPalette) -> Ground:
    """The few colours that everything is derived from."""

    def rgb(role: QPalette.ColorRole) -> RGB:
        colour = palette.color(QPalette.ColorGroup.Active, role)
        return colour.red(), colour.green(), colour.blue()

    roles_of = QPalette.ColorRole
    return Ground(
        window=rgb(roles_of.Window),
        base=rgb(roles_of.Base),
        text=rgb(roles_of.Text),
        accent=rgb(roles_of.Accent),
    )


def inks() -> Inks:
    """The colours of the application's palette as it is now."""
    return _inks(ground(QGuiApplication.palette()))


@lru_cache(maxsize=8)
def _inks(given: Ground) -> Inks:
    return Inks(roles(given), given.is_dark)


def font(size: float = BODY, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The system's font at `size` times its own size, never under 9 points."""
    made = QFont(QGuiApplication.font())
    points = QFontInfo(made).pointSizeF()
    made.setPointSizeF(max(min(LEAST_POINTS, points), points * size))
    made.setWeight(weight)
    return made


def growth(line_height: float) -> float:
    """How much taller than planned things are, for a system line of `line_height`."""
    return max(1.0, line_height / 16)


__all__ = ["BODY", "DAY", "MONTH", "SMALL", "YEAR", "Inks", "font", "ground", "growth", "inks"]
