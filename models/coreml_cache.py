"""Where an encoder's compiled models lie, and compiling a package into them once.

To load a package compiles it anew at each start, tens of seconds for a large tower.
"""

import os
import shutil
import tempfile
from pathlib import Path

from models.coreml_link import PREPARE_S, Link
from models.errors import BadEncoder
from models.installed import SHIPPED
from models.spec import sha256_of_tree

COMPILED = "compiled"


def cache_of(folder: Path) -> Path:
    """Beside the encoder in `folder`; for one that we shipped, among the user's caches.

    So `models remove` frees it, and a signed application is left as it was signed.
    """
    if folder.resolve().is_relative_to(SHIPPED) or not os.access(folder, os.W_OK):
        return Path.home() / "Library" / "Caches" / "sightword" / folder.name
    return folder / COMPILED


def compiled(link: Link, package: Path, sha256: str, cache: Path) -> Path:
    """The compiled model of `package`, from `cache` or made now: beside, then renamed.

    Raises BadEncoder: the package is damaged, Core ML refuses it, or the disk does.
    """
    path = cache / f"{package.stem}-{sha256[:16]}.mlmodelc"
    if path.is_dir():
        return path
    if sha256_of_tree(package) != sha256:
        raise BadEncoder(f"{package} is damaged. Install the encoder again.")
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="new-") as beside:
            made = Path(beside) / path.name
            request = {"do": "compile", "package": str(package), "compiled": str(made)}
            link.ask(request, within_s=PREPARE_S)
            try:
                made.rename(path)
            except OSError:
                if not path.is_dir():  # else another process of ours was quicker
                    raise
        for old in set(cache.glob(f"{package.stem}-*.mlmodelc")) - {path}:
            shutil.rmtree(old, ignore_errors=True)  # of a package that this one has replaced
    except OSError as error:
        raise BadEncoder(
            f"{package} can not be compiled into {cache}: {error.strerror or error}."
        ) from error
    return path
