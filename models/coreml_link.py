"""Start the process that runs Core ML, ask it, and outlive it."""

import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from models.errors import BadEncoder
from models.framed import Array, Header, receive, send

MODULE = "models.coreml_process"
PREPARE_S = 900.0  # to compile, or to load for the first time: minutes, for a large tower
RUN_S = 120.0  # one batch; the first question also waits for coremltools to be imported


class Link:
    """One process, started at the first question. Any thread may ask; they are answered in turn.

    All methods raise BadEncoder: the process could not be started, died, took too long, or said
    what Core ML has against the request.
    """

    def __init__(
        self, command: Sequence[str] = (), environment: Mapping[str, str] | None = None
    ) -> None:
        self._command = list(command) or [sys.executable, "-m", MODULE]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closed = False

    def ask(
        self, request: Header, array: Array | None = None, within_s: float = RUN_S
    ) -> tuple[Header, Array | None]:
        """The answer to one request."""
        with self._lock:
            process = self._running()
            late = threading.Timer(within_s, process.kill)  # which ends the reading
            late.start()
            try:
                assert process.stdin is not None
                assert process.stdout is not None
                send(process.stdin, request, array)
                answer, rows = receive(process.stdout)
            except (OSError, EOFError, ValueError) as error:
                self._end()
                raise BadEncoder(
                    f"Core ML gave no answer to {request['do']}: it ended, or took over "
                    f"{within_s:.0f} s. ONNX Runtime does the work."
                ) from error
            finally:
                late.cancel()
        if "trouble" in answer:
            raise BadEncoder(f"Core ML can not {request['do']} this encoder: {answer['trouble']}")
        return answer, rows

    def close(self) -> None:
        """End the process, after the request under way."""
        with self._lock:
            self._closed = True
            self._end()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise BadEncoder("Core ML was let go of.")
        if self._process is None:
            try:
                self._process = subprocess.Popen(
                    self._command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    env=self._environment or environment(),
                )
            except OSError as error:
                raise BadEncoder(f"Core ML's process can't be started: {error}") from error
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            with suppress(OSError):  # what was not sent yet has nobody to go to
                pipe.close()


def environment() -> dict[str, str]:
    """Our environment, in which `python -m models...` finds the packages beside this one."""
    home = str(Path(__file__).resolve().parent.parent)
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{path}" if path else home}
