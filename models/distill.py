"""Teach the towers to land where the mapped teachers land: each alone, then both together.

    python -m models.distill image --run runs/image --space space.npz --packs *.bin \\
        --captions flickr8k.tsv --sentences flickr8k.txt names.txt
    python -m models.distill text --run runs/text --space space.npz --tokenizer tokenizer.bpe \\
        --sentences flickr8k.txt captions.txt phrases.txt names.txt
    python -m models.distill both --run runs/both --start runs/text runs/image (and all of these)

A teacher says much more about a photo than a label does, and it says it about photos that nobody
has captioned. Hinton et al. 2015, https://arxiv.org/abs/1503.02531; that a contrastive choice
among teacher vectors helps too: Yang et al. 2023, https://arxiv.org/abs/2307.12732.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.clip import Clip
from models.data import Photos, open_packs, rows_of_step, shuffled_by_length
from models.loss import contrastive, imitation
from models.real_clip import RealClip, read_vectors
from models.script import as_script
from models.settings import Settings, add_settings, settings_of
from models.space import Pairs, Space, pairs_of, sentence_vectors
from models.text_tower import TextConfig
from models.tokenizer import Tokenizer
from models.train import clip_of, start_from, train

SCALE = torch.tensor(20.0)  # as in `space`: what the teachers' own vectors can bear
CHOICE = 0.2  # weight of the contrastive terms: about as strong as imitation once that is under way
FEATURES = 0.5  # weight of the raw features: more to learn from, but not what is asked for
HINT = 0.5  # how far a photo's target is drawn to its sentences: they name what matters in it
CAPTIONED = 4  # one row in so many is a photo with human captions; they are few, and tell most
CAPTIONED_BOTH = 2  # and when both towers learn: each caption is a negative for all the others


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


@dataclass(frozen=True, slots=True)
class Draw:
    """The photos of one step. The first `some` have human captions, and one of them is chosen."""

    pixels: Tensor  # (n, 3, s, s) float32 0..255
    rows: NDArray[np.int64]  # (n,) which photos
    some: int
    captions: NDArray[np.int64]  # (some,) which sentences


class ImageLesson:
    """The objective of the image tower: draws the batch of a step and scores the student on it."""

    def __init__(
        self, student: ImageStudent, photos: Photos, pairs: Pairs, space: Space, settings: Settings
    ) -> None:
        self.student, self.photos, self.pairs, self.settings = student, photos, pairs, settings
        self.some = settings.batch // CAPTIONED
        features = photos.teacher()
        self.features = space.even(features).half()  # (n, f)
        self.sentences = space.texts(pairs.texts)  # (m, d)
        target = space.images(features)  # (n, d)
        for row, texts in enumerate(pairs.of_photo):
            if len(texts):
                hint = functional.normalize(self.sentences[texts].mean(0), dim=0)
                target[row] += HINT * hint
        self.target = functional.normalize(target, dim=1)
        self.captioned = pairs.human

    def draw(self, step: int) -> Draw:
        """The batch of a step, from the seed and the step alone."""
        settings = self.settings
        rng = np.random.default_rng([settings.seed, step])
        some = self.some
        rest = rows_of_step(settings.seed, step, settings.batch - some, len(self.photos))
        told = self.captioned[rows_of_step(settings.seed, step, some, len(self.captioned))]
        rows = np.concatenate([told, rest])
        pixels = settings.augmented(self.photos.pixels(rows), step, rng)
        return Draw(pixels, rows, some, self.pairs.draw(told, rng))

    def score(self, draw: Draw, captions: Tensor, scale: Tensor) -> dict[str, Tensor]:
        """The losses of a batch; `captions` are the (some, d) vectors of the chosen sentences."""
        vectors, features = self.student(draw.pixels)
        owner, target = torch.from_numpy(draw.rows), self.target[draw.rows]
        told, want = slice(draw.some), self.features[draw.rows].float()
        return {
            "vector": imitation(vectors, target),
            "features": FEATURES * imitation(features.float(), want),
            "choice": CHOICE * contrastive(vectors, target, SCALE, owner),
            "captions": CHOICE * contrastive(vectors[told], captions, scale, owner[told]),
        }

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The losses of a step: captions are where the sentence teacher puts them."""
        draw = self.draw(step)
        return self.score(draw, self.sentences[draw.captions], SCALE)


class TextLesson:
    """The objective of the text tower: sentences of about one length, and the teacher's vectors."""

    def __init__(
        self,
        clip: Clip,
        tokens: torch.Tensor,
        target: Tensor,
        settings: Settings,
        real_clip: RealClip | None = None,
    ) -> None:
        self.clip, self.tokens, self.target, self.settings = clip, tokens, target, settings
        self.real_clip = real_clip
        self.lengths = (tokens.argmax(dim=1) + 1).numpy()  # start and end included

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The losses of a step."""
        batch = self.settings.batch
        epoch, place = divmod(step, len(self.lengths) // batch)
        rows = shuffled_by_length(self.lengths, batch, self.settings.seed, epoch)[place]
        tokens = self.tokens[rows, : self.lengths[rows].max()].long()
        vectors, target = self.clip.texts(tokens), self.target[rows]
        choice = contrastive(vectors, target, SCALE)
        losses = {"vector": imitation(vectors, target), "choice": CHOICE * choice}
        if self.real_clip is not None:
            losses["real_clip"] = self.real_clip(step)
        return losses


class BothLesson:
    """The objective of both towers: the captions of the image lesson come from the text tower.

    All that was learnt from teachers stays in the sum. Without it two towers this size learn six
    thousand captioned photos by heart, and forget what the other ninety thousand showed.
    """

    def __init__(self, clip: Clip, image: ImageLesson, text: TextLesson, tokens: Tensor) -> None:
        """`tokens` are the (m, l) tokens of the image lesson's sentences."""
        self.clip, self.image, self.text, self.tokens = clip, image, text, tokens
        image.some = image.settings.batch // CAPTIONED_BOTH

    def __call__(self, step: int) -> dict[str, Tensor]:
        """The losses of a step."""
        draw = self.image.draw(step)
        tokens = self.tokens[draw.captions]
        tokens = tokens[:, : int(tokens.argmax(dim=1).max()) + 1].long()
        captions = self.clip.texts(tokens)
        losses = self.image.score(draw, captions, self.clip.scale())
        losses["captions"] = losses["captions"] / CHOICE  # what all this was for: full weight
        losses["told"] = imitation(captions, self.image.sentences[draw.captions])
        return losses | {f"text_{name}": loss for name, loss in self.text(step).items()}


@dataclass(frozen=True, slots=True)
class School:
    """All that a lesson may need, from parsed options."""

    options: argparse.Namespace
    settings: Settings
    space: Space
    clip: Clip

    @classmethod
    def of(cls, options: argparse.Namespace) -> "School":
        """Read the space, and make the towers from the seed or from earlier runs."""
        settings, space = settings_of(options), Space.read(options.space)
        clip = clip_of(
            options.start, text_of(options.tokenizer), space.image_map.shape[1], settings.seed
        )
        return cls(options, settings, space, clip)

    def image_lesson(self) -> ImageLesson:
        """Photos, and what is known of them."""
        photos = open_packs(self.options.packs)
        student = ImageStudent(self.clip, self.space.image_map.shape[0])
        student.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch
        for run in self.options.start:
            start_from(student, run)
        pairs = pairs_of(photos, self.options.captions, self.options.sentences)
        return ImageLesson(student, photos, pairs, self.space, self.settings)

    def tokens(self, sentences: list[str]) -> Tensor:
        """(m, l) int16 tokens of sentences."""
        tokenizer = Tokenizer.read(self.options.tokenizer)
        return torch.from_numpy(tokenizer.batch(sentences, TextConfig().context_length)).short()

    def text_lesson(self) -> TextLesson:
        """Sentences, and what is known of them."""
        known = sentence_vectors(self.options.sentences)
        target = self.space.texts(np.stack(list(known.values())))
        tokens = self.tokens(list(known))
        return TextLesson(self.clip, tokens, target, self.settings, self.real_clip())

    def real_clip(self) -> RealClip | None:
        """Sentences that a real CLIP has seen, where there are any."""
        if self.options.real_clip is None:
            return None
        sentences, vectors = read_vectors(self.options.real_clip)
        lesson = RealClip(self.clip, self.tokens(sentences), vectors, self.settings)
        for run in self.options.start:
            start_from(self.clip, run)
        return lesson


def text_of(tokenizer: Path | None) -> TextConfig:
    """The text tower for a tokenizer; the image lesson has none, and leaves that tower out."""
    return TextConfig(vocabulary=Tokenizer.read(tokenizer).size) if tokenizer else TextConfig()


def teach_image(school: School) -> None:
    """The image tower alone."""
    lesson = school.image_lesson()
    train(lesson.student, lesson, school.settings, school.options.run)


def teach_text(school: School) -> None:
    """The text tower alone; the rest of the clip is only along for the file's sake."""
    clip = school.clip
    for part in (clip.image_tower, clip.image_projection):
        part.requires_grad_(False)
    clip.log_scale.requires_grad_(False)
    train(clip, school.text_lesson(), school.settings, school.options.run)


def teach_both(school: School) -> None:
    """Both towers, and the scale."""
    image, text = school.image_lesson(), school.text_lesson()
    tokens = school.tokens(list(image.pairs.sentences))
    school.clip.add_module("features", image.student.features)  # learns on, and is saved with it
    lesson = BothLesson(school.clip, image, text, tokens)
    train(school.clip, lesson, school.settings, school.options.run)


def main() -> None:
    """Teach what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lesson", choices=["image", "text", "both"])
    parser.add_argument("--run", required=True, type=Path)
    parser.add_argument("--start", nargs="*", default=[], type=Path, help="runs to begin with")
    parser.add_argument("--space", required=True, type=Path)
    parser.add_argument("--sentences", required=True, nargs="+", type=Path)
    parser.add_argument("--packs", nargs="*", default=[], type=Path, help="image, both")
    parser.add_argument("--captions", type=Path, help="image, both")
    parser.add_argument("--tokenizer", type=Path, help="text, both")
    parser.add_argument("--real_clip", type=Path, help="text, both: an .npz (`real_clip.py`)")
    add_settings(parser)
    options = parser.parse_args()
    lessons = {"image": teach_image, "text": teach_text, "both": teach_both}
    lessons[options.lesson](School.of(options))


if __name__ == "__main__":
    as_script(main)
