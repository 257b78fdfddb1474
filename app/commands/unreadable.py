"""Say early, and in one sentence, that a file named on the command line can not serve."""

from pathlib import Path
from stat import S_ISDIR

from indexer.errors import KnownError


def check_photo(path: Path) -> None:
    """Raise KnownError unless `path` is a file."""
    try:
        is_folder = S_ISDIR(path.stat().st_mode)
    except PermissionError as error:
        raise KnownError(
            f"You don't have permission to open {path}. Allow it, or name another photo."
        ) from error
    except OSError as error:  # a name of 300 letters says no other thing
        raise KnownError(f"{path} does not exist. Check how it is spelled.") from error
    if is_folder:
        raise KnownError(f"{path} is a folder; name one photo.")


def check_can_hold(folder: Path, name: str) -> None:
    """Raise KnownError unless `folder` is there to put a file called `name` into."""
    try:
        is_folder = S_ISDIR(folder.stat().st_mode)
    except PermissionError as error:
        raise KnownError(
            f"You don't have permission to use {folder}, so {name} can't go there."
        ) from error
    except OSError:
        is_folder = False
    if not is_folder:
        raise KnownError(f"{folder} does not exist, so {name} can't go there.")


def read_lines(path: Path, what: str) -> list[str]:
    """The lines of a UTF-8 file that holds `what`, empty ones too. Raises KnownError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise KnownError(
            f"The {what} {path} can't be read: {error.strerror}. Check its name."
        ) from error
    except UnicodeDecodeError as error:
        raise KnownError(f"The {what} {path} is not UTF-8 text. Save it as UTF-8.") from error
    return text.removesuffix("\n").split("\n") if text else []
