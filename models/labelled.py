"""Read which words belong to which photo: a table of photo and words, or a folder a class."""

from dataclasses import dataclass
from pathlib import Path

from models.errors import KnownError
from models.photo_files import Source


@dataclass(frozen=True, slots=True)
class Labelled:
    """A photo, and a caption or the name of its class."""

    photo: str
    words: str


def read_table(path: Path, columns: int) -> list[list[str]]:
    """The rows of a file with tabs, empty lines left out. Quotes are letters like any other.

    Raises KnownError naming the first line with fewer columns, or a file that can't be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise KnownError(f"{path} can not be read as a table in UTF-8 ({error}).") from error
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        row = line.rstrip("\r").split("\t")
        if row == [""]:
            continue
        if len(row) < columns:
            raise KnownError(
                f"{path}, line {number}: {len(row)} columns, and {columns} are needed."
            )
        rows.append(row)
    if not rows:
        raise KnownError(f"{path} is empty.")
    return rows


def from_table(path: Path) -> list[Labelled]:
    """The rows photo<TAB>words of a file. Raises KnownError."""
    return [Labelled(row[0], row[1].strip()) for row in read_table(path, 2) if row[1].strip()]


def from_folders(source: Source) -> list[Labelled]:
    """Each photo with the name of the outermost folder it lies in. Raises KnownError.

    Underscores stand for blanks: `golden_retriever/1.jpg` is a golden retriever.
    """
    found = [
        Labelled(name, name.partition("/")[0].replace("_", " "))
        for name in source.names()
        if "/" in name
    ]
    if not found:
        raise KnownError(f"{source.path} holds no folders of photos, one for each class.")
    return found
