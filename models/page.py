"""Write findings as one quiet page of HTML that needs no other file.

Photos are inside the page, small; it holds only what was measured on, and is made where it is
wanted, never shipped.
"""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

from models.findings import Example, Figures, Findings, Shown
from models.photo_vectors import picture

SIDE = 112  # px, the longer side of a photo on the page
QUALITY = 60  # of its JPEG: about 4 KB
STYLE = """
:root { color-scheme: light dark; --paper: #fbfbfa; --ink: #222; --quiet: #777; --line: #ddd;
  --right: #2e7d4f; --wrong: #b3423a; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #1c1c1d; --ink: #e4e4e2; --quiet: #999; --line: #3a3a3a;
    --right: #6cc08e; --wrong: #e08078; } }
body { background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif;
  max-width: 62rem; margin: 3rem auto; padding: 0 1.5rem; }
h1, h2, h3, h4 { font-weight: 600; line-height: 1.25; }
h2 { margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1.5rem; }
h3, h4 { font-size: 1rem; margin: 1.8rem 0 .5rem; }
.note, figcaption, th { color: var(--quiet); }
table { border-collapse: collapse; margin: .8rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem 1.2rem .2rem 0; text-align: left; font-weight: 400;
  border-bottom: 1px solid var(--line); }
.asked { margin: .9rem 0 .3rem; white-space: pre-line; }
.row { display: flex; flex-wrap: wrap; gap: .6rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 1rem; }
figure { margin: 0; max-width: 7rem; } .asked-for { margin-right: 1.2rem; }
figcaption { font-size: .8rem; }
img { display: block; border-radius: 3px; border-bottom: 3px solid transparent; }
.right img { border-color: var(--right); } .wrong img { border-color: var(--wrong); }
svg { width: 30rem; max-width: 100%; height: 8rem; display: block; }
.matched { fill: var(--right); fill-opacity: .6; }
.unmatched { fill: var(--quiet); fill-opacity: .5; }
"""


def page(title: str, findings: Sequence[Findings]) -> str:
    """The whole page. The figures are those of the JSON, rounded."""
    body = "".join(_section(one) for one in findings)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head>\n"
        f"<body><h1>{escape(title)}</h1>\n{body}</body></html>\n"
    )


def number(value: object) -> str:
    """A figure as people read it.

    >>> number(0.12345), number(85.0), number(1000), number([0.1, 0.25])
    ('0.123', '85.0', '1,000', '0.100 to 0.250')
    """
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"
    if isinstance(value, list):
        return " to ".join(number(one) for one in value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def _section(findings: Findings) -> str:
    rows = "".join(
        f"<h3>{escape(heading)}</h3>{_examples(examples)}"
        for heading, examples in findings.examples.items()
        if examples
    )
    return (
        f'<section id="{escape(findings.key)}"><h2>{escape(findings.title)}</h2>'
        f'<p class="note">{escape(findings.note)}</p>{_figures(findings.figures)}{rows}</section>\n'
    )


def _figures(figures: Figures) -> str:
    """Plain figures as a table of two columns, and every nested group as one of its own.

    Groups beside each other that hold the same keys become the rows of one table.
    """
    plain = {key: value for key, value in figures.items() if not isinstance(value, Mapping)}
    parts = [_table([], [[_words(key), number(value)] for key, value in plain.items()])]
    tables: dict[tuple[str, ...], list[list[str]]] = {}
    for key, value in figures.items():
        if key == "histogram" and isinstance(value, Mapping):
            parts.append(_histogram(value))
        elif isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values()):
            parts.append(f"<h4>{escape(_words(key))}</h4>{_figures(value)}")
        elif isinstance(value, Mapping) and value:
            row = [_words(key), *(number(one) for one in value.values())]
            tables.setdefault(tuple(value), []).append(row)
    parts += [_table(["", *map(_words, keys)], rows) for keys, rows in tables.items()]
    return "".join(parts)


def _words(key: str) -> str:
    return key.replace("_", " ")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table>{f'<tr>{top}</tr>' if head else ''}{lines}</table>"


def _histogram(figures: Figures) -> str:
    """Both distributions of cosines over one axis, each as high as its own highest step."""
    bars = ""
    for kind in ("unmatched", "matched"):
        shares = figures[kind]
        assert isinstance(shares, list)
        step, highest = 100 / len(shares), max(*shares, 1e-9)
        bars += "".join(
            f'<rect class="{kind}" x="{at * step:.2f}" y="{40 - 40 * share / highest:.2f}" '
            f'width="{step:.2f}" height="{40 * share / highest:.2f}"/>'
            for at, share in enumerate(shares)
        )
    ends = f"{number(figures['from'])} to {number(figures['to'])}"
    return (
        f'<svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" '
        f'aria-label="Cosines of matched and unmatched pairs">{bars}</svg>'
        f'<p class="note">Cosines from {ends}: matched pairs in green, unmatched in grey.</p>'
    )


def _examples(examples: Sequence[Example]) -> str:
    """Each question above its photos; questions with a single photo lie beside each other."""
    blocks = "".join(
        f'<div><p class="asked">{escape(example.title)}</p>'
        f'<div class="row">{"".join(map(_photo, example.photos))}</div></div>'
        for example in examples
    )
    single = all(len(example.photos) == 1 for example in examples)
    return f'<div class="grid">{blocks}</div>' if single else blocks


def _photo(shown: Shown) -> str:
    kind = {True: "right", False: "wrong", None: "asked-for"}[shown.is_right]
    small = picture(shown.source, shown.name, SIDE)
    small.thumbnail((SIDE, SIDE))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=QUALITY)
    url = f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode()}"
    return (
        f'<figure class="{kind}"><img src="{url}" width="{small.width}" '
        f'height="{small.height}" alt="{escape(shown.name)}">'
        f"<figcaption>{escape(shown.words)}</figcaption></figure>"
    )
