"""After any churn the library says what a fresh look would, whether it scanned or watched.

`benchmarks/faults_churn.py` does more of it, with 5,000 photos, and compares with a fresh index.
"""

import sys
import threading
import time
from pathlib import Path

import pytest

from indexer.library import Library
from indexer.view import View
from tests.churn import Churn, here, known
from tests.fakes import write_encoder
from tests.serving import Serving, until

FILES = 60
OPERATIONS = 60
SETTLES_S = 60.0


@pytest.mark.slow
@pytest.mark.parametrize(
    "watches",
    [
        False,
        pytest.param(
            True,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="waits for inotify's events"),
        ),
    ],
)
@pytest.mark.parametrize("seed", [1])
def test_the_library_is_as_a_fresh_one_after_churn(
    tmp_path: Path, seed: int, watches: bool
) -> None:
    root = tmp_path / "photos"
    churn = Churn(root, seed)
    for _ in range(FILES):
        churn.write()
    write_encoder(tmp_path / "fake")
    serving = Serving(Library.at(tmp_path / "library"), tmp_path / "fake")
    client = serving.client()
    if watches:
        client.watch()
    until(client, client.add([root]))
    pause = threading.Event()
    for number in range(OPERATIONS):
        churn.step()
        if not watches and number % 20 == 0:
            until(client, client.refresh())
        if watches and number % 15 == 0:
            pause.wait(0.3)  # bursts, with time to settle between some of them
    if not watches:
        until(client, client.refresh())
    with View(serving.library) as view:
        end_s = time.monotonic() + SETTLES_S
        while known(view) != here(root) and time.monotonic() < end_s:
            pause.wait(0.1)
        assert known(view) == here(root)
        counts = view.counts()
        assert (counts.pending, counts.failed) == (0, 0)
        contents = {value[2] for value in here(root).values()}
        assert counts.vectors >= len(contents) > 0
    serving.end()
