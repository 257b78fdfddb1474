"""Write what was measured into the pages, between the marks that name it.

<!-- measured: projections -->
...
<!-- end of measured -->
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from results import read

PAGES = Path(__file__).resolve().parents[1]
MARK = re.compile(r"(<!-- measured: ([a-z-]+) -->\n).*?(<!-- end of measured -->)", re.DOTALL)
FLICKR8K = "--flickr8k flickr8k.zip flickr8k.tsv"
COMPOSITION = "--composition composition.zip composition.tsv"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown; all but the first column are figures."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percent(share: float) -> str:
    """A share in percent.

    >>> percent(0.755)
    '76%'
    """
    return f"{100 * share:.0f}%"


def over_seeds(figure: dict[str, Any]) -> str:
    """Mean and spread of what several seeds gave, in percent."""
    return f"{100 * figure['mean']:.0f} ± {100 * figure['spread']:.0f}%"


def by_script(name: str, body: str) -> str:
    """A table with the command that made it."""
    return f"{body}\n\nMeasured with `python docs/how-it-works/measure/{name}.py`."


def projections() -> str:
    """Linear against non-linear."""
    rows = [[kind, over_seeds(figure)] for kind, figure in read("projections").items()]
    return by_script("projections", table(["projection", "found first (5 seeds)"], rows))


def temperature() -> str:
    """Fixed scales and the learnt one."""
    figures = read("temperature")
    names = {key: f"{key}, fixed" for key in ("1", "5", "14.3", "100")}
    names["learnt"] = f"learnt: from 14.3 to {figures['ends at']}"
    rows = [
        [name, over_seeds(figures[key]), ", ".join(percent(v) for v in figures[key]["values"])]
        for key, name in names.items()
    ]
    return by_script("temperature", table(["scale", "found first", "each of 3 seeds"], rows))


def width_or_depth() -> str:
    """What each tower has, costs and gives."""
    rows = [
        [
            str(one["width"]),
            str(one["layers"]),
            f"{one['weights']:,}",
            f"{one['picture_ms']:.2f} ms",
            over_seeds(one["found"]),
        ]
        for one in read("width_or_depth").values()
    ]
    head = ["width", "layers", "weights", "a picture", "found first (3 seeds)"]
    return by_script("width_or_depth", table(head, rows))


def teachers() -> str:
    """With pairs, and without."""
    names = {
        "teacher": "the teacher: 4,000 pairs",
        "few pairs": "alone: 100 pairs",
        "taught": "its student: no pair at all",
    }
    figures = read("teachers")
    rows = [[name, over_seeds(figures[key])] for key, name in names.items()]
    return by_script("teachers", table(["who learnt, from what", "found first (3 seeds)"], rows))


def breaks() -> str:
    """The tiny CLIP's own weak places."""
    rows = [
        [kind, over_seeds(one["150"]), over_seeds(one["600"])]
        for kind, one in read("breaks").items()
    ]
    head = ["the sentences differ in", "150 steps (5 seeds)", "600 steps (2 seeds)"]
    return by_script("breaks", table(head, rows))


def by_encoder(body: Callable[[dict[str, Any]], str], part: str, data: str) -> str:
    """A table of the default encoder's figures; its place is kept where they were not measured."""
    encoder = read("encoder")
    command = f"python docs/how-it-works/measure/figures.py {data}".strip()
    who = f"`{encoder['encoder']}`, digest {encoder['digest'][:12]}"
    if part not in encoder:
        return f"*Not measured for {who}. It takes `{command}`.*"
    return f"{body(encoder[part])}\n\nMeasured on {who}, with `{command}`."


def gap(photos: dict[str, Any]) -> str:
    """Pairs against strangers."""
    figures = photos["gap"]
    rows = [
        [name, f"{figures[key]:.3f} ± {figures[f'{key}_spread']:.3f}"]
        for key, name in (("pairs", "a photo and its own caption"), ("strangers", "any other two"))
    ]
    rows.append(["distance of the two clouds' centres", f"{figures['between_centres']:.3f}"])
    return table(["1,000 photos, 5,000 captions", "cosine"], rows)


def retrieval(photos: dict[str, Any]) -> str:
    """Recall in both directions."""
    rows = []
    for key, name in (("text_to_photo", "a photo by its caption"), ("photo_to_text", "a caption")):
        one = photos["retrieval"][key]
        shares = [f"{100 * one[k]:.1f}%" for k in ("R@1", "R@5", "R@10")]
        rows.append([name, *shares, f"{one['median_rank']:.0f}"])
    return table(["to find", "first", "among 5", "among 10", "median place"], rows)


def zero_shot(photos: dict[str, Any]) -> str:
    """Three ways to ask."""
    figures = photos["zero_shot"]
    rows = [[k, percent(figures[k])] for k in ("the word alone", "one prompt", "all prompts")]
    counts = ", ".join(f"{name} {count}" for name, count in figures["photos"].items())
    return f"{table(['asked with', 'right'], rows)}\n\nPhotos of each: {counts}."


def drawn(figures: dict[str, float]) -> str:
    """Questions about drawn pictures."""
    rows = [[kind, percent(share)] for kind, share in figures.items()]
    return table(["200 drawn pictures each, the sentences differ in", "right"], rows)


def pairs(figures: dict[str, Any]) -> str:
    """Questions about photos."""
    rows = [[kind, str(one["asked"]), percent(one["right"])] for kind, one in figures.items()]
    return table(["photos, the sentences differ in", "questions", "right"], rows)


def cut(photos: dict[str, Any]) -> str:
    """How many pass."""
    figures = photos["cut"]
    rows = [
        [f"“{q}”", str(one["named"]), str(one["pass"])] for q, one in figures["queries"].items()
    ]
    head = ["asked of 1,000 photos", "named by a caption", "above the cut"]
    return (
        f"{table(head, rows)}\n\nThe cut is at z = {figures['cut_z']}. For a caption of one of the "
        f"photos, {100 * figures['captions pass']:.1f}% of all photos pass (the median), and the "
        f"photo it was written for passes {percent(figures['right ones pass'])} of the time."
    )


def people(photos: dict[str, Any]) -> str:
    """Who is called what, and which doing leans to whom."""
    figures = photos["people"]
    rows = [
        [f"men ({figures['men']})", percent(figures["men called men"])],
        [f"women ({figures['women']})", percent(figures["women called women"])],
    ]
    lean = [[f"“{doing}”", f"{value:+.2f}"] for doing, value in figures["lean"].items()]
    return (
        f"{table(['photos whose captions speak of', 'called so by the encoder'], rows)}\n\n"
        f"{table(['scores higher for photos of men (-) or women (+)', 'in spreads'], lean)}"
    )


def words(figures: dict[str, float]) -> str:
    """Jobs between two words."""
    rows = [[f"“a photo of {job}”", f"{value:+.3f}"] for job, value in figures.items()]
    return table(["nearer to “a man” (-) or “a woman” (+)", "difference of cosines"], rows)


BODIES: dict[str, Callable[[], str]] = {
    "projections": projections,
    "temperature": temperature,
    "width-or-depth": width_or_depth,
    "teachers": teachers,
    "breaks": breaks,
    "gap": lambda: by_encoder(gap, "photos", FLICKR8K),
    "retrieval": lambda: by_encoder(retrieval, "photos", FLICKR8K),
    "zero-shot": lambda: by_encoder(zero_shot, "photos", FLICKR8K),
    "drawn": lambda: by_encoder(drawn, "drawn", ""),
    "pairs": lambda: by_encoder(pairs, "pairs", COMPOSITION),
    "cut": lambda: by_encoder(cut, "photos", FLICKR8K),
    "people": lambda: by_encoder(people, "photos", FLICKR8K),
    "words": lambda: by_encoder(words, "words", ""),
}


def renewed(page: str) -> str:
    """The text of a page with all figures as they were last measured."""
    return MARK.sub(lambda found: f"{found[1]}{BODIES[found[2]]()}\n{found[3]}", page)


def renew_pages() -> None:
    """Every page of the lesson."""
    for path in sorted(PAGES.glob("*.md")):
        path.write_text(renewed(path.read_text(encoding="utf-8")), encoding="utf-8")
