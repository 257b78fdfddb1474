"""Make a space of teachers: two linear maps that let an image network and a sentence encoder meet.

    python -m models.space --out space.npz --packs a.bin b.bin --captions flickr8k.tsv \\
        --sentences flickr8k.txt names.txt

Neither teacher was trained with the other, but photos with captions tell which of their vectors
belong together, and so do the class names of labelled sets. The two maps are all that is learnt
here, in a minute; our own towers then learn to land where the mapped teachers land, on any photo
and on any sentence, captioned or not.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from models.data import Photos, captions_of, open_packs
from models.errors import BadData
from models.guesses import PROMPT, read_guesses
from models.loss import contrastive
from models.script import as_script

SCALE = 20.0  # softer than CLIP's 100: a linear map can not tell near pairs apart, and overfits


@dataclass(frozen=True, slots=True)
class Space:
    """Both maps. Features are made even first: minus their mean, over their spread."""

    image_mean: NDArray[np.float32]  # (f,)
    image_std: NDArray[np.float32]  # (f,)
    image_map: NDArray[np.float32]  # (f, d)
    text_mean: NDArray[np.float32]  # (g,)
    text_map: NDArray[np.float32]  # (g, d)

    @classmethod
    def read(cls, path: Path) -> "Space":
        """The space of a file that `write` made. Raises BadData."""
        try:
            with np.load(path) as arrays:
                return cls(**{name: arrays[name] for name in arrays.files})
        except (OSError, ValueError, TypeError) as error:
            raise BadData(f"{path} holds no space of teachers: {error}") from error

    def write(self, path: Path) -> None:
        """All arrays in one .npz."""
        np.savez(path, **{name: getattr(self, name) for name in self.__dataclass_fields__})

    def even(self, features: NDArray[np.float16]) -> Tensor:
        """(n, f) image features, each with mean 0 and spread 1."""
        return torch.from_numpy((features.astype(np.float32) - self.image_mean) / self.image_std)

    def images(self, features: NDArray[np.float16]) -> Tensor:
        """(n, d) unit rows of image features."""
        return functional.normalize(self.even(features) @ torch.from_numpy(self.image_map), dim=1)

    def texts(self, features: NDArray[np.float16]) -> Tensor:
        """(n, d) unit rows of sentence vectors."""
        centred = torch.from_numpy(features.astype(np.float32) - self.text_mean)
        return functional.normalize(centred @ torch.from_numpy(self.text_map), dim=1)


def sentence_vectors(paths: list[Path]) -> dict[str, NDArray[np.float16]]:
    """What `models.teacher` wrote for each line of some files, by the line. Raises BadData."""
    found: dict[str, NDArray[np.float16]] = {}
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
            found |= zip(lines, np.load(f"{path}.teacher.npy"), strict=True)
        except (OSError, ValueError) as error:
            raise BadData(
                f"{path} has no vectors of the teacher, a line each: {error}. "
                f"Make them: python -m models.teacher sentences {path}"
            ) from error
    return found


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which sentence vectors belong to which photo: captions, or the prompt of its class."""

    sentences: tuple[str, ...]  # m, all different
    texts: NDArray[np.float16]  # (m, g) their vectors
    of_photo: tuple[NDArray[np.int64], ...]  # n lists of rows of `texts`, some empty
    human: NDArray[np.int64]  # the photos whose sentences a person wrote for them

    def captioned(self) -> NDArray[np.int64]:
        """The photos that have a sentence."""
        return np.array([row for row, texts in enumerate(self.of_photo) if len(texts)], np.int64)

    def draw(self, photos: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """(n,) a sentence for each of `photos`."""
        return np.array([rng.choice(self.of_photo[photo]) for photo in photos], np.int64)


def pairs_of(photos: Photos, captions: Path, sentences: list[Path]) -> Pairs:
    """Match photos with the sentences whose vectors are known: captions, or else names of classes.

    A class is what the set says the photo shows, and what the image teacher is sure that it shows.
    """
    known = sentence_vectors(sentences)
    place = {sentence: row for row, sentence in enumerate(known)}
    by_file = captions_of(captions, "train")
    of_photo: list[NDArray[np.int64]] = []
    human: list[int] = []
    for pack in photos.packs:
        guesses = read_guesses(pack.path, len(pack.files))
        for file, shows, guessed in zip(pack.files, pack.shows, guesses, strict=True):
            captions_here = by_file.get(Path(file).name, [])
            if captions_here:
                human.append(len(of_photo))
            named = [PROMPT.format(shows)] if shows else []
            texts = captions_here or named + guessed
            of_photo.append(np.array([place[text] for text in texts if text in place], np.int64))
    vectors = np.stack(list(known.values()))
    return Pairs(tuple(known), vectors, tuple(of_photo), np.array(human, np.int64))


@dataclass(frozen=True, slots=True)
class Fitting:
    """How to learn the maps."""

    dimension: int = 256
    captions_share: float = 0.5  # of a batch: photos with human captions; the rest has class names
    steps: int = 400  # two minutes on one core; more of them learn the captions by heart
    batch: int = 2048
    rate: float = 2e-3
    weight_decay: float = 0.1
    dropout: float = 0.3  # of the image features: 1,280 of them are many for six thousand photos
    seed: int = 0


def fit(features: NDArray[np.float16], pairs: Pairs, how: Fitting) -> Space:
    """Learn both maps contrastively."""
    rng = np.random.default_rng(how.seed)
    torch.manual_seed(how.seed)
    captioned = pairs.captioned()
    human = pairs.human
    some = int(how.batch * how.captions_share)
    seen = features[captioned].astype(np.float32)
    mean, std = seen.mean(0), seen.std(0) + 1e-2
    text_mean = pairs.texts.astype(np.float32).mean(0)
    image_map = nn.Linear(features.shape[1], how.dimension, bias=False)
    text_map = nn.Linear(pairs.texts.shape[1], how.dimension, bias=False)
    nn.init.orthogonal_(text_map.weight)
    weights = [*image_map.parameters(), *text_map.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=how.rate, weight_decay=how.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, how.rate, total_steps=how.steps)
    for _ in range(how.steps):
        rows = np.concatenate([rng.choice(human, some), rng.choice(captioned, how.batch - some)])
        texts = pairs.draw(rows, rng)
        x = torch.from_numpy((features[rows].astype(np.float32) - mean) / std)
        y = torch.from_numpy(pairs.texts[texts].astype(np.float32) - text_mean)
        images = functional.normalize(image_map(functional.dropout(x, how.dropout)), dim=1)
        sentences = functional.normalize(text_map(y), dim=1)
        # Rows of one photo are copies, and so are rows of one class: those share their sentence.
        owner = torch.from_numpy(np.where(np.isin(rows, human), rows, -1 - texts))
        loss = contrastive(images, sentences, torch.tensor(SCALE), owner)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        optimizer.step()
        schedule.step()
    maps = [layer.weight.detach().numpy().T.copy() for layer in (image_map, text_map)]
    return Space(mean, std, maps[0], text_mean, maps[1])


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--packs", required=True, nargs="+", type=Path)
    parser.add_argument("--captions", required=True, type=Path)
    parser.add_argument("--sentences", required=True, nargs="+", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    photos = open_packs(options.packs)
    pairs = pairs_of(photos, options.captions, options.sentences)
    fit(photos.teacher(), pairs, Fitting(seed=options.seed)).write(options.out)


if __name__ == "__main__":
    as_script(main)
