"""`sightword models`: list, add, use, remove and export encoders."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from indexer.library import Library, absolute

if TYPE_CHECKING:
    from app.commands.models_fetch import Fetcher

ACTIONS = ("list", "add", "use", "remove", "export")
FORMATS = ("bundle", "onnx", "coreml")
DESCRIPTION = """\
list                 encoders that are here, and those that can be had
add NAME             fetch one of the catalogue, or any ARCHITECTURE/TAG of open_clip
add BUNDLE | URL     take in a bundle: a .sightword file, or its https address
use NAME             search with it, when it has seen all photos; the old one serves until then
remove NAME          free its disk space and its vectors
export NAME --to DIR a bundle to carry to another computer, or the bare files
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What stands behind `sightword models`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.description = DESCRIPTION
    parser.add_argument("action", metavar="ACTION", choices=ACTIONS, help=" | ".join(ACTIONS))
    parser.add_argument("what", metavar="NAME | BUNDLE | URL", nargs="?")
    parser.add_argument("--weights", metavar="FILE", type=Path, help="add: convert a local file")
    parser.add_argument("--tokenizer", metavar="FILE", type=Path, help="add: its tokenizer.json")
    parser.add_argument("--coreml", action="store_true", help="add: packages for a Mac as well")
    parser.add_argument("--accept-licence", action="store_true", help="add: agree to its licence")
    parser.add_argument("--to", metavar="DIR", type=Path, help="export: where to")
    parser.add_argument("--format", choices=FORMATS, default="bundle", help="export: bundle")
    parser.add_argument("--all", action="store_true", help="list: every name of open_clip too")


def run(
    library: Library,
    given: argparse.Namespace,
    parser: argparse.ArgumentParser,
    fetcher: "Fetcher | None",
) -> int:
    """Do what is asked; the exit status. Raises KnownError."""
    if given.action == "list":
        from app.commands import models_list

        return models_list.run(library, everything=given.all, as_json=given.json)
    if given.what is None:
        _wrong(parser, f"say which: sightword models {given.action} NAME")
    if given.action == "add":
        from app.commands.models_add import Adding

        return Adding(library, given, fetcher).run()
    from app.commands import models_manage

    if given.action == "use":
        return models_manage.use(library, given.what, as_json=given.json)
    if given.action == "remove":
        return models_manage.remove(library, given.what, as_json=given.json)
    if given.to is None:
        _wrong(parser, "say where to: --to DIR")
    return models_manage.export(
        library, given.what, absolute(given.to), given.format, as_json=given.json
    )


def _wrong(parser: argparse.ArgumentParser, words: str) -> NoReturn:
    parser.error(words)
