"""Write the files of vector snapshots, find them again, and clear them away.

`vectors/<encoder>-<database>-<change>.faiss` holds the rows up to that change number as float16,
and `.npy` beside it the content of each row. Both are written whole and then renamed, the second
last; whoever finds none, or a broken pair, reads SQLite instead.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import faiss
import numpy as np
from numpy.typing import NDArray

from indexer.view import View

AT_ONCE = 8192  # rows read from SQLite: 4 MB at 256 dimensions
WRITE_BYTES = 1 << 20
SYNC_BYTES = 1 << 25
UNFINISHED = ".new-"


def write_snapshot(
    view: View, digest: str, dimension: int, is_stopped: Callable[[], bool] = lambda: False
) -> None:
    """Write all vectors of SQLite as a new snapshot and remove older ones.

    Where it `is_stopped` the older ones stay. Raises OSError where the disk is full.
    """
    index = empty_index(dimension)
    contents: list[int] = []
    change = 0
    for change, some, codes in rows_since(view, 0, digest):  # noqa: B007 - the last one counts
        index.add_sa_codes(codes)
        contents += some
        if is_stopped():
            return
    if not contents:
        return
    home = view.library.vectors
    home.mkdir(parents=True, exist_ok=True)
    path = home / f"{_name(view, digest)}-{change}.faiss"
    older = [old for _, old in snapshots_of(view, digest) if old != path]
    with tempfile.TemporaryDirectory(dir=home, prefix=UNFINISHED) as folder:
        rows, new = Path(folder) / "new.npy", Path(folder) / "new.faiss"
        np.save(rows, np.array(contents, np.int64))
        with rows.open("rb") as file:
            os.fsync(file.fileno())
        if not _write_index(index, new, is_stopped):
            return
        rows.replace(path.with_suffix(".npy"))
        new.replace(path)
    for old in older:
        old.unlink(missing_ok=True)
        old.with_suffix(".npy").unlink(missing_ok=True)


def sweep(view: View) -> None:
    """Remove what a writer left that was killed, and snapshots of a database that is no more.

    Nobody may be writing one: half of it would go.
    """
    identity = view.identity()
    for path in view.library.vectors.glob("*"):
        if path.name.startswith(UNFINISHED):
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix in (".faiss", ".npy") and f"-{identity}-" not in path.name:
            path.unlink(missing_ok=True)
        elif path.suffix == ".npy" and not path.with_suffix(".faiss").exists():
            path.unlink(missing_ok=True)  # killed between the two


def drop(view: View, digest: str) -> None:
    """Delete all snapshots of one encoder."""
    for _, path in snapshots_of(view, digest):
        path.unlink(missing_ok=True)
        path.with_suffix(".npy").unlink(missing_ok=True)


def _name(view: View, digest: str) -> str:
    """What the names of snapshots begin with: the encoder and the database."""
    return f"{digest[:16]}-{view.identity()}"


def snapshots_of(view: View, digest: str) -> list[tuple[int, Path]]:
    """(change number, path) of the snapshots on disk of this encoder and this database."""
    found = []
    for path in view.library.vectors.glob(f"{_name(view, digest)}-*.faiss"):
        number = path.stem.rpartition("-")[2]
        if number.isdecimal():
            found.append((int(number), path))
    return found


def _write_index(index: "faiss.Index", path: Path, is_stopped: Callable[[], bool]) -> bool:
    """Write an index and see it on the disk; whether it was not stopped on the way.

    In parts, each seen on the disk before the next: whoever commits a photo meanwhile waits for
    one of them and not for all, and a stop is quick.
    """
    unsynced, was_stopped, trouble = 0, False, None
    with path.open("wb") as file:

        def write(data: bytes) -> None:
            nonlocal unsynced, was_stopped, trouble
            if was_stopped or trouble is not None:
                return  # FAISS knows no way to give up: the rest comes to nothing
            was_stopped = is_stopped()
            try:
                file.write(data)
                unsynced += len(data)
                if unsynced > SYNC_BYTES:
                    _sync(file)
                    unsynced = 0
            except OSError as error:
                trouble = error

        faiss.write_index(index, faiss.PyCallbackIOWriter(write, WRITE_BYTES))  # type: ignore[attr-defined] # its stubs forget it
        if trouble is not None:
            raise trouble
        _sync(file)
    return not was_stopped


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def empty_index(dimension: int) -> "faiss.Index":
    """Float16 rows, inner product, exact; see DECISIONS on why no approximate index."""
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
    index.is_trained = True  # float16 has nothing to learn
    return index


def rows_since(
    view: View, change: int, digest: str
) -> Iterator[tuple[int, list[int], NDArray[np.uint8]]]:
    """Embeddings after `change`, some at a time: the last change, contents, (n, 2 d) codes.

    The code of a row of float16 is its bytes, as SQLite keeps them.
    """
    while rows := view.vectors_since(change, digest, AT_ONCE):
        change = rows[-1][0]
        codes = np.frombuffer(b"".join([row[2] for row in rows]), np.uint8)
        yield change, [row[1] for row in rows], codes.reshape(len(rows), -1)
