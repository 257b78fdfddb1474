"""The proofs of docs/reliability.md in short: `make faults` runs them in full."""

from pathlib import Path

import pytest

from benchmarks import faults_folder_gone, faults_kill
from indexer.pipeline import BATCH
from tests.proving_ground import ProvingGround


@pytest.mark.slow
def test_a_few_kills_lose_nothing_and_leave_nothing_behind(tmp_path: Path) -> None:
    with ProvingGround(tmp_path, photos=40, seed=1) as ground:
        outcome = faults_kill.prove(ground, kills=2)
        assert outcome.wrong == []
        assert outcome.most_again <= BATCH


@pytest.mark.slow
def test_a_folder_that_goes_away_in_the_middle_is_whole_when_it_is_back(tmp_path: Path) -> None:
    again, wrong = faults_folder_gone.prove(tmp_path, 40, 1, faults_folder_gone.while_read)
    assert (wrong, again <= BATCH) == ([], True)
