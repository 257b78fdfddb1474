"""A few hundred broken files of every kind; `benchmarks/faults_decoding.py` takes thousands."""

from pathlib import Path

import pytest

from indexer.decode import Decoder
from indexer.errors import Reason, UnreadablePhoto
from tests.fakes import SPEC
from tests.mutations import MUTATIONS, good_files, mutations


@pytest.mark.slow
def test_every_broken_file_gives_a_picture_or_a_reason_and_ends_no_decoder(tmp_path: Path) -> None:
    good = good_files(seed=3)
    decoder, wrong, read = Decoder(), [], 0
    for harm, name, data in mutations(good, len(good) * len(MUTATIONS), seed=3):
        (tmp_path / name).write_bytes(data)
        try:
            decoder.index(tmp_path / name, SPEC.image, None)
            read += 1
        except UnreadablePhoto as error:
            if error.reason in (Reason.CRASHED, Reason.TOO_SLOW):
                wrong.append((harm, name, error.reason))
    decoder.close()
    assert wrong == []
    assert 50 < read < 200  # the harm is neither too much nor too little


def test_every_good_file_is_read_upright(tmp_path: Path) -> None:
    decoder = Decoder()
    for name, data in good_files(seed=4).items():
        (tmp_path / name).write_bytes(data)
        content = decoder.index(tmp_path / name, SPEC.image, None).content
        is_turned = content.metadata.turn == 6  # a HEIC has no use for that field of EXIF
        assert (content.width, content.height) == ((72, 96) if is_turned else (96, 72)), name
    decoder.close()
