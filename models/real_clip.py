"""Learn from text vectors of a real CLIP: where a network that saw 400 million photos puts words.

A sentence encoder knows that "puppy" and "dog" mean much the same; CLIP knows that a wolf looks
more like one than a hot dog does. Its vectors lie in another space than ours, so a linear head,
thrown away after the lesson, has to tell them from what our text tower makes of the same words.

A file of vectors is an .npz of `text`, m sentences, and `text_vec` (m, c), unit rows.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from models.data import rows_of_step
from models.errors import BadData
from models.loss import imitation
from models.settings import Settings
from models.towers import TwoTowers

AT_ONCE = 64  # sentences a step: a few thousand are known, of a few tokens each
SHARE = 0.5  # weight: as for the image teacher's features
NAME = "real_clip"  # of the head among the weights of a run


class RealClip:
    """An objective beside the others: the head's guesses against the real vectors."""

    def __init__(
        self, clip: TwoTowers, tokens: Tensor, vectors: Tensor, settings: Settings
    ) -> None:
        """`tokens` (m, l) and `vectors` (m, c) of the same sentences. The head joins `clip`."""
        self.clip, self.tokens, self.seed = clip, tokens, settings.seed
        # All of CLIP's sentences lie in a narrow cone; what tells them apart is the rest.
        self.target = vectors - vectors.mean(dim=0)
        self.head = nn.Linear(clip.text_projection.in_features, vectors.shape[1])
        clip.add_module(NAME, self.head)

    def __call__(self, step: int) -> Tensor:
        """The loss of a step."""
        rows = rows_of_step(self.seed, step, min(AT_ONCE, len(self.tokens)), len(self.tokens))
        tokens = self.tokens[rows]
        tokens = tokens[:, : int(tokens.argmax(dim=1).max()) + 1].long()
        guesses = self.head(self.clip.text_tower(tokens))
        return SHARE * imitation(guesses.float(), self.target[rows])


def read_vectors(path: Path) -> tuple[list[str], Tensor]:
    """The m sentences of a file and their (m, c) float32 vectors. Raises BadData."""
    try:
        with np.load(path) as arrays:
            sentences, vectors = arrays["text"].tolist(), arrays["text_vec"].astype(np.float32)
    except (OSError, ValueError, KeyError) as error:
        raise BadData(f"{path} holds no `text` and `text_vec`: {error}.") from error
    if not sentences or vectors.ndim != 2 or len(vectors) != len(sentences):
        raise BadData(f"{path}: {len(sentences)} sentences for vectors of {vectors.shape}.")
    return sentences, torch.from_numpy(vectors)
