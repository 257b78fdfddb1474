"""Say early, and in one sentence, that a file named on the command line can not serve."""

from pathlib import Path

from indexer.errors import KnownError


def check_photo(path: Path) -> None:
    """Raise KnownError unless `path` is a file."""
    if path.is_dir():
        raise KnownError(f"{path} is a folder; name one photo.")
    if not path.exists():
        raise KnownError(f"{path} does not exist. Check how it is spelled.")


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
