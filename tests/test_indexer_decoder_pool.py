"""A decoder that is ended from outside costs no photo; one that a photo ends costs that photo."""

import os
import signal
from pathlib import Path

import pytest

from indexer.decode import Decoder
from indexer.decoder_pool import KILLS, DecoderPool
from indexer.errors import Reason
from indexer.metadata import Metadata
from tests.small_photos import write_photo


@pytest.fixture
def photo(tmp_path: Path) -> str:
    write_photo(tmp_path / "one.jpg", (1,))
    return str(tmp_path / "one.jpg")


class Struck:
    """Asks a decoder what a photo tells, and ends it with a signal in between, so many times."""

    def __init__(self, with_signal: signal.Signals, times: int) -> None:
        self.signal = with_signal
        self.left = times

    def __call__(self, decoder: Decoder, path: str) -> Metadata:
        if self.left:
            self.left -= 1
            decoder.tell(path)  # it runs
            assert decoder.process_id is not None
            os.kill(decoder.process_id, self.signal)
        return decoder.tell(path)


@pytest.mark.parametrize(
    ("with_signal", "times", "reason"),
    [
        (signal.SIGKILL, 3, None),
        (signal.SIGKILL, KILLS + 1, Reason.CRASHED),
        (signal.SIGSEGV, 1, None),
        (signal.SIGSEGV, 2, Reason.CRASHED),
    ],
)
def test_a_photo_is_asked_again_where_its_decoder_was_killed(
    photo: str, with_signal: signal.Signals, times: int, reason: Reason | None
) -> None:
    pool = DecoderPool(1)
    try:
        ((_, answer),) = filter(None, pool._each([(1, photo)], Struck(with_signal, times)))
    finally:
        pool.close()
    assert isinstance(answer, Metadata) if reason is None else answer is reason
