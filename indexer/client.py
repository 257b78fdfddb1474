"""Talk to a library's indexer, starting one where none runs."""

import json
import logging
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from indexer.channel import Line, Message, call
from indexer.errors import IndexerUnreachable, KnownError
from indexer.events import Event, Manners, from_json
from indexer.library import Library
from indexer.photo import Answer
from indexer.spawn import command, environment

PATIENCE_S = 15.0  # another indexer may be starting, or ending after its last batch
HELLO_S = 5.0  # one that is stopped or hangs says nothing
PAUSE_S = 0.05

log = logging.getLogger(__name__)


class Client:
    """A connection to the indexer of one library.

    The indexer works for its clients: when the last has hung up it commits what it has and ends.
    """

    def __init__(self, line: Line, process: "subprocess.Popen[str] | None") -> None:
        self._line = line
        self._process = process
        self.hello = line.first(HELLO_S)
        hello = self.hello or {}
        self._manners = Manners(
            bool(hello.get("paused")), bool(hello.get("slow")), bool(hello.get("full"))
        )
        self._messages = line.messages()

    @classmethod
    def connect(
        cls, library: Library, encoder: Path, is_cancelled: Callable[[], bool] = lambda: False
    ) -> "Client":
        """Connect to the library's indexer, or start one. A new library begins with `encoder`.

        Raises KnownError: the library is unusable, the indexer that runs is of another version,
        none would start, or `is_cancelled` came true while another one held the library in silence.
        """
        deadline = time.monotonic() + PATIENCE_S
        process = None
        while time.monotonic() < deadline and not is_cancelled():
            with suppress(OSError):
                client = cls(call(library.socket), process)
                if client.hello is not None:
                    client._check()
                    return client
                client.close()  # it was ending as we called
            if process is None or process.poll() is not None:
                process = _start(library, encoder)
            time.sleep(PAUSE_S)
        raise IndexerUnreachable(
            f"The indexer of {library.root} doesn't answer. Wait a moment and try again; "
            f"{library.log} says what it was doing."
        )

    @classmethod
    def attach(cls, library: Library) -> "Client | None":
        """Connect to the indexer that runs, if one does. Raises KnownError where it is older."""
        try:
            client = cls(call(library.socket), None)
        except OSError:
            return None
        if client.hello is None:
            client.close()
            return None
        client._check()
        return client

    def add(
        self, folders: Sequence[Path], answer: Answer | None = None, *, tries_again: bool = False
    ) -> str:
        """Let folders join the library and be indexed; the number that Done will name.

        `answer` is for those of which the indexer has told Doubt. With `tries_again` all photos
        that could not be read are read once more, wherever they lie.
        """
        more: Message = {"answer": answer.value} if answer else {}
        return self._ask("index", folders, **more, again=tries_again)

    def try_again(self, photo_ids: Sequence[int] | None = None) -> str:
        """Read photos that could not be read once more, or all; the number that Done will name."""
        photos = None if photo_ids is None else [int(one) for one in photo_ids]
        return self._ask("try again", [], photos=photos)

    @property
    def is_paused(self) -> bool:
        """Whether it was paused when we connected."""
        return bool((self.hello or {}).get("paused"))

    def pause(self) -> None:
        """Let nothing be read until `resume`. Manners says that it is so, to all clients."""
        self._ask("pause", [])

    def resume(self) -> None:
        """Let the reading go on."""
        self._ask("resume", [])

    def refresh(self) -> str:
        """Look at all folders of the library again; the number that Done will name."""
        return self._ask("refresh", [])

    def watch(self) -> None:
        """Let the library's folders be watched from now on, as long as the indexer lives.

        What changes in them is told as a run of its own, whose Done names no request.
        """
        self._ask("watch", [])

    def remove(self, folder: Path) -> None:
        """Take a folder out of the library. The photos stay where they are."""
        self._ask("remove", [folder])

    def use(self, folder: Path) -> str:
        """Switch to the encoder in `folder`; the number that Switched will name, or Trouble."""
        return self._ask("use", [], encoder=str(folder))

    def forget(self, digest: str) -> str:
        """Delete an encoder's vectors; the number that Forgotten will name, or Trouble."""
        return self._ask("forget", [], digest=digest)

    def events(self) -> Iterator[Event]:
        """What the indexer tells, until it is gone or `close` is called from another thread.

        First of all how it behaves, where that is not as usual.
        """
        manners, self._manners = self._manners, Manners()
        if manners != Manners():
            yield manners
        for message in self._messages:
            try:
                yield from_json(json.dumps(message))
            except (ValueError, TypeError):
                log.info("an event we don't know: %s", message)

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def wait(self, timeout_s: float) -> bool:
        """After `close`: wait for the indexer to end if we started it; whether it has."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _ask(self, what: str, folders: Sequence[Path], **more: Any) -> str:
        request = uuid.uuid4().hex
        message: Message = {"do": what, "folders": [str(path) for path in folders], **more}
        with suppress(OSError):  # it is gone: `events` ends, and the caller sees that
            self._line.send({**message, "request": request})
        return request

    def _check(self) -> None:
        """Raise KnownError where the indexer that runs is older than we are."""
        assert self.hello is not None
        if "pauses" not in self.hello:
            self.close()
            raise KnownError(
                "Sightword was updated while its older version still looks at your photos. "
                "Close its window, or wait until it is done, and try again."
            )


def _start(library: Library, encoder: Path) -> "subprocess.Popen[str] | None":
    """Start an indexer and wait for its first word; None where another one has the library.

    Raises KnownError with what it says of why it can't.
    """
    process = subprocess.Popen(
        command("indexer.service", "--library", str(library.root), "--encoder", str(encoder)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,  # Ctrl-C in a terminal is for the client
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        line = process.stdout.readline()
        answer: Message = json.loads(line) if line.startswith("{") else {}
        if answer.get("ready"):
            return process
        words = process.stderr.read()
    process.wait()
    if "busy" in answer:
        return None
    if "trouble" in answer:
        raise KnownError(answer["trouble"])
    raise IndexerUnreachable(f"The indexer did not start: {words.strip() or 'it said nothing'}")
