"""Measure an encoder on photos of yours, as JSON and as one page to look at.

    python -m models.report --retrieval photos/ captions.tsv --page report.html
    python -m models.report --encoder sightword-small --zero-shot classes/ --events events/ --json
    python -m models.report --pairs photos.zip pairs.tsv --json
    python -m models.report --sheet photos/ "a dog on grass" "a cake" --out sheet.png

Photos lie in a folder or a zip file. `captions.tsv` holds photo<TAB>caption, the classes are
folders or photo<TAB>class, and the pairs are described in `models.sentence_pairs`.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

from models.captioned import captioned
from models.contact_sheet import contact_sheet
from models.encoder import Encoder
from models.errors import KnownError
from models.findings import Figures, Findings
from models.installed import find, load
from models.labelled import Labelled, from_folders, from_table
from models.page import number, page
from models.pair_accuracy import pair_accuracy
from models.photo_files import Source, source_of
from models.sentence_pairs import read_pairs
from models.spec import MANIFEST
from models.word_search import word_search
from models.zero_shot import zero_shot

TABLES = {".tsv", ".txt"}  # suffixes of a file of classes


def main(arguments: Sequence[str] | None = None, encoder: Encoder | None = None) -> int:
    """Measure `encoder`, or the one that is named; 0 when done, 1 after a known problem."""
    options = _options(arguments)
    try:
        encoder = encoder or load(_folder(options.encoder))
        with ThreadPoolExecutor(options.threads) as pool:
            findings = list(measured(encoder, options, pool))
            _hand_over(encoder, findings, options)
            if options.sheet:
                source = source_of(Path(options.sheet[0]))
                contact_sheet(encoder, source, options.sheet[1:], pool).save(options.out, "PNG")
    except KnownError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def measured(encoder: Encoder, options: argparse.Namespace, pool: Executor) -> Iterator[Findings]:
    """Every measurement that the options name."""
    if options.retrieval:
        photos, captions = map(Path, options.retrieval)
        yield from captioned(encoder, source_of(photos), from_table(captions), pool)
    if options.zero_shot:
        source, rows = _classes(list(map(Path, options.zero_shot)))
        yield zero_shot(encoder, source, rows, pool)
    if options.pairs:
        photos, table = map(Path, options.pairs)
        pairs, statements = read_pairs(table)
        yield pair_accuracy(encoder, source_of(photos), pairs, statements, pool)
    if options.events:
        source = source_of(options.events)
        yield word_search(encoder, source, from_folders(source), pool)


def as_json(encoder: Encoder, findings: Sequence[Findings]) -> dict[str, object]:
    """One object: the encoder, and the figures of each measurement by its key."""
    spec = encoder.spec
    about = {"name": spec.name, "digest": spec.digest, "dimension": spec.dimension}
    return {"encoder": about} | {one.key: one.figures for one in findings}


def _hand_over(encoder: Encoder, findings: Sequence[Findings], options: argparse.Namespace) -> None:
    """Print the figures, and write the page if one is wanted."""
    if options.json:
        print(json.dumps(as_json(encoder, findings)))
    else:
        for one in findings:
            print(one.title)
            print("\n".join(_lines(one.figures, "  ")))
    if options.page:
        title = f"What {encoder.spec.name} finds"
        options.page.write_text(page(title, findings), encoding="utf-8")


def _lines(figures: Figures, indent: str) -> Iterator[str]:
    """The figures a line each, groups indented under their names."""
    for key, value in figures.items():
        if key == "histogram":
            continue
        if isinstance(value, dict) and any(isinstance(one, dict) for one in value.values()):
            yield f"{indent}{key}"
            yield from _lines(value, indent + "  ")
        elif isinstance(value, dict):
            yield f"{indent}{key}: " + ", ".join(f"{k} {number(v)}" for k, v in value.items())
        else:
            yield f"{indent}{key}: {number(value)}"


def _folder(name: str | None) -> Path:
    """The encoder's folder: a path to one, or the name of an installed one."""
    if name is not None and (Path(name) / MANIFEST).is_file():
        return Path(name)
    return find(name)


def _classes(given: Sequence[Path]) -> tuple[Source, list[Labelled]]:
    """The photos and their classes: folders of classes, a table beside its photos, or both."""
    if len(given) > 1:
        return source_of(given[0]), from_table(given[1])
    if given[0].is_file() and given[0].suffix in TABLES:
        return source_of(given[0].parent), from_table(given[0])
    source = source_of(given[0])
    return source, from_folders(source)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for. Ends the program with status 2 where it makes no sense."""
    parser = _parser()
    options = parser.parse_args(arguments)
    measures = (options.retrieval, options.zero_shot, options.pairs, options.events)
    if not any(measures) and not options.sheet:
        parser.error("name something to measure")
    if options.sheet and (len(options.sheet) < 2 or not options.out):
        parser.error("--sheet needs photos, a query, and a file to write: --out FILE.png")
    for file in (options.page, options.out):
        if file is not None and not file.absolute().parent.is_dir():
            parser.error(f"{file.parent} is no folder: {file.name} can not be written there")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.report",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--encoder", metavar="NAME", help="an installed encoder or a folder; default: ours")
    add("--retrieval", nargs=2, metavar=("PHOTOS", "CAPTIONS"), help="sentences, and the space")
    add("--zero-shot", nargs="+", metavar="WHERE", help="CLASSES/ | CLASSES.tsv | PHOTOS CLASSES")
    add("--pairs", nargs=2, metavar=("PHOTOS", "PAIRS"), help="true against false sentences")
    add("--events", type=Path, metavar="FOLDERS", help="precision at 20 for each folder")
    add("--sheet", nargs="+", metavar=("PHOTOS", "QUERY"), help="ten best of each query")
    add("--out", type=Path, help="the PNG for --sheet")
    add("--json", action="store_true", help="one object on stdout and nothing else")
    add("--page", type=Path, metavar="FILE.html", help="figures and examples, to look at")
    add("--threads", type=int, default=os.cpu_count() or 1, help="photos read at once")
    return parser


if __name__ == "__main__":
    sys.exit(main())
