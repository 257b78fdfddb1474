"""Read which sentences belong to which photos, in the layouts that such sets come in.

    photo<TAB>caption                     any table of ours; a photo may have many lines
    photo<TAB>split<TAB>caption           the same with "train", "dev", "test"
    name.jpg#0<TAB>caption                Flickr30k, results_20130124.token
    image_name| comment_number| comment   Flickr30k, results.csv
    image,caption                         Flickr8k and Flickr30k, captions.txt
    {"images": [...], "annotations": ...} COCO, captions_train2014.json

The photos lie in a folder or a zip, and are named by their path inside it, or by their file name
alone where only one has it. Lines without a caption or photo are left out and counted.
"""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from models.errors import BadData
from models.photo_files import Source
from models.skips import Skips

MANY = 6  # splits; a table with more of them has something else in that column
NO_SPLIT = "train"  # of a table that names none
NUMBERED = re.compile(r"#\d+$")  # Flickr30k numbers the captions of a photo


@dataclass(frozen=True, slots=True)
class Caption:
    """One sentence about one photo."""

    photo: str
    split: str
    text: str  # may be empty, as it stood


@dataclass(frozen=True, slots=True)
class Captioned:
    """One photo and all that was said about it."""

    name: str  # as its source knows it
    captions: tuple[str, ...]


def read_captions(path: Path) -> list[Caption]:
    """All lines of a table, whatever its layout. Raises BadData, which names file and line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadData(f"{path} can not be read as a table of captions: {error}.") from error
    if path.suffix.lower() == ".json":
        return list(_coco(path, text))
    lines = text.splitlines()
    first = lines[0] if lines else ""
    if first.startswith("image_name|"):
        return list(_bars(lines))
    if first.replace(" ", "").startswith("image,caption"):
        return list(_commas(path, lines))
    return list(_tabs(path, lines))


def _tabs(path: Path, lines: Sequence[str]) -> Iterator[Caption]:
    for number, line in enumerate(lines, start=1):
        fields = line.split("\t")
        if len(fields) == 2:
            yield Caption(NUMBERED.sub("", fields[0]), NO_SPLIT, fields[1].strip())
        elif len(fields) == 3:
            yield Caption(fields[0], fields[1], fields[2].strip())
        elif line.strip():
            raise BadData(
                f"{path}, line {number}: {len(fields)} columns. It takes photo<TAB>caption or "
                "photo<TAB>split<TAB>caption."
            )


def _bars(lines: Sequence[str]) -> Iterator[Caption]:
    for line in lines[1:]:
        photo, *rest = line.split("|", 2)
        # One line of the published table lacks its second bar; it comes out as an empty caption.
        yield Caption(photo.strip(), NO_SPLIT, rest[1].strip() if len(rest) == 2 else "")


def _commas(path: Path, lines: Sequence[str]) -> Iterator[Caption]:
    for number, row in enumerate(csv.reader(lines[1:]), start=2):
        if len(row) < 2:
            raise BadData(f"{path}, line {number}: not image,caption.")
        # Captions with commas are quoted in some copies of the set and bare in others.
        yield Caption(row[0], NO_SPLIT, ",".join(row[1:]).strip())


def _coco(path: Path, text: str) -> Iterator[Caption]:
    split = next((s for s in ("train", "val", "test") if s in path.stem), NO_SPLIT)
    try:
        table = json.loads(text)
        files = {image["id"]: str(image["file_name"]) for image in table["images"]}
        for note in table["annotations"]:
            yield Caption(files[note["image_id"]], split, str(note["caption"]).strip())
    except (ValueError, KeyError, TypeError) as error:
        raise BadData(f"{path} is no table of COCO captions: {error!r}.") from error


def pairs_of(
    source: Source, captions: Sequence[Caption], split: str, skips: Skips
) -> list[Captioned]:
    """The photos of a split with their captions, in the table's order.

    What lacks a caption or a photo is added to `skips`. Raises BadData where nothing is left.
    """
    known = _names(source)
    texts: dict[str, list[str]] = {}
    for caption in captions:
        if caption.split != split:
            continue
        name = known.get(caption.photo) or known.get(PurePosixPath(caption.photo).name)
        if not caption.text:
            skips.add("without a caption", caption.photo)
        elif not name:
            skips.add(f"not in {source.path.name}", caption.photo)
        else:
            texts.setdefault(name, []).append(caption.text)
    if not texts:
        splits = sorted({caption.split for caption in captions})
        splits = splits if len(splits) <= MANY else [*splits[:MANY], "and more"]
        raise BadData(
            f"No photo of {source.path} has a caption in split {split!r}. The table has the splits "
            f"{', '.join(splits) or '(none: it is empty)'}. {skips}"
        )
    return [Captioned(name, tuple(said)) for name, said in texts.items()]


def _names(source: Source) -> dict[str, str]:
    """Every way to call a photo -> its name; file names that two photos share call neither."""
    names = source.names()
    by_file: dict[str, str] = {}
    for name in names:
        file = PurePosixPath(name).name
        by_file[file] = "" if file in by_file else name
    return by_file | {name: name for name in names}
