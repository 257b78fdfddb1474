"""Cut captions into what people type into a search field: a word, or a few.

    python -m models.phrases --out phrases.txt captions.txt.gz flickr8k.tsv

A text tower that has only read whole captions is at a loss before "cake". The phrases are single
words, and an article or number with up to three words behind it, each if seen at least
`--seen` times.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

from models.script import as_script
from models.tokenizer import clean
from models.train_tokenizer import sentences

PHRASE = re.compile(r"\b(?:an?|the|two|three|some|his|her) ((?:[a-z]+ ){0,2}[a-z]+)\b")
WORD = re.compile(r"[a-z]{3,}")
ENDS_BADLY = {"a", "an", "the", "of", "in", "on", "with", "and", "is", "are", "to", "at", "by"}


def phrases(text: str) -> set[str]:
    """What could be asked for of one caption.

    >>> sorted(phrases("A brown dog with two balls."))
    ['balls', 'brown', 'brown dog', 'dog', 'two', 'with']
    """
    text = clean(text)
    found = set(WORD.findall(text))
    for match in PHRASE.finditer(text):
        parts = match[1].split()
        while parts and parts[-1] in ENDS_BADLY:
            parts.pop()
        if parts:
            found.add(" ".join(parts))
    return found


def main() -> None:
    """Count and write, the most frequent first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--seen", type=int, default=8, help="times, or it is left out")
    options = parser.parse_args()
    counts = Counter(
        phrase for path in options.files for text in sentences(path) for phrase in phrases(text)
    )
    often = sorted((-count, phrase) for phrase, count in counts.items() if count >= options.seen)
    options.out.write_text("".join(f"{phrase}\n" for _, phrase in often), encoding="utf-8")


if __name__ == "__main__":
    as_script(main)
