"""Find the folder of an encoder that a library knows, and keep copies of ours in the library.

Ours come with the program and are replaced with it. What a library is searched with must outlive
that: the words of a search need the very encoder that saw the photos.
"""

import logging
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from indexer.library import Library
from indexer.photo import KnownEncoder
from models.errors import BadEncoder, EncoderAway
from models.installed import SHIPPED
from models.reach import is_gone, out_of_reach
from models.spec import EncoderSpec

log = logging.getLogger(__name__)

UNFINISHED = "new-"
REGRET_S = 30 * 86400.0  # an update that is taken back is taken back within a month


def kept(library: Library, folder: Path, spec: EncoderSpec, shipped: Path = SHIPPED) -> Path:
    """Where the library finds this encoder from now on: its own copy of one in `shipped`.

    One that a person added stays where it is. Where the disk has no room, so does ours.
    """
    if shipped not in folder.parents:
        return folder
    home = library.kept_encoders
    copy = home / f"{spec.name}-{spec.digest[:16]}"
    if copy.exists():
        return copy
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=UNFINISHED) as scratch:
            new = Path(scratch) / "encoder"
            shutil.copytree(folder, new)
            for file in new.rglob("*"):
                if file.is_file():
                    with file.open("rb") as opened:
                        os.fsync(opened.fileno())
            new.rename(copy)
    except (OSError, shutil.Error) as error:
        log.warning("no copy of %s: %s", folder, error)
        return folder
    return copy


def folder_of(library: Library, known: KnownEncoder, shipped: Path = SHIPPED) -> Path:
    """Where the encoder with this digest lies.

    Raises BadEncoder where it is gone, and EncoderAway where it may be in what can't be read now.
    """
    folders, away = _candidates(library, known, shipped)
    for folder in folders:
        try:
            if EncoderSpec.read(folder).digest == known.digest:
                return folder
        except EncoderAway as error:
            if folder == known.folder or folder.name == known.name:
                away = error
        except BadEncoder:
            pass
    if away is not None:
        raise EncoderAway(
            f"Your photos were looked at with the encoder {known.name!r}, which can't be read now. "
            f"{away} Your library stays as it is meanwhile. Or search with another encoder: "
            "sightword models use NAME"
        ) from away
    raise BadEncoder(
        f"Your photos were looked at with the encoder {known.name!r}, which is no longer on this "
        "machine. Install it again, or let `sightword index FOLDER` look at them with another."
    )


def successor(library: Library, known: KnownEncoder, shipped: Path = SHIPPED) -> Path | None:
    """The folder in `shipped` of a newer version of an encoder that the library keeps a copy of."""
    if known.folder is None or library.kept_encoders not in known.folder.parents:
        return None
    for folder in _inside(shipped):
        spec = _spec(folder)
        if spec is not None and spec.name == known.name:
            return folder if spec.digest != known.digest else None
    return None


def namesake(library: Library, known: KnownEncoder, shipped: Path = SHIPPED) -> Path | None:
    """The folder of an encoder that is called the same, whatever its weights."""
    folders, _ = _candidates(library, known, shipped)
    for folder in folders:
        spec = _spec(folder)
        if spec is not None and spec.name == known.name:
            return folder
    return None


def drop_copy(library: Library, known: KnownEncoder) -> None:
    """Delete the library's own copy of an encoder, if it has one."""
    if known.folder is not None and library.kept_encoders in known.folder.parents:
        shutil.rmtree(known.folder, ignore_errors=True)


def leave(library: Library, known: KnownEncoder) -> None:
    """Note on the library's own copy of an encoder that it serves no longer, as its age."""
    if known.folder is not None and library.kept_encoders in known.folder.parents:
        with suppress(OSError):
            os.utime(known.folder)


def is_outlived(library: Library, known: KnownEncoder, shipped: Path, now_s: float) -> bool:
    """Whether this is an older version of ours that served last over `REGRET_S` ago.

    No name leads to it any more: it is kept that long for who goes back to an older program.
    """
    if known.folder is None or library.kept_encoders not in known.folder.parents:
        return False
    try:
        ours = {spec.digest for spec in map(_spec, _inside(shipped)) if spec is not None}
        age_s = now_s - known.folder.stat().st_mtime
    except (OSError, EncoderAway):
        return False
    return bool(ours) and known.digest not in ours and age_s > REGRET_S


def sweep_copies(library: Library) -> None:
    """Remove what a writer left that was killed."""
    for folder in library.kept_encoders.glob(f"{UNFINISHED}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _candidates(
    library: Library, known: KnownEncoder, shipped: Path
) -> tuple[list[Path], EncoderAway | None]:
    """Where an encoder may lie, and why there may be more places than can be seen now."""
    folders, away = [known.folder] if known.folder is not None else [], None
    for home in (library.kept_encoders, library.encoders, shipped):
        try:
            folders += _inside(home)
        except EncoderAway as error:
            away = error
    return folders, away


def _inside(home: Path) -> list[Path]:
    """What lies in a folder of encoders. Raises EncoderAway where nobody can tell now."""
    try:
        return sorted(home.iterdir())
    except OSError as error:
        if is_gone(home, error):
            return []
        raise out_of_reach(home, error) from error


def _spec(folder: Path) -> EncoderSpec | None:
    try:
        return EncoderSpec.read(folder)
    except BadEncoder:
        return None
