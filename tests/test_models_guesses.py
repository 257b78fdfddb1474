"""What the image teacher is sure of becomes sentences; what it is not sure of does not."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import BadData
from models.guesses import beside, guess, read_guesses, sentences_of


def test_the_likeliest_class_and_its_probability_are_those_of_a_softmax() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(9000, 4)).astype(np.float16)
    weights = rng.normal(size=(5, 4)).astype(np.float32)
    bias = rng.normal(size=5).astype(np.float32)
    classes, chances = guess(features, weights, bias)
    odds = np.exp(features.astype(np.float64) @ weights.T + bias)
    odds /= odds.sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(classes, odds.argmax(axis=1))
    np.testing.assert_allclose(chances, odds.max(axis=1), rtol=1e-4)


def test_guesses_are_read_back_as_sentences(tmp_path: Path) -> None:
    pack = tmp_path / "set.bin"
    beside(pack).write_text("0\t0.910\ttench, Tinca tinca\n1\t0.100\t\n")
    assert read_guesses(pack, 2) == [sentences_of(["tench", "Tinca tinca"]), []]
    assert read_guesses(tmp_path / "other.bin", 2) == [[], []]
    with pytest.raises(BadData, match="does not belong"):
        read_guesses(pack, 3)
