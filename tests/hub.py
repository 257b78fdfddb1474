"""A small hub on this machine, which answers as it is told: whole, cut, slow, wrong."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


@dataclass
class Hub:
    """What is served, how, and what was asked. `answers` are used up; then `whole` it is."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    ranges: list[str | None] = field(default_factory=list)  # the Range header of each request
    leave: threading.Event = field(default_factory=threading.Event)  # lets a silent answer go


def whole(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """The file, or the part of it that was asked for."""
    etag = f'"{len(body)}-{sum(body) & 0xFFFF}"'
    asked = handler.headers.get("Range", "")
    start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
    if asked and handler.headers.get("If-Range") not in (None, etag):
        asked, start = "", 0
    handler.send_response(206 if asked else 200)
    if asked:
        handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
    handler.send_header("Content-Length", str(len(body) - start))
    handler.send_header("ETag", etag)
    handler.end_headers()
    handler.wfile.write(body[start:])


def cut(at: int) -> Answer:
    """Promises all that was asked for and hangs up after `at` bytes of the answer."""

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        sent = handler.wfile.write
        left = at

        def write(some: Any) -> int:
            nonlocal left
            if some.startswith(b"HTTP/"):  # the head
                return sent(some)
            sent(some[:left])
            left -= min(left, len(some))
            return len(some)

        handler.wfile.write = write  # type: ignore[method-assign]  # of this one answer
        whole(handler, body)

    return answer


def status(code: int) -> Answer:
    """Refuses."""

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_error(code)

    return answer


def ignores_range(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """The whole file, whatever was asked for."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def endless(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """No length, and more than the file has."""
    handler.send_response(200)
    handler.end_headers()
    with suppress(OSError):
        for _ in range(64):
            handler.wfile.write(body)


def silent(hub: Hub) -> Answer:
    """Takes the call and says nothing, until the test is over."""

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        hub.leave.wait(20)

    return answer


def redirect(to: str, **headers: str) -> Answer:
    """Elsewhere."""

    def answer(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    return answer


@contextmanager
def running(**files: bytes) -> Iterator[Hub]:
    """A hub that serves `files` by their names, until the block ends."""
    hub = Hub("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hub.ranges.append(self.headers.get("Range"))
            body = hub.files.get(self.path.lstrip("/"))
            answer = hub.answers.pop(0) if hub.answers else whole
            if body is None and answer is whole:
                answer = status(404)
            with suppress(OSError):
                answer(self, body or b"")

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    hub.files.update(files)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.leave.set()
        server.shutdown()
        server.server_close()
        thread.join()
