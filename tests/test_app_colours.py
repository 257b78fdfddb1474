"""Contrast on the palettes that people have."""

import pytest

from app.colours import READ, SEEN, Ground, contrast, mix, roles


def rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def ground(window: str, base: str, text: str, accent: str) -> Ground:
    return Ground(rgb(window), rgb(base), rgb(text), rgb(accent))


MAC_ACCENTS = [
    "#007aff",
    "#a550a7",
    "#f74f9e",
    "#ff5257",
    "#f7821b",
    "#ffc600",
    "#62ba46",
    "#8c8c8c",
]
PALETTES = {
    **{f"Mac light {a}": ground("#ececec", "#ffffff", "#262626", a) for a in MAC_ACCENTS},
    **{f"Mac dark {a}": ground("#323232", "#1e1e1e", "#dfdfdf", a) for a in MAC_ACCENTS},
    "Fusion light": ground("#efefef", "#ffffff", "#000000", "#308cc6"),
    "Breeze dark": ground("#31363b", "#232629", "#eff0f1", "#3daee9"),
    "Adwaita dark": ground("#242424", "#1e1e1e", "#ffffff", "#3584e4"),
}


@pytest.mark.parametrize("name", PALETTES)
def test_text_can_be_read_and_signs_can_be_seen(name: str) -> None:
    given = PALETTES[name]
    r = roles(given)
    texts = [
        (r.text, r.window),
        (r.text, r.base),
        (r.text, r.field),
        (r.text, r.chip),
        (r.text, r.selection),
        (r.secondary, r.window),
        (r.secondary_on_base, r.base),
        (r.placeholder, r.field),
        (r.accent_label, r.accent_fill),
        (r.caution, r.window),
        (r.problem, r.window),
        (mix(r.selection, r.text, 0.80), r.selection),
    ]
    for ink, under in texts:
        assert contrast(ink, under) >= READ, (name, ink, under)
    for sign, under in [
        (r.outline, r.window),
        (r.outline_on_base, r.base),
        (r.accent_line, r.base),
    ]:
        assert contrast(sign, under) >= SEEN, (name, sign, under)


def test_dark_is_decided_by_what_is_seen() -> None:
    assert PALETTES["Breeze dark"].is_dark
    assert not PALETTES["Fusion light"].is_dark


def test_a_palette_of_one_colour_still_gives_an_accent_line() -> None:
    same = Ground((200, 200, 200), (200, 200, 200), (0, 0, 0), (200, 200, 200))
    assert contrast(roles(same).accent_line, same.base) >= SEEN
