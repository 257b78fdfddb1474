"""Read the command line and hand it to a command. What each does lies in `app.commands`."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from app.paths import default_library
from indexer.library import Library, absolute
from indexer.scan import check_folder

if TYPE_CHECKING:
    from app.commands.models_fetch import Fetcher

COMMANDS = {
    "index": "bring the index up to date with folders",
    "search": "find photos by what is in them",
    "status": "what is in the library, and what is wrong with it",
    "pause": "let the looking at photos rest; searching goes on",
    "resume": "let the looking at photos go on",
    "models": "the encoders that look at photos: list, add, use, remove, export",
    "embed": "write vectors of photos and sentences to a file",
    "evaluate": "measure retrieval on photos with captions",
    "doctor": "look at the machine, the library and the encoder, and say what to do",
}
ANSWERS = {  # to the question that the indexer asks where very many photos are gone
    "forget": "photos that are gone are missing, however many they are",
    "keep": "photos that are gone stay until they return",
}
OPENING = (
    "Without a command the window opens; folders that are given join the library.\n\ncommands:\n"
    + "\n".join(f"  {name:<10} {words}" for name, words in COMMANDS.items())
)


def run(arguments: Sequence[str], fetcher: "Fetcher | None" = None) -> int:
    """Do what the arguments say; the exit status. SystemExit (2) for wrong usage.

    `fetcher` is the process that has a network, where what is asked for may need one.
    """
    before, after = _split(arguments)
    if after and after[0] in COMMANDS:
        parser = _parser(after[0])
        given = _parse(parser, [*before, *after[1:]])
        if after[0] == "models":
            from app.commands import models

            return models.run(_library(given), given, parser, fetcher)
        return _command(after[0], given, parser)
    parser = _window_parser()
    if after and _is_mistyped(after[0]):
        *names, last = COMMANDS
        parser.error(
            f"There is no command or folder called {after[0]!r}. "
            f"The commands are {', '.join(names)} and {last}."
        )
    given = parser.parse_args(arguments)
    from app.commands import window

    return window.run(_library(given), given.model, _folders(given.folders))


def _parse(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    """Options may stand between names: `index A --watch B`. Behind "--" all are names.

    Python 3.11 forgets that "--" in `parse_intermixed_args`: `search -- -leash` would be refused.
    """
    if "--" in arguments:
        return parser.parse_args(arguments)
    return parser.parse_intermixed_args(arguments)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The common options that come first, and the rest, which may begin with a command.

    >>> _split(["--library", "there", "--json", "search", "dog", "--limit", "5"])
    (['--library', 'there', '--json'], ['search', 'dog', '--limit', '5'])
    """
    words = 0
    while words < len(arguments):
        option, equals, _ = arguments[words].partition("=")
        if option in ("--library", "--model"):
            words += 1 if equals else 2
        elif option == "--json":
            words += 1
        else:
            break
    return list(arguments[:words]), list(arguments[words:])


def _is_mistyped(word: str) -> bool:
    """Whether a word looks like a command and is none: no option, no path, nothing on disk."""
    if word[:1] in ("-", "~", "") or os.sep in word:
        return False
    return not os.path.lexists(word)  # Path's raises where it may not look


def _command(name: str, given: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Run one command. Imported one by one: `status` should not load what `search` needs."""
    library = _library(given)
    if name == "index":
        from app.commands import index

        if not (given.folders or given.try_again):
            _wrong(parser, "name a folder of photos, or --try-again")
        wish = index.Wish(_folders(given.folders), given.watch, given.answer, given.try_again)
        return index.run(library, given.model, wish, as_json=given.json)
    if name == "search":
        from app.commands import search
        from indexer.query import Query

        query = Query(
            words=" ".join(given.query),
            like=absolute(given.like) if given.like else None,
            folder=absolute(given.inside) if given.inside else None,
            limit=given.limit,
            everything=given.all,
        )
        return search.run(library, given.model, query, as_json=given.json)
    if name == "status":
        from app.commands import status

        return status.run(library, given.model, as_json=given.json)
    if name in ("pause", "resume"):
        from app.commands import pausing

        return pausing.run(library, pauses=name == "pause", as_json=given.json)
    if name == "doctor":
        from app.commands import doctor

        return doctor.run(library, given.model, as_json=given.json)
    if name == "embed":
        from app.commands import embed

        if not given.photos and given.texts is None:
            _wrong(parser, "name photos, or a file of sentences with --texts")
        return embed.run(library, given.model, given.photos, given.texts, given.out)
    from app.commands import evaluate

    return evaluate.run(library, given.model, given.photos, given.captions, as_json=given.json)


def _parser(name: str) -> argparse.ArgumentParser:
    """The parser of one command."""
    parser = argparse.ArgumentParser(
        f"sightword {name}", description=COMMANDS[name] + ".", allow_abbrev=False
    )
    _common(parser)
    if name == "index":
        parser.add_argument("folders", metavar="FOLDER", nargs="*", type=Path)
        again = "read photos once more that could not be read"
        parser.add_argument("--try-again", action="store_true", help=again)
        parser.add_argument("--watch", action="store_true", help="go on until Ctrl-C")
        gone = parser.add_mutually_exclusive_group()
        for answer, words in ANSWERS.items():
            gone.add_argument(
                f"--{answer}", dest="answer", action="store_const", const=answer, help=words
            )
    elif name == "search":
        parser.add_argument("query", metavar="QUERY", nargs="*", help="words: what is in the photo")
        parser.add_argument("--like", metavar="PHOTO", type=Path, help="photos that resemble it")
        parser.add_argument("--in", dest="inside", metavar="FOLDER", type=Path)
        parser.add_argument("--limit", type=_positive, default=50, help="at most so many (50)")
        parser.add_argument("--all", action="store_true", help="the nearest, match or not")
    elif name == "models":
        from app.commands import models

        models.add_arguments(parser)
    elif name == "embed":
        parser.add_argument("photos", metavar="PHOTO", nargs="*", type=Path)
        parser.add_argument("--texts", metavar="FILE", type=Path, help="a sentence a line, UTF-8")
        parser.add_argument("--out", metavar="FILE.npz", type=Path, required=True)
    elif name == "evaluate":
        parser.add_argument("--photos", metavar="DIR", type=Path, required=True)
        parser.add_argument(
            "--captions", metavar="FILE.tsv", type=Path, required=True, help="photo<TAB>caption"
        )
    return parser


def _window_parser() -> argparse.ArgumentParser:
    """The parser for opening the window."""
    parser = argparse.ArgumentParser(
        "sightword",
        description="Find your photos by saying what is in them. Offline.",
        epilog=OPENING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _common(parser)
    parser.add_argument("folders", metavar="FOLDER", nargs="*", type=Path)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--library", metavar="DIR", type=Path, help="where the index lies (SIGHTWORD_LIBRARY)"
    )
    parser.add_argument("--model", metavar="NAME", help="the encoder")
    parser.add_argument("--json", action="store_true", help="one JSON object a line on stdout")


def _library(given: argparse.Namespace) -> Library:
    return Library.at(given.library) if given.library else default_library()


def _folders(folders: Sequence[Path]) -> list[Path]:
    """The folders from the root, each once, and none that a walk over another one reaches.

    Raises BadFolder for one that can not be looked at.
    """
    named = list(dict.fromkeys(absolute(folder) for folder in folders))
    for folder in named:
        check_folder(folder)
    return [one for one in named if not any(_reaches(other, one) for other in named)]


def _reaches(folder: Path, inner: Path) -> bool:
    """Whether a walk over `folder` comes to `inner`: it enters no hidden folder and no link."""
    if folder not in inner.parents:
        return False
    way = [inner, *inner.parents][: len(inner.parts) - len(folder.parts)]
    return not any(step.name.startswith(".") or step.is_symlink() for step in way)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _wrong(parser: argparse.ArgumentParser, words: str) -> NoReturn:
    parser.error(words)
