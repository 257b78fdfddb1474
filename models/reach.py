"""Tell an encoder that is gone from one that can't be reached just now.

What is gone may be replaced. What is on a drive that is away, or on a disk that stumbles, is the
same as before once it can be read again, and whoever needs it waits.
"""

import errno
import os
import stat
from pathlib import Path

from models.errors import EncoderAway

FOR_GOOD = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG)


def is_gone(path: Path, error: OSError) -> bool:
    """Whether `error`, met at `path`, says that nothing of use is there, today or tomorrow.

    A link on the way that leads nowhere speaks of a drive: then it is away.
    """
    if error.errno not in FOR_GOOD:
        return False
    return not any(_leads_nowhere(part) for part in (path, *path.parents))


def is_there(folder: Path, name: str) -> bool:
    """Whether the encoder in `folder` has this file. Raises EncoderAway where nobody can tell."""
    try:
        return stat.S_ISREG((folder / name).stat().st_mode)
    except OSError as error:
        if is_gone(folder / name, error):
            return False
        raise out_of_reach(folder, error) from error


def out_of_reach(folder: Path, error: OSError) -> EncoderAway:
    """What to raise of an encoder that can't be read just now."""
    return EncoderAway(
        f"The encoder in {folder} can't be read now ({error.strerror or error}). Connect its "
        "drive, or allow reading it, and try again."
    )


def _leads_nowhere(path: Path) -> bool:
    try:
        return path.is_symlink() and not os.path.exists(path)  # noqa: PTH110 - Path's may raise
    except OSError:
        return False
