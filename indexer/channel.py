"""Carry JSON lines between the indexer and its clients over a Unix socket."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Protocol

from indexer.errors import KnownError
from indexer.library import SHARED_PLACE

Message = dict[str, Any]
MANY_LINES = 10_000  # about an hour of progress
LAST_WORDS_S = 1.0  # how long somebody is waited for who does not read
RECEIVED_BYTES = 1 << 16  # at once
LINE_BYTES = 1 << 22  # a request names folders; more than this is no message of ours


class Line:
    """One connection: sends and receives messages."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._posted: SimpleQueue[str | None] = SimpleQueue()
        self._poster: threading.Thread | None = None
        self._first_post = threading.Lock()

    def send(self, message: Message) -> None:
        """Send one message; OSError when the other side is gone."""
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def first(self, timeout_s: float) -> Message | None:
        """The other side's first message, or None where none comes in time."""
        self._socket.settimeout(timeout_s)
        got = bytearray()
        with suppress(OSError, ValueError):
            while not got.endswith(b"\n"):  # a byte at a time: what follows is for `messages`
                some = self._socket.recv(1)
                if not some:
                    return None
                got += some
            self._socket.settimeout(None)
            message: Message = json.loads(got)
            return message
        return None

    def post(self, line: str) -> None:
        """Send one line from a thread of its own, so that a slow reader keeps nobody waiting.

        One that has read nothing for `MANY_LINES` is hung up on: it reads the library anew when
        it calls again.
        """
        with self._first_post:  # two threads may have the first line to post at once
            if self._poster is None:
                self._poster = threading.Thread(target=self._post_all, name="post", daemon=True)
                self._poster.start()
        if self._posted.qsize() < MANY_LINES:
            self._posted.put(line)
        else:
            self.close()

    def _post_all(self) -> None:
        with suppress(OSError):
            while (line := self._posted.get()) is not None:
                self._socket.sendall(line.encode() + b"\n")

    def messages(self) -> Iterator[Message]:
        """What the other side says, until it is gone or `close` is called."""
        got = bytearray()  # not a file of the socket's: that keeps it open until it is collected
        with suppress(OSError, ValueError):
            while some := self._socket.recv(RECEIVED_BYTES):
                *lines, rest = some.split(b"\n")
                for line in lines:
                    yield json.loads(got + line)
                    got.clear()
                got += rest
                if len(got) > LINE_BYTES:
                    return

    def finish(self) -> None:
        """Hang up when all is sent that was posted; on one who doesn't read, after a moment."""
        self._posted.put(None)
        if self._poster is not None:
            self._poster.join(LAST_WORDS_S)
        self.close()

    def close(self) -> None:
        """Hang up; a thread in `messages` ends."""
        self._posted.put(None)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def call(path: Path) -> Line:
    """Connect to the indexer that listens at `path`. OSError where none does."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(os.fspath(path))
    except OSError:
        connection.close()
        raise
    return Line(connection)


@dataclass(frozen=True, slots=True)
class Said:
    """A message of one client, or None where it hung up."""

    line: Line
    message: Message | None


class Inbox(Protocol):
    """Where clients' messages go; a queue, for example."""

    def put(self, item: Said, /) -> None:
        """Take a message. Called on a thread of the client's own."""


class Exchange:
    """The indexer's side: takes calls, puts what clients say into `inbox`, tells all of them."""

    def __init__(self, path: Path, hello: Callable[[], Message], inbox: Inbox) -> None:
        """`hello`: what a client hears first. It is asked on a thread of its own."""
        self.path = path
        self.inbox = inbox
        self._hello = hello
        self._lines: set[Line] = set()
        self._guard = threading.Lock()
        self._socket = _listen(path)
        self.ever_called = False
        threading.Thread(target=self._take_calls, name="calls", daemon=True).start()

    @property
    def callers(self) -> int:
        """How many clients are connected."""
        with self._guard:
            return len(self._lines)

    def tell(self, line: str) -> None:
        """Send one line to all clients."""
        with self._guard:
            lines = list(self._lines)
        for one in lines:
            one.post(line)

    def close(self) -> None:
        """Take no more calls and hang up on everybody."""
        self.path.unlink(missing_ok=True)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._guard:
            lines = list(self._lines)
        for one in lines:
            one.finish()

    def _take_calls(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            line = Line(connection)
            with self._guard:  # so that no news falls between
                with suppress(OSError):
                    line.send(self._hello())  # before any event: it is what a client waits for
                self._lines.add(line)
            self.ever_called = True
            threading.Thread(target=self._listen_to, args=[line], name="call", daemon=True).start()

    def _listen_to(self, line: Line) -> None:
        for message in line.messages():
            self.inbox.put(Said(line, message))
        with self._guard:
            self._lines.discard(line)
        line.close()
        self.inbox.put(Said(line, None))


def _listen(path: Path) -> socket.socket:
    """A listening socket that only this user may call. The caller holds the library's lock."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.name.startswith(SHARED_PLACE) and path.parent.stat().st_uid != os.getuid():
        raise KnownError(
            f"{path.parent} belongs to somebody else, so the indexer can't listen there. "
            "Put the library where its path is shorter, with --library."
        )
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.fspath(path))
    path.chmod(0o600)
    listener.listen()
    return listener
