"""Ask decoder processes for pictures, and outlive what strangers' bytes do to them."""

import json
import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from indexer.errors import Reason, UnreadablePhoto
from indexer.library import Library
from indexer.metadata import Metadata
from indexer.spawn import command, environment
from indexer.store import Content
from models.spec import ImageSpec

TIME_LIMIT_S = 30.0  # a 300 MP PNG takes about 10 s; what takes longer is not a photo
Job = TypeVar("Job")
Answer = TypeVar("Answer")
STOP_CHECK_S = 0.1  # how soon `DecoderPool.index` notices that it was stopped
IN_FLIGHT = 8  # photos a decoder that are asked for and not yet taken: bounds the memory


@dataclass(frozen=True, slots=True)
class Decoded:
    """A photo as the encoder and the library want it."""

    square: NDArray[np.uint8]  # (3, s, s)
    content: Content


class Decoder:
    """One decoder process, started when first needed and again after a crash.

    For one caller at a time; `close` may come from another thread.
    """

    def __init__(self, time_limit_s: float = TIME_LIMIT_S) -> None:
        self.time_limit_s = time_limit_s
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
        )

    def tell(self, path: str | Path) -> Metadata:
        """What the file at `path` tells of its photo. Raises UnreadablePhoto."""
        return _metadata(self._ask({"what": "tell", "path": str(path)})[0])

    def picture(self, path: Path, fit: tuple[int, int]) -> NDArray[np.uint8]:
        """The photo, upright sRGB (h, w, 3), scaled down to `fit` (w, h) px. UnreadablePhoto."""
        header, payload = self._ask({"what": "show", "path": str(path), "fit": list(fit)})
        return np.frombuffer(payload, np.uint8).reshape(header["height"], header["width"], 3)

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
        except TimeoutError as error:
            self._end()
            raise UnreadablePhoto(Reason.TOO_SLOW) from error
        except (OSError, EOFError, ValueError) as error:
            self._end()
            raise UnreadablePhoto(Reason.CRASHED) from error
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
            got += _some(process, deadline)
        end = got.index(b"\n")
        return bytes(got[:end]), got[end + 1 :]

    def _read(
        self, process: subprocess.Popen[bytes], got: bytearray, size_bytes: int, deadline: float
    ) -> bytes:
        while len(got) < size_bytes:
            got += _some(process, deadline)
        return bytes(got)


def _metadata(header: dict[str, Any]) -> Metadata:
    fields = header["metadata"]
    return Metadata(**{**fields, "keywords": tuple(fields["keywords"])})


def _some(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What the process has to say next. Raises TimeoutError, EOFError."""
    assert process.stdout is not None
    number = process.stdout.fileno()
    ready, _, _ = select.select([number], [], [], max(0.0, deadline - time.monotonic()))
    if not ready:
        raise TimeoutError
    data = os.read(number, 1 << 20)
    if not data:
        raise EOFError
    return data


class DecoderPool:
    """Several decoders, each in its own process, behind one bounded stream.

    >>> pool = DecoderPool(count=2)  # starts nothing yet
    >>> pool.close()
    """

    def __init__(self, count: int, time_limit_s: float = TIME_LIMIT_S) -> None:
        self.count = count
        self._decoders = [Decoder(time_limit_s) for _ in range(count)]
        self._idle: SimpleQueue[Decoder] = SimpleQueue()
        for decoder in self._decoders:
            self._idle.put(decoder)
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="decode")
        self._stopping = threading.Event()

    def index(
        self, jobs: Iterable[tuple[Job, str]], spec: ImageSpec, library: Library | None
    ) -> Iterator[tuple[Job, Decoded | Reason]]:
        """Decode (job, path) pairs as they come; each job with its photo or the reason it has none.

        At most `IN_FLIGHT` photos a decoder are asked for ahead of the reader. Nearly in order:
        a slow photo is overtaken. Ends early, and at once, after `stop`.
        """
        return self._each(jobs, lambda decoder, path: decoder.index(path, spec, library))

    def tell(self, jobs: Iterable[tuple[Job, str]]) -> Iterator[tuple[Job, Metadata | Reason]]:
        """As `index`, but only what the files tell: a few hundredths of the work."""
        return self._each(jobs, Decoder.tell)

    def _each(
        self, jobs: Iterable[tuple[Job, str]], ask: Callable[[Decoder, str], Answer]
    ) -> Iterator[tuple[Job, Answer | Reason]]:
        waiting = iter(jobs)
        under_way: dict[Future[Answer | Reason], Job] = {}
        more = True
        while not self._stopping.is_set():
            while more and len(under_way) < self.count * IN_FLIGHT:
                pair = next(waiting, None)
                if pair is None:
                    more = False
                    break
                future = self._threads.submit(self._one, pair[1], ask)
                under_way[future] = pair[0]
            if not under_way:
                return
            done, _ = wait(under_way, timeout=STOP_CHECK_S, return_when=FIRST_COMPLETED)
            for future in [one for one in under_way if one in done]:
                if self._stopping.is_set():
                    return
                yield under_way.pop(future), future.result()

    def stop(self) -> None:
        """Let `index` end without waiting for what is under way. From any thread."""
        self._stopping.set()

    def close(self) -> None:
        """End all decoders and threads."""
        self.stop()
        for decoder in self._decoders:
            decoder.close()
        self._threads.shutdown(cancel_futures=True)

    def _one(self, path: str, ask: Callable[[Decoder, str], Answer]) -> Answer | Reason:
        decoder = self._idle.get()
        try:
            try:
                return ask(decoder, path)
            except UnreadablePhoto as error:
                if error.reason is not Reason.CRASHED:
                    raise
            # Something may have ended the process from outside: try once more in a fresh one.
            return ask(decoder, path)
        except UnreadablePhoto as error:
            return error.reason
        finally:
            self._idle.put(decoder)
