"""The decoder process: a path in, a square for the encoder and thumbnails out.

Reads one JSON line a request from stdin and answers on stdout with one JSON line and, behind it,
the raw bytes that the line announces. Ends when stdin closes, so it never outlives who began it.
What can go wrong with a photo is an answer; a crash is seen by the other side as the pipe's end.
"""

import json
import os
import resource
import select
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from PIL import Image

from indexer import picture
from indexer.errors import Reason, UnreadablePhoto
from indexer.library import Library
from indexer.lockdown import deny_network
from indexer.thumbnails import QUALITY, SIDES, thumbnail_path, thumbnail_size, write_whole
from models.preprocess import preprocess
from models.spec import ImageSpec

SMALLER = Image.Resampling.HAMMING  # two thirds of BICUBIC's cost, and vectors stay as near
SHOW_THREADS = 4  # somebody waits; while indexing each core has a decoder of its own
MAX_ADDRESS_BYTES = 4 << 30  # the last line: see `need` for the first, `decode` for the second


def main(arguments: list[str]) -> int:  # noqa: ARG001 - every role takes its arguments
    """Answer requests until stdin ends."""
    deny_network()
    _limit_memory()
    threading.Thread(target=_end_with_parent, name="end with parent", daemon=True).start()
    picture.prepare()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a C library prints must not get between the answers
    for line in sys.stdin.buffer:
        _answer(answers, json.loads(line))
    return 0


def _limit_memory() -> None:
    """Let a picture that would fill the machine raise MemoryError here. A Mac ignores the limit."""
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_BYTES, MAX_ADDRESS_BYTES))


def _end_with_parent() -> None:
    """End when stdin has no writer any more, in the middle of a photo too."""
    watch = select.poll()
    watch.register(0, 0)  # nothing but a hang-up
    watch.poll()
    os._exit(0)


def _answer(answers: BinaryIO, request: dict[str, Any]) -> None:
    """Do one request and write its answer."""
    try:
        header, payload = {"index": _index, "tell": _tell, "show": _show}[request["what"]](request)
    except UnreadablePhoto as error:
        header, payload = {"reason": error.reason}, b""
    except MemoryError:
        header, payload = {"reason": Reason.TOO_LARGE}, b""
    answers.write(json.dumps({**header, "payload_bytes": len(payload)}).encode() + b"\n")
    answers.write(payload)
    answers.flush()


def _index(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Everything the library wants of a photo, from one decode.

    The payload is the (3, side, side) uint8 square. Where a `library` is named, its thumbnails
    are written too.
    """
    spec = ImageSpec(**request["spec"])
    data = picture.read_file(Path(request["path"]))
    digest = picture.content_hash(data)
    opened = picture.OpenedPhoto(data)
    metadata = opened.metadata(Path(request["path"]))
    upright = opened.decode(opened.size_of(max(2 * spec.side, SIDES[-1])), SMALLER)
    is_kept = True
    if request["library"]:
        is_kept = _write_thumbnails(Library(Path(request["library"])), digest, upright, opened)
    header = {
        "is_kept": is_kept,
        "hash": digest.hex(),
        "width": opened.width,
        "height": opened.height,
        "metadata": asdict(metadata),
        "mean_rgb": picture.mean_rgb(upright),
    }
    return header, preprocess(picture.for_encoder(upright), spec).tobytes()


def _tell(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """What the file tells of the photo, without its pixels. There is no payload."""
    path = Path(request["path"])
    opened = picture.OpenedPhoto(picture.read_file(path))
    return {"metadata": asdict(opened.metadata(path))}, b""


def _show(request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The upright picture scaled down to fit (w, h) px. The payload is its (h, w, 3) uint8."""
    fit_w, fit_h = request["fit"]
    data = picture.read_file(Path(request["path"]))
    opened = picture.OpenedPhoto(data, threads=SHOW_THREADS, previews=False)
    scale = min(fit_w / opened.width, fit_h / opened.height, 1.0)
    size = max(1, round(opened.width * scale)), max(1, round(opened.height * scale))
    upright = opened.decode(size, Image.Resampling.LANCZOS, gap=3.0)
    return {"width": size[0], "height": size[1]}, upright.tobytes()


def _write_thumbnails(
    library: Library, digest: bytes, upright: Image.Image, opened: picture.OpenedPhoto
) -> bool:
    """Both sizes, each made from the larger one; whether the disk took them."""
    source = upright
    short = min(opened.width, opened.height)
    sides = [side for side in SIDES if side == SIDES[0] or short > SIDES[0]]  # one may hold it all
    paths = {side: thumbnail_path(library, digest, side) for side in sides}
    if all(path.exists() for path in paths.values()):
        return True  # seen before, by another encoder or as a copy
    for side, path in sorted(paths.items(), reverse=True):
        size = thumbnail_size(opened.width, opened.height, side)
        if source.size != size:
            source = source.resize(size, SMALLER, reducing_gap=2.0)
        if not path.exists():
            buffer = BytesIO()
            source.save(buffer, "JPEG", quality=QUALITY)
            try:
                write_whole(path, buffer.getvalue())
            except OSError:  # they are a cache: whoever asks decides what that means
                return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
