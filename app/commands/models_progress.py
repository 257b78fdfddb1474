"""One line on a terminal that says how adding an encoder goes; JSON lines for programs."""

import json
import shutil
import sys
from typing import TextIO

STEP = 0.05  # of a whole, between two JSON lines


class Line:
    """Draws progress over itself on stderr, and tells it on stdout where JSON is asked for."""

    def __init__(self, as_json: bool, stream: TextIO | None = None) -> None:
        self._as_json = as_json
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._drawn = False
        self._told = ("", -1.0)

    def show(self, what: str, done: int, of: object = None) -> None:
        """How far `what` is, in bytes."""
        share = done / of if isinstance(of, int) and of else None
        if self._live:
            columns = shutil.get_terminal_size().columns
            self._stream.write("\r\x1b[K" + words(what, done, share)[: columns - 1])
            self._stream.flush()
            self._drawn = True
        if self._as_json:
            self._tell(what, done, of, share or 0.0)

    def _tell(self, what: str, done: int, of: object, share: float) -> None:
        """One JSON line, at a new step and then at each twentieth of it."""
        step, told = self._told
        if what != step or share >= told + STEP or (share == 1.0 and told < 1.0):
            self._told = (what, share)
            progress = {"event": "progress", "step": what, "done": done, "of": of}
            print(json.dumps(progress), flush=True)

    def say(self, sentence: str) -> None:
        """A sentence that stays, for a person."""
        self.end()
        print(sentence, file=self._stream, flush=True)

    def end(self) -> None:
        """Take the line away."""
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
            self._drawn = False


def words(what: str, done: int, share: float | None) -> str:
    """What is done and how far it is.

    >>> words("fetching text.onnx", 127_000_000, 0.5), words("checking", 0, None)
    ('Fetching text.onnx: 50% (127 MB)', 'Checking')
    """
    amount = f" ({done / 1e6:,.0f} MB)" if done >= 1_000_000 else ""
    return what[:1].upper() + what[1:] + (f": {share:.0%}{amount}" if share is not None else amount)
