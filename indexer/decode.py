"""Ask a decoder process for pictures, and outlive what strangers' bytes do to it."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from indexer.errors import Reason, UnreadablePhoto
from indexer.library import Library
from indexer.memory import held_bytes
from indexer.metadata import Metadata
from indexer.spawn import command, environment
from indexer.store import Content
from models.spec import ImageSpec

TIME_LIMIT_S = 30.0  # a 300 MP PNG takes about 10 s; what takes longer is not a photo
MEMORY_LIMIT_BYTES = 3 << 30  # half as much again as `need` lets a photo have
ENDS_S = 1.0  # how long a process may take to end whose pipe is closed
LOOK_S = 0.1  # how often a decoder that is silent is looked at; most photos take less


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo as the encoder and the library want it."""

    square: NDArray[np.uint8]  # (3, s, s)
    content: Content
    is_kept: bool = True  # its thumbnails are, where a library was named


class Killed(UnreadablePhoto):
    """Somebody outside has ended the decoder: the photo need not be at fault."""


class Decoder:
    """One decoder process, started when first needed and again after a crash.

    For one caller at a time; `close` may come from another thread.
    """

    def __init__(
        self,
        time_limit_s: float = TIME_LIMIT_S,
        held_bytes: Callable[[int], int] = held_bytes,
    ) -> None:
        """`held_bytes` tells the memory of the process of a number."""
        self.time_limit_s = time_limit_s
        self._held_bytes = held_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def index(self, path: str | Path, spec: ImageSpec, library: Library | None) -> Decoded:
        """The photo at `path` for `spec`; thumbnails go to `library`. Raises UnreadablePhoto."""
        header, payload = self._ask(
            {
                "what": "index",
                "path": str(path),
                "spec": asdict(spec),
                "library": str(library.root) if library else None,
            }
        )
        return Decoded(
            square=np.frombuffer(payload, np.uint8).reshape(3, spec.side, spec.side),
            content=Content(
                hash=bytes.fromhex(header["hash"]),
                width=header["width"],
                height=header["height"],
                mean_rgb=header["mean_rgb"],
                metadata=_metadata(header),
            ),
            is_kept=header["is_kept"],
        )

    def tell(self, path: str | Path) -> Metadata:
        """What the file at `path` tells of its photo. Raises UnreadablePhoto."""
        return _metadata(self._ask({"what": "tell", "path": str(path)})[0])

    def picture(self, path: Path, fit: tuple[int, int]) -> NDArray[np.uint8]:
        """The photo, upright sRGB (h, w, 3), scaled down to `fit` (w, h) px. UnreadablePhoto."""
        header, payload = self._ask({"what": "show", "path": str(path), "fit": list(fit)})
        return np.frombuffer(payload, np.uint8).reshape(header["height"], header["width"], 3)

    @property
    def process_id(self) -> int | None:
        """Of the process, while there is one."""
        process = self._process
        return process.pid if process else None

    def close(self) -> None:
        """End the process. A request under way ends with UnreadablePhoto."""
        self._closed = True
        self._end()

    def _ask(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        process = self._running()
        deadline = time.monotonic() + self.time_limit_s
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            head, rest = self._read_line(process, deadline)
            header = json.loads(head)
            payload = self._read(process, rest, header["payload_bytes"], deadline)
        except MemoryError as error:
            self._end()
            raise UnreadablePhoto(Reason.TOO_LARGE) from error
        except TimeoutError as error:
            self._end()
            raise UnreadablePhoto(Reason.TOO_SLOW) from error
        except (OSError, EOFError, ValueError) as error:
            was_killed = _was_killed(process)
            self._end()
            raise (Killed if was_killed else UnreadablePhoto)(Reason.CRASHED) from error
        if "reason" in header:
            raise UnreadablePhoto(Reason(header["reason"]))
        return header, payload

    def _running(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise UnreadablePhoto(Reason.GONE)
        if self._process is None:
            self._process = subprocess.Popen(
                command("indexer.decoder"),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(),
                bufsize=0,
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                assert pipe is not None
                pipe.close()

    def _read_line(
        self, process: subprocess.Popen[bytes], deadline: float
    ) -> tuple[bytes, bytearray]:
        got = bytearray()
        while b"\n" not in got:
            got += self._some(process, deadline)
        end = got.index(b"\n")
        return bytes(got[:end]), got[end + 1 :]

    def _read(
        self, process: subprocess.Popen[bytes], got: bytearray, size_bytes: int, deadline: float
    ) -> bytes:
        while len(got) < size_bytes:
            got += self._some(process, deadline)
        return bytes(got)

    def _some(self, process: subprocess.Popen[bytes], deadline: float) -> bytes:
        """What the process has to say next. Raises TimeoutError, MemoryError, EOFError."""
        assert process.stdout is not None
        left_s = deadline - time.monotonic()
        while not select.select([process.stdout], [], [], max(0.0, min(LOOK_S, left_s)))[0]:
            left_s = deadline - time.monotonic()
            if left_s < 0:
                raise TimeoutError
            if self._held_bytes(process.pid) > MEMORY_LIMIT_BYTES:
                raise MemoryError
        data = os.read(process.stdout.fileno(), 1 << 20)
        if not data:
            raise EOFError
        return data


def _was_killed(process: subprocess.Popen[bytes]) -> bool:
    """Whether a process that is silent was ended by SIGKILL, which no photo sends."""
    with suppress(subprocess.TimeoutExpired):
        return process.wait(ENDS_S) == -signal.SIGKILL
    return False


def _metadata(header: dict[str, Any]) -> Metadata:
    fields = header["metadata"]
    return Metadata(**{**fields, "keywords": tuple(fields["keywords"])})
