"""`sightword status`: what is in the library, and what is wrong with it."""

import json
import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR

from app.progress_line import photos
from indexer.library import Library
from indexer.pausing import Pausing
from indexer.view import View
from models.installed import find
from models.spec import EncoderSpec

SHOWN_PROBLEMS = 20  # of each reason
MAY_BE = "They may be damaged, or of a kind we don't know yet. Everything else is searchable."


def run(library: Library, model: str | None, *, as_json: bool) -> int:
    """Print the state of the library. Raises BadLibrary."""
    status = read(library, model)
    if as_json:
        print(json.dumps(status))
    else:
        _print(library, status)
    return 0


def read(library: Library, model: str | None) -> dict[str, object]:
    """The object that docs/command-line.md describes, for the encoder that serves or `model`."""
    with View(library) as view:
        serving = view.serving() if model is None else None
        encoder = serving or EncoderSpec.read(find(model, library.encoders))
        counts = view.counts(encoder.digest)
        switch, unseen = view.switch(), view.unseen()
        folders = view.folders()
        problems = view.problems()
    return {
        "photos": counts.photos,
        "indexed": counts.indexed,
        "missing": counts.missing,
        "failed": counts.failed,
        "pending": counts.pending,
        "vectors": counts.vectors,
        "model": encoder.name,
        "dimension": encoder.dimension,
        "unseen": unseen,
        "paused": Pausing(library).is_paused(),
        "wanted": switch
        and {"model": switch.wanted.name, "seen": switch.seen, "total": switch.total},
        "folders": [
            {
                "path": str(folder.path),
                "photos": folder.photos,
                "available": folder.state.is_there and os.path.isdir(folder.path),  # noqa: PTH112 - never raises
            }
            for folder in folders
        ],
        "problems": [{"path": str(one.path), "reason": one.reason} for one in problems],
        "bytes": {
            "database": sum(_size(path) for path in library.root.glob("library.sqlite3*")),
            "vectors": _size(library.vectors),
            "thumbnails": _size(library.thumbnails),
        },
    }


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is none.

    `os.scandir`, because there are two thumbnails for each of 100,000 photos.
    """
    total, waiting = 0, [str(path)]
    while waiting:
        with suppress(OSError):  # an indexer at work takes files away as we look
            status = os.lstat(here := waiting.pop())
            if not S_ISDIR(status.st_mode):
                total += status.st_size
                continue
            with os.scandir(here) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        with suppress(FileNotFoundError):
                            total += entry.stat(follow_symlinks=False).st_size
    return total


def _print(library: Library, status: dict[str, object]) -> None:
    """The same for a person."""
    print(f"Library    {library.root}")
    print(f"Encoder    {status['model']}, {status['dimension']} dimensions")
    if status["paused"]:
        print("Paused     `sightword resume` lets the looking at photos go on")
    wanted = status["wanted"]
    if isinstance(wanted, dict):
        print(
            f"           {wanted['model']} takes its place when it has seen all photos: "
            f"{wanted['seen']:,} of {wanted['total']:,} so far"
        )
    print(
        f"Photos     {status['photos']:,}: {status['indexed']:,} searchable, "
        f"{status['pending']:,} waiting, {status['failed']:,} unreadable, "
        f"{status['missing']:,} missing"
    )
    if status["unseen"]:
        print(
            f"           {status['unseen']:,} of them {status['model']} has not seen: no words "
            "find those before it has. Connect their drive, and index it."
        )
    sizes = status["bytes"]
    assert isinstance(sizes, dict)
    print("On disk    " + ", ".join(f"{k} {v / 1e6:,.1f} MB" for k, v in sizes.items()))
    folders, problems = status["folders"], status["problems"]
    assert isinstance(folders, list)
    assert isinstance(problems, list)
    for folder in folders:
        away = "" if folder["available"] else "  (isn't connected; what was seen stays searchable)"
        print(f"Folder     {folder['path']}: {photos(folder['photos'])}{away}")
    _print_problems(problems)


def _print_problems(problems: list[dict[str, str]]) -> None:
    """Photos that could not be read, under the reasons why; the commonest reason first."""
    if not problems:
        return
    print(f"\n{photos(len(problems))} couldn't be read. {MAY_BE}")
    by_reason: dict[str, list[str]] = {}
    for problem in problems:
        by_reason.setdefault(problem["reason"], []).append(problem["path"])
    for reason, paths in sorted(by_reason.items(), key=lambda pair: -len(pair[1])):
        print(f"\n{reason} {photos(len(paths))}:")
        for path in paths[:SHOWN_PROBLEMS]:
            print(f"  {path}")
        if len(paths) > SHOWN_PROBLEMS:
            print(f"  and {len(paths) - SHOWN_PROBLEMS:,} more; --json lists them all")
    print("\n`sightword index --try-again` reads them once more.")
