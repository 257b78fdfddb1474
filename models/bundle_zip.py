"""Read a zip of strangers: every name, size and digest is looked at before a byte lies on disk.

Refused are names that lead out of the folder, links, encrypted entries, more than an encoder can
have, packed bombs, and whatever the list of digests does not name or names otherwise.
"""

import errno
import hashlib
import json
import shutil
import stat
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from models.errors import BadEncoder, KnownError

DIGESTS = "digests.json"
FORMAT = 1
MOST_FILES = 200
LARGEST_BYTES = 16 << 30
MOST_PACKED = 100  # times: weights hardly shrink, a bomb of zeros shrinks a thousandfold
SMALL_BYTES = 1 << 20  # may be packed as tightly as it likes
MARGIN_BYTES = 200 << 20  # of the disk, left to others
CHUNK = 1 << 20
ENCRYPTED = 1  # of flag_bits

Progress = Callable[[str, int, int], None]  # what is done, bytes so far, of how many


def unpack(bundle: Path, folder: Path, progress: Progress) -> None:
    """Write the files of `bundle` into the empty `folder`, each compared with its digest.

    Raises BadEncoder for a bundle that is not what it should be, KnownError for a full disk.
    """
    try:
        with zipfile.ZipFile(bundle) as archive:
            entries = _entries(bundle, archive)
            digests = _digests(bundle, archive, entries)
            total = sum(entry.file_size for entry in entries.values())
            _check_room(bundle, folder, total)
            done = 0
            for name, entry in entries.items():
                if name != DIGESTS:
                    _write(archive, entry, folder / name, digests[name])
                done += entry.file_size
                progress("unpacking", done, total)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise BadEncoder(
            f"{bundle} is no encoder bundle, or was cut short or damaged on its way ({error}). "
            "Fetch or copy it again."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise KnownError(
                f"The disk is full: {bundle.name} could not be unpacked. Make room and try again."
            ) from error
        raise KnownError(f"{bundle} can't be unpacked: {error.strerror or error}.") from error


def _entries(bundle: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """The files of an archive by their names, all looked at. Raises BadEncoder."""
    entries: dict[str, zipfile.ZipInfo] = {}
    total = 0
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        wrong = _what_is_wrong(entry)
        if entry.filename.lower() in {name.lower() for name in entries}:  # one on a Mac
            wrong = "is there twice"
        total += entry.file_size
        if total > LARGEST_BYTES or len(entries) >= MOST_FILES:
            wrong = "makes it more than an encoder has"
        if wrong:
            raise BadEncoder(
                f"{bundle} was not made by this program: {entry.filename!r} {wrong}. "
                "Nothing of it was used."
            )
        entries[entry.filename] = entry
    return entries


def _what_is_wrong(entry: zipfile.ZipInfo) -> str:
    """Why an entry is refused, or nothing."""
    parts = entry.filename.split("/")
    odd = any(not part or part[0] == "." or len(part) > 120 for part in parts)
    if odd or len(parts) > 8 or set(entry.filename) & set('\\:\0"*?<>|\n\r'):
        return "is no name that a file of an encoder may have"
    if entry.orig_filename != entry.filename:  # zipfile cuts names at a NUL
        return "has two names"
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        return "is a link or a device"
    if entry.flag_bits & ENCRYPTED:
        return "is encrypted"
    if entry.file_size > max(SMALL_BYTES, MOST_PACKED * entry.compress_size):
        return f"would grow {entry.file_size // max(1, entry.compress_size)}-fold"
    return ""


def _digests(
    bundle: Path, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]
) -> dict[str, str]:
    """The SHA-256 of each file as the bundle itself lists them. Raises BadEncoder."""
    if DIGESTS not in entries:
        # A bundle without its end reads as the last zip inside it, the fixture.
        raise BadEncoder(
            f"{bundle} has no {DIGESTS}: it is no encoder bundle, or was cut short or damaged on "
            "its way. Fetch or copy it again."
        )
    try:
        if entries[DIGESTS].file_size > SMALL_BYTES:
            raise ValueError("too long")
        listed: Any = json.loads(archive.read(DIGESTS))
        made = listed["format"]
        digests = {str(name): str(one) for name, one in listed["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadEncoder(f"{bundle} has a {DIGESTS} that can't be read ({error!r}).") from error
    if made != FORMAT:
        raise BadEncoder(
            f"{bundle} is of format {made}, and this version reads {FORMAT}. Update Sightword."
        )
    odd = sorted(set(digests).symmetric_difference(set(entries) - {DIGESTS}))
    if odd:
        raise BadEncoder(
            f"{bundle} was changed after it was made: {odd[0]} is only in it, or only in its list "
            "of digests. Nothing of it was used."
        )
    return digests


def _check_room(bundle: Path, folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed + MARGIN_BYTES > free:
        raise KnownError(
            f"{bundle.name} unpacks to {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free "
            f"in {folder}, of which {MARGIN_BYTES / 1e6:,.0f} MB should stay so. Make room."
        )


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, sha256: str) -> None:
    """Write one file. Raises BadEncoder where its bytes are not those that were listed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    whole = hashlib.sha256()
    with archive.open(entry) as source, path.open("xb") as file:
        while some := source.read(CHUNK):
            whole.update(some)
            file.write(some)
    if whole.hexdigest() != sha256:
        raise BadEncoder(
            f"{entry.filename} in the bundle was tampered with or damaged: its SHA-256 is "
            f"{whole.hexdigest()}, and {sha256} is listed. Nothing of it was used."
        )
