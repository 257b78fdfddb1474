"""How "birthday" grows together, with merges learnt from drawn sentences."""

from itertools import pairwise

from card import BLUE, QUIET, blank, box, drawn, save

from models.tokenizer import END_OF_WORD, merge, spell
from models.train_tokenizer import learn

WORD = "birthday"
SENTENCES, MERGES = 2000, 250  # as in the chapter


def stages(word: str) -> list[list[str]]:
    """The pieces of `word` after each merge that changes it."""
    sentences = [drawn(seed, (16, 16))[1] for seed in range(SENTENCES)]
    parts = spell(word)
    found = [parts]
    for pair in learn(sentences, MERGES):
        if pair in pairwise(parts):
            parts = merge(parts, pair)
            found.append(parts)
    return [[part.replace(END_OF_WORD, b"").decode() for part in parts] for parts in found]


def main() -> None:
    """Draw it."""
    rows = stages(WORD)
    figure, axes = blank(7.2, 0.42 * len(rows) + 0.4)
    letter = 0.52
    for number, parts in enumerate(rows):
        y = 0.42 * (len(rows) - 1 - number) + 0.22
        label = "letters" if number == 0 else f"merge {number}"
        axes.text(1.35, y + 0.15, label, ha="right", va="center", color=QUIET, fontsize=9)
        x = 1.65
        for part in parts:
            box(axes, (x, y, letter * len(part) - 0.08, 0.3), part, BLUE, 11)
            x += letter * len(part)
    save(figure, "tokens")


if __name__ == "__main__":
    main()
