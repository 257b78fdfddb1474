"""Work out every colour of the window from the few that the system's palette gives. No Qt.

A role is a formula, so light, dark, and any accent colour follow the system by themselves; the
contrasts that people need to read are held by tests (4.5 for text, 3 for what must be seen).
"""

from dataclasses import dataclass

RGB = tuple[int, int, int]

WHITE: RGB = (255, 255, 255)
BLACK: RGB = (0, 0, 0)
SEEN = 3.0  # WCAG 2.2, 1.4.11: what must be seen
READ = 4.5  # WCAG 2.2, 1.4.3: text


@dataclass(frozen=True, slots=True)
class Ground:
    """What the system gives."""

    window: RGB
    base: RGB
    text: RGB
    accent: RGB

    @property
    def is_dark(self) -> bool:
        """Decided by what is seen: some desktops say nothing of a scheme, or the wrong thing."""
        return luminance(self.text) > luminance(self.base)


@dataclass(frozen=True, slots=True)
class Roles:
    """What the window paints with."""

    window: RGB
    base: RGB
    text: RGB
    secondary: RGB  # on the window
    secondary_on_base: RGB
    field: RGB
    placeholder: RGB
    hover: RGB
    chip: RGB
    selection: RGB  # quiet
    outline: RGB  # of a control, on the window
    outline_on_base: RGB
    hairline: RGB
    accent_line: RGB
    accent_fill: RGB
    accent_label: RGB
    caution: RGB
    problem: RGB
    unknown: RGB  # a photo whose mean colour is not known


def mix(a: RGB, b: RGB, t: float) -> RGB:
    """From `a` (t = 0) to `b` (t = 1), in sRGB.

    >>> mix((0, 0, 0), (255, 255, 255), 0.5)
    (128, 128, 128)
    """
    red, green, blue = (int(x + (y - x) * t + 0.5) for x, y in zip(a, b, strict=True))
    return red, green, blue


def luminance(colour: RGB) -> float:
    """Relative luminance, 0..1 (WCAG 2.2)."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (channel / 255 for channel in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: RGB, b: RGB) -> float:
    """The contrast ratio of two colours, 1..21 (WCAG 2.2).

    >>> round(contrast((0, 0, 0), (255, 255, 255)))
    21
    """
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def roles(ground: Ground) -> Roles:
    """Every colour of the window over `ground`."""
    w, b, t = ground.window, ground.base, ground.text
    field = mix(w, t, 0.08)
    fill, label = accent_fill(ground.accent)
    dark = ground.is_dark
    return Roles(
        window=w,
        base=b,
        text=t,
        secondary=mix(w, t, 0.72),
        secondary_on_base=mix(b, t, 0.72),
        field=field,
        placeholder=mix(field, t, 0.75),
        hover=mix(w, t, 0.05),
        chip=mix(w, t, 0.10),
        selection=mix(w, t, 0.14),
        outline=mix(w, t, 0.55),
        outline_on_base=mix(b, t, 0.55),
        hairline=mix(w, t, 0.12),
        accent_line=accent_line(ground),
        accent_fill=fill,
        accent_label=label,
        caution=(0xFF, 0xC8, 0x57) if dark else (0x8A, 0x5A, 0x00),
        problem=(0xFF, 0x8A, 0x80) if dark else (0xB3, 0x26, 0x1E),
        unknown=mix(b, t, 0.08),
    )


def accent_line(ground: Ground) -> RGB:
    """The accent, darkened or lightened by steps of 2% until it is seen on the base."""
    goal = WHITE if ground.is_dark else BLACK
    for percent in range(0, 102, 2):
        colour = mix(ground.accent, goal, percent / 100)
        if contrast(colour, ground.base) >= SEEN:
            return colour
    return goal


def accent_fill(accent: RGB) -> tuple[RGB, RGB]:
    """A fill near the accent, and the label that can be read on it.

    White where at most 20% of darkening makes it readable, else black on the accent itself.
    """
    for percent in range(0, 22, 2):
        colour = mix(accent, BLACK, percent / 100)
        if contrast(colour, WHITE) >= READ:
            return colour, WHITE
    return accent, BLACK
