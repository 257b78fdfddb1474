"""Teach one tower at a time to land where the mapped teachers land.

    python -m models.distill image --run runs/image --space space.npz --packs *.bin \\
        --captions flickr8k.tsv --sentences flickr8k.txt names.txt
    python -m models.distill text --run runs/text --space space.npz --tokenizer tokenizer.bpe \\
        --sentences flickr8k.txt captions.txt phrases.txt names.txt

A teacher says much more about a photo than a label does, and it says it about photos that nobody
has captioned. Hinton et al. 2015, https://arxiv.org/abs/1503.02531; that a contrastive choice
among teacher vectors helps too: Yang et al. 2023, https://arxiv.org/abs/2307.12732.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.clip import Clip, ImageConfig, TextConfig
from models.data import Photos, augment, open_packs, rows_of_step, shuffled_by_length
from models.loss import contrastive, imitation
from models.space import Pairs, Space, pairs_of, sentence_vectors
from models.tokenizer import Tokenizer
from models.train import Settings, add_settings, settings_of, train

SCALE = torch.tensor(20.0)  # as in `space`: what the teachers' own vectors can bear
CHOICE = 0.2  # weight of the contrastive terms: about as strong as imitation once that is under way
FEATURES = 0.5  # weight of the raw features: more to learn from, but not what is asked for
HINT = 0.5  # how far a photo's target is drawn to its sentences: they name what matters in it
CAPTIONED = 4  # one row in so many is a photo with human captions; they are few, and tell most


class ImageStudent(nn.Module):
    """A Clip whose image tower also guesses the teacher's raw features, for this lesson only."""

    def __init__(self, clip: Clip, features: int) -> None:
        super().__init__()
        self.image_tower = clip.image_tower
        self.image_projection = clip.image_projection
        self.features = nn.Linear(clip.image_projection.in_features, features)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """(n, 3, s, s) -> (n, d) unit rows, (n, f) features."""
        seen = self.image_tower(pixels)
        return functional.normalize(self.image_projection(seen), dim=1), self.features(seen)


class ImageLesson:
    """The objective of the image tower: draws the batch of a step and scores the student on it."""

    def __init__(
        self, student: ImageStudent, photos: Photos, pairs: Pairs, space: Space, settings: Settings
    ) -> None:
        self.student, self.photos, self.pairs, self.settings = student, photos, pairs, settings
        features = photos.teacher()
        self.features = space.even(features).half()  # (n, f)
        self.sentences = space.texts(pairs.texts)  # (m, d)
        self.target = space.images(features)  # (n, d)
        for row, texts in enumerate(pairs.of_photo):
            if len(texts):
                self.target[row] += HINT * functional.normalize(
                    self.sentences[texts].mean(0), dim=0
                )
        self.target = functional.normalize(self.target, dim=1)
        several = [len(texts) > 1 for texts in pairs.of_photo]
        self.captioned = np.flatnonzero(several).astype(np.int64)

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The losses of a step."""
        settings = self.settings
        rng = np.random.default_rng([settings.seed, step])
        some = settings.batch // CAPTIONED
        rest = rows_of_step(settings.seed, step, settings.batch - some, len(self.photos))
        told = self.captioned[rows_of_step(settings.seed, step, some, len(self.captioned))]
        rows = np.concatenate([told, rest])
        pixels = augment(
            self.photos.pixels(rows), settings.side_at(step), settings.smallest_crop, rng
        )
        vectors, features = self.student(pixels)
        owner, captions = torch.from_numpy(rows), self.sentences[self.pairs.draw(told, rng)]
        target = self.target[rows]
        return {
            "vector": imitation(vectors, target),
            "features": FEATURES * imitation(features.float(), self.features[rows].float()),
            "choice": CHOICE * contrastive(vectors, target, SCALE, owner),
            "captions": CHOICE * contrastive(vectors[:some], captions, SCALE, owner[:some]),
        }


class TextLesson:
    """The objective of the text tower: sentences of about one length, and the teacher's vectors."""

    def __init__(
        self, clip: Clip, tokens: torch.Tensor, target: Tensor, settings: Settings
    ) -> None:
        self.clip, self.tokens, self.target, self.settings = clip, tokens, target, settings
        self.lengths = (tokens.argmax(dim=1) + 1).numpy()  # start and end included

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The losses of a step."""
        batch = self.settings.batch
        epoch, place = divmod(step, len(self.lengths) // batch)
        rows = shuffled_by_length(self.lengths, batch, self.settings.seed, epoch)[place]
        tokens = self.tokens[rows, : self.lengths[rows].max()].long()
        vectors, target = self.clip.texts(tokens), self.target[rows]
        choice = contrastive(vectors, target, SCALE)
        return {"vector": imitation(vectors, target), "choice": CHOICE * choice}


def teach_image(options: argparse.Namespace) -> None:
    """The `image` lesson, from parsed options."""
    settings = settings_of(options)
    torch.manual_seed(settings.seed)
    space, photos = Space.read(options.space), open_packs(options.packs)
    clip = Clip(ImageConfig(), TextConfig(), space.image_map.shape[1])
    student = ImageStudent(clip, space.image_map.shape[0])
    student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing in torch
    pairs = pairs_of(photos, options.captions, options.sentences)
    train(student, ImageLesson(student, photos, pairs, space, settings), settings, options.run)


def teach_text(options: argparse.Namespace) -> None:
    """The `text` lesson, from parsed options."""
    settings = settings_of(options)
    torch.manual_seed(settings.seed)
    space, tokenizer = Space.read(options.space), Tokenizer.read(options.tokenizer)
    config = TextConfig(vocabulary=tokenizer.size)
    clip = Clip(ImageConfig(), config, space.image_map.shape[1])
    clip.image_tower.requires_grad_(False)
    clip.image_projection.requires_grad_(False)
    clip.log_scale.requires_grad_(False)
    known = sentence_vectors(options.sentences)
    tokens = torch.from_numpy(tokenizer.batch(list(known), config.context_length)).short()
    target = space.texts(np.stack(list(known.values())))
    train(clip, TextLesson(clip, tokens, target, settings), settings, options.run)


def main() -> None:
    """Teach the tower that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    lessons = parser.add_subparsers(required=True)
    image, text = lessons.add_parser("image"), lessons.add_parser("text")
    for lesson, teach in ((image, teach_image), (text, teach_text)):
        lesson.set_defaults(teach=teach)
        lesson.add_argument("--run", required=True, type=Path)
        lesson.add_argument("--space", required=True, type=Path)
        lesson.add_argument("--sentences", required=True, nargs="+", type=Path)
        add_settings(lesson)
    image.add_argument("--packs", required=True, nargs="+", type=Path)
    image.add_argument("--captions", required=True, type=Path)
    text.add_argument("--tokenizer", required=True, type=Path)
    options = parser.parse_args()
    options.teach(options)


if __name__ == "__main__":
    main()
