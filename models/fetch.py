"""Bring one file from the network, or the rest of one: with time-outs, resumption and checks.

The only module that speaks to the network, and only `models.fetch_process` runs it, which knows
no library.
"""

import http.client
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from models.errors import KnownError
from models.fetch_part import Note, Part, Progress, Wanted
from models.fetch_trouble import Cut, check_address, refusal, unreachable, why
from models.fetch_trust import trusting

SILENCE_S = 30.0  # to connect, and between two parts of an answer
PAUSES_S = (1.0, 2.0, 4.0, 8.0)  # before each further try that follows one without a new byte
HEXADECIMAL = frozenset("0123456789abcdef")


def fetch(
    wanted: Wanted,
    folder: Path,
    progress: Progress,
    pause: Callable[[float], None] = time.sleep,
    silence_s: float = SILENCE_S,
) -> Path:
    """The file in `folder`, fetched or finished there. Raises KnownError; what came stays."""
    check_address(wanted.url)
    part = Part(wanted, folder)
    if part.whole.exists():
        part.whole.rename(part.path)  # it came in an earlier try: looked at again, not fetched
        return part.finish(wanted.sha256)
    pauses, most = list(PAUSES_S), part.size
    while True:
        try:
            sha256 = _bring(part, progress, silence_s)
            return part.finish(wanted.sha256 or sha256)
        except Cut as cut:
            if part.size > most:
                pauses, most = list(PAUSES_S), part.size  # a bad line is no reason to give up
            if not pauses:
                raise KnownError(_given_up(part, str(cut))) from cut
            pause(pauses.pop(0))


def _bring(part: Part, progress: Progress, silence_s: float) -> str | None:
    """Bring what is missing; the SHA-256 that the hub names. Raises Cut, KnownError."""
    url, note, have = part.wanted.url, part.note(), part.size
    if note is not None and have == note.size:
        return note.sha256
    headers = {"User-Agent": "sightword", "Accept-Encoding": "identity"}
    if note is not None and note.etag and have:
        headers |= {"Range": f"bytes={have}-", "If-Range": note.etag}
    hub = _Redirects()
    try:
        request = urllib.request.Request(url, headers=headers)
        opener = urllib.request.build_opener(hub, urllib.request.HTTPSHandler(context=trusting()))
        with opener.open(request, timeout=silence_s) as answer:
            return _receive(answer, hub.sha256, part, progress)
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 416:  # what is here is no beginning of the file that is there now
                part.forget()
            raise refusal(error, url) from error
    except urllib.error.URLError as error:
        raise unreachable(error, url) from error
    except (http.client.HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
        raise Cut(why(error)) from error


def _receive(answer: Any, sha256: str | None, part: Part, progress: Progress) -> str | None:
    """Write an answer behind what is here, or anew where the hub begins at the beginning."""
    headers = answer.headers
    start = _start(headers.get("Content-Range", "")) if answer.status == 206 else 0
    if start not in (0, part.size):
        part.forget()
        raise Cut("it answers with another part of the file than it was asked for")
    length = headers.get("Content-Length", "")
    total = start + int(length) if length.isdigit() else None
    part.check_size(total)
    size = total if total is not None else part.wanted.size
    part.check_room((size or 0) - start)
    if start == 0:
        etag = headers.get("ETag", "")  # a weak one (W/"...") is no promise of the same bytes
        note = Note(part.wanted.url, etag if etag.startswith('"') else None, size, sha256)
        part.begin(note)
    part.pour(answer, start, size, progress)
    if size is not None and part.size < size:
        raise Cut("the connection was cut")
    return sha256


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to safe addresses alone, and keeps what the first hub says of the file.

    Hugging Face names a large file's SHA-256 in `X-Linked-ETag`, beside the redirect to where the
    bytes lie (huggingface_hub reads it in `get_hf_file_metadata`).
    """

    def __init__(self) -> None:
        self.sha256: str | None = None

    def redirect_request(
        self, req: Any, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        """The next request. Raises KnownError for an address that is not safe."""
        check_address(newurl)
        named = headers.get("X-Linked-ETag", "").strip('"')
        if len(named) == 64 and HEXADECIMAL.issuperset(named):
            self.sha256 = named
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _given_up(part: Part, reason: str) -> str:
    have = part.size
    kept = f" {have:,} bytes are kept: the same command goes on from there." if have else ""
    return (
        f"{part.wanted.name} can't be fetched from {urlsplit(part.wanted.url).hostname}: "
        f"{reason}. Try again later.{kept}"
    )


def _start(content_range: str) -> int:
    """Where an answer begins, or -1 where that can't be told.

    >>> _start("bytes 100-199/200"), _start("what?")
    (100, -1)
    """
    first = content_range.removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else -1
