"""Turn the name of a class into sentences, and many sentences into one vector."""

import json
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.encoder import Encoder, Vectors
from models.photo_vectors import encode_texts

DATA = Path(__file__).resolve().parent.parent / "resources" / "evaluation"


@dataclass(frozen=True, slots=True)
class PromptSet:
    """Sentences with a gap for the name, and where they come from."""

    name: str
    source: str
    templates: tuple[str, ...]

    def filled(self, word: str) -> list[str]:
        """The sentences about `word`.

        >>> PromptSet("two", "ours", ("{}", "a photo of a {}.")).filled("cat")
        ['cat', 'a photo of a cat.']
        """
        return [template.replace("{}", word) for template in self.templates]


def prompt_sets() -> list[PromptSet]:
    """Every set of `prompts.json`; the first is the plain name."""
    sets = json.loads((DATA / "prompts.json").read_text(encoding="utf-8"))
    return [
        PromptSet(name, values["source"], tuple(values["templates"]))
        for name, values in sets.items()
    ]


def class_vectors(
    encoder: Encoder, words: Sequence[str], prompts: PromptSet, pool: Executor
) -> Vectors:
    """(c, d) unit rows: for each word the mean of its sentences' vectors, made a unit again.

    The ensemble of Radford et al. 2021, 3.1.4: averaged in the space, so it costs nothing later.
    """
    sentences = [sentence for word in words for sentence in prompts.filled(word)]
    rows = encode_texts(encoder, sentences, pool)
    means = rows.reshape(len(words), len(prompts.templates), -1).mean(axis=1)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float32)
