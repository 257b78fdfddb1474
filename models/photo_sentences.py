"""Write what is known of the photos of packs as sentences, a line each, for a teacher to read.

    python -m models.photo_sentences --out told.txt --captions flickr8k.tsv packs/*.bin

First the captions of split `train`, as they stand, then "a photo of a " before each class name of
the packs. `space.py` finds them again by their words.
"""

import argparse
from pathlib import Path

from models.data import Photos, captions_of, open_packs
from models.guesses import PROMPT
from models.script import as_script


def photo_sentences(photos: Photos, captions: Path) -> list[str]:
    """Captions and prompts, each once. Raises BadData."""
    told = [text for texts in captions_of(captions, "train").values() for text in texts]
    shown = sorted({name for pack in photos.packs for name in pack.shows if name})
    return list(dict.fromkeys([*told, *map(PROMPT.format, shown)]))


def main() -> None:
    """Read and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--captions", required=True, type=Path)
    options = parser.parse_args()
    lines = photo_sentences(open_packs(options.packs), options.captions)
    options.out.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    as_script(main)
