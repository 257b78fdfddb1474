"""Encoder bundles: one zip that holds an encoder, its digests and the proof that it runs right.

`<name>.sightword` has the files of the encoder's folder at its root, `parity.npz` beside them, and
first of all `digests.json` with the SHA-256 of each. Digests find accidents and careless hands;
the fixture finds a runtime that computes otherwise. Neither proves who made a bundle.
"""

import fcntl
import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from models.bundle_parity import PARITY, Parity
from models.bundle_zip import CHUNK, DIGESTS, FORMAT, Progress, unpack
from models.encoder import bank_of
from models.errors import BadEncoder, KnownError, ParityError
from models.onnx import OnnxEncoder
from models.spec import MANIFEST, EncoderSpec

SUFFIX = ".sightword"
CARDS = ("MODEL_CARD.md", "LICENSE", "LICENCE.txt")  # travel along where they are there
ADDING = ".adding"  # inside the home of encoders: what is not whole yet, never one itself
DAY = (2000, 1, 1, 0, 0, 0)  # of every entry, so that the same encoder makes the same bundle


def write(folder: Path, out: Path, progress: Progress = lambda *_: None) -> EncoderSpec:
    """Write the encoder in `folder` to the bundle `out`. Raises KnownError.

    An encoder without a fixture is its own reference: what it answers here it must answer there.
    """
    spec = EncoderSpec.read(folder)
    spec.verify(folder)
    if not (folder / PARITY).is_file():
        return _write_with(spec, folder, out, progress, Parity.of(OnnxEncoder(folder)))
    Parity.read(folder, spec).check(OnnxEncoder(folder))
    return _write_with(spec, folder, out, progress, None)


def install(
    bundle: Path,
    home: Path,
    progress: Progress = lambda *_: None,
    reserved: Collection[str] = (),
) -> EncoderSpec:
    """Unpack `bundle` into a folder of its own in `home`, prove it, and only then name it.

    Raises KnownError; then `home` is as it was. One that is there already, digest for digest, is
    replaced by itself where it is damaged. None may be called as one of the `reserved`.
    """
    with adding(home) as place:
        folder = place / "bundle"
        folder.mkdir()
        unpack(bundle, folder, progress)
        name = EncoderSpec.read(folder).name
        if name in reserved:
            raise BadEncoder(
                f"{bundle.name} holds an encoder called {name}, and one of that name comes with "
                "the program. It was not added."
            )
        return admit(folder, home, bundle.name, progress)


@contextmanager
def adding(home: Path) -> Iterator[Path]:
    """A place in `home` for an encoder in the making, empty before and gone afterwards.

    Raises KnownError where another process is adding one, or where nothing can be written.
    """
    place = home / ADDING
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock = (home / f"{ADDING}.lock").open("w")
    except OSError as error:
        raise KnownError(
            f"No encoder can be added to {home}: {error.strerror}. Allow writing there, or name "
            "another library with --library."
        ) from error
    with lock:
        _hold(lock, home)
        shutil.rmtree(place, ignore_errors=True)  # of one that was killed
        try:
            place.mkdir()
            yield place
        except OSError as error:
            raise KnownError(
                f"No encoder was added to {home}: {error.strerror or error}. What was there is as "
                "it was."
            ) from error
        finally:
            shutil.rmtree(place, ignore_errors=True)


def admit(folder: Path, home: Path, source: str, progress: Progress) -> EncoderSpec:
    """Check the encoder in `folder` (inside `adding`), and move it to its name in `home`.

    Raises BadEncoder, and KnownError where another encoder of that name is there.
    """
    spec = EncoderSpec.read(folder)
    progress("checking", 0, 1)
    spec.verify(folder)
    bank_of(folder, spec)
    try:
        Parity.read(folder, spec).check(OnnxEncoder(folder))
    except ParityError as error:
        raise BadEncoder(
            f"{source} is not used: {error} Fetch it again; if that does not help, this computer's "
            "runtime computes otherwise than the one it was made with."
        ) from error
    progress("checking", 1, 1)
    target = home / spec.name
    _check_free(target, spec)
    if _is_whole(target, spec):
        return spec  # not even for an instant is the one that may serve away
    _sync(folder)
    old = folder.parent / "old"
    if target.exists():
        target.rename(old)
    folder.rename(target)
    _sync_folder(home)
    return spec


def _check_free(target: Path, spec: EncoderSpec) -> None:
    """Raise KnownError where an encoder of this name but of another digest is there."""
    if not target.exists():
        return
    try:
        there = EncoderSpec.read(target).digest
    except BadEncoder:
        return  # damaged: replaced
    if there != spec.digest:
        raise KnownError(
            f"Another encoder called {spec.name} is there already, and vectors may have been made "
            f"with it. Remove it first with `sightword models remove {spec.name}`."
        )


def _is_whole(target: Path, spec: EncoderSpec) -> bool:
    """Whether this very encoder is there, in all that can be checked."""
    try:
        there = EncoderSpec.read(target)
        there.verify(target)
        bank_of(target, there)
        Parity.read(target, there)
    except BadEncoder:
        return False
    return there == spec


def _write_with(
    spec: EncoderSpec, folder: Path, out: Path, progress: Progress, parity: Parity | None
) -> EncoderSpec:
    """Write the zip beside `out` and give it its name when it is whole."""
    part = out.with_name(f"{out.name}.part")
    made = out.with_name(f"{out.name}.{PARITY}") if parity else None
    try:
        if parity and made:
            parity.write(made)
        files = dict(_files(spec, folder))
        if made:
            files[PARITY] = made
        _zip(files, part, progress)
        part.replace(out)
    except OSError as error:
        raise KnownError(f"{out} can't be written: {error.strerror}. Make room for it.") from error
    finally:
        part.unlink(missing_ok=True)
        if made:
            made.unlink(missing_ok=True)
    return spec


def _files(spec: EncoderSpec, folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file of a bundle by its name, in order."""
    cards = [name for name in CARDS if (folder / name).is_file()]
    parity = [PARITY] if (folder / PARITY).is_file() else []
    for name in (MANIFEST, *spec.single_files(), *parity, *cards):
        yield name, folder / name
    for package in spec.packages():
        for path in sorted((folder / package).rglob("*")):
            if path.is_file() and path.name != ".DS_Store":
                yield path.relative_to(folder).as_posix(), path


def _zip(files: dict[str, Path], out: Path, progress: Progress) -> None:
    total = sum(path.stat().st_size for path in files.values())
    digests: dict[str, str] = {}
    for name, path in files.items():
        with path.open("rb") as file:
            digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    done = 0
    with zipfile.ZipFile(out, "w") as archive:
        listed = {"format": FORMAT, "files": digests}
        archive.writestr(_entry(DIGESTS), json.dumps(listed, indent=1))
        for name, path in files.items():
            with path.open("rb") as source, archive.open(_entry(name), "w", force_zip64=True) as to:
                while some := source.read(CHUNK):
                    to.write(some)
                    done += len(some)
                    progress("writing", done, total)


def _entry(name: str) -> zipfile.ZipInfo:
    """Stored as it is: weights hardly shrink, and a bundle is read as fast as the disk goes."""
    entry = zipfile.ZipInfo(name, DAY)
    entry.external_attr = 0o100644 << 16
    return entry


def _hold(lock: IO[str], home: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise KnownError(
            f"Another encoder is being added to {home} just now. Wait until that is done."
        ) from error


def _sync(folder: Path) -> None:
    """Let the disk have every byte before the name."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
