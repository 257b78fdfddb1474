"""What an encoder does with captioned photos that it never learnt from (Flickr8k, its dev split).

Only numbers leave this module: no photo is kept or shown.
"""

import io
import re
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.calibrate import standardised
from models.encoder import Encoder, Vectors
from models.evaluate import retrieval
from models.preprocess import preprocess

THINGS = {  # what to tell apart: the words that captions use for it
    "dog": r"dogs?|pupp(?:y|ies)",
    "skateboarder": r"skate ?board(?:s|er|ers|ing)?",
    "bicycle": r"bi(?:cycles?|kes?)|cyclists?",
    "beach": r"beach(?:es)?",
    "snow": r"snow|snowy",
    "swimming pool": r"pool",
    "football game": r"football|soccer",
    "rock climber": r"climb(?:s|er|ers|ing)?",
}
PROMPTS = (
    "a photo of a {}",
    "a picture of a {}",
    "a {} outdoors",
    "a close photo of a {}",
    "a photo of the {}",
    "there is a {} in the photo",
    "a {} in the background",
)
MAN = r"m[ae]n|boys?|guys?|male"
WOMAN = r"wom[ae]n|girls?|lad(?:y|ies)|female"
QUERIES = {  # what to ask for: the words that captions use for it
    "a dog": r"dogs?|pupp(?:y|ies)",
    "snow": r"snow|snowy",
    "the beach": r"beach(?:es)?",
    "a swimming pool": r"pool",
    "a birthday cake": r"birthday|cakes?",
    "a giraffe": r"giraffes?",
    "a castle": r"castles?",
    "a submarine": r"submarines?",
    "a solar eclipse": r"eclipses?",
    "an X-ray of a hand": r"x-?rays?",
}
PICTURED = ("a dog", "a giraffe")  # of these two all scores are kept, as histograms
DOING = (
    "a person cooking",
    "a person shopping",
    "a person dancing",
    "a person reading",
    "a person holding a child",
    "a person playing football",
    "a person riding a motorcycle",
    "a person climbing a rock",
    "a person working with tools",
    "a person smiling",
)
BINS = np.linspace(-4, 8, 49)


def read_squares(archive: Path, files: Sequence[str], encoder: Encoder) -> NDArray[np.uint8]:
    """(n, 3, s, s) uint8 of some files of a zip, by their last names."""
    with zipfile.ZipFile(archive) as photos:
        path_of = {Path(name).name: name for name in photos.namelist()}
        opened = (Image.open(io.BytesIO(photos.read(path_of[file]))) for file in files)
        return np.stack([preprocess(picture, encoder.spec.image) for picture in opened])


@dataclass(frozen=True, slots=True)
class Captioned:
    """Photos and their captions as vectors."""

    photos: Vectors  # (n, d)
    captions: list[list[str]]  # n lists
    texts: Vectors  # (m, d)
    owner: NDArray[np.int64]  # (m,)

    @classmethod
    def read(cls, encoder: Encoder, archive: Path, table: Path, split: str = "dev") -> "Captioned":
        """The photos of one split of a `file<TAB>split<TAB>caption` table."""
        of_file: dict[str, list[str]] = {}
        for line in table.read_text(encoding="utf-8").splitlines():
            file, of_split, caption = line.split("\t")
            if of_split == split:
                of_file.setdefault(Path(file).name, []).append(caption)
        photos = encoder.images(read_squares(archive, list(of_file), encoder))
        captions = list(of_file.values())
        texts = encoder.texts([text for texts in captions for text in texts])
        owner = np.repeat(np.arange(len(captions)), [len(texts) for texts in captions])
        return cls(photos, captions, texts, owner.astype(np.int64))

    def mentioning(self, pattern: str) -> NDArray[np.int64]:
        """(n,) how many captions of each photo hold a word of the pattern."""
        word = re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE)
        return np.array([sum(bool(word.search(t)) for t in texts) for texts in self.captions])


def gap(data: Captioned) -> dict[str, float]:
    """How alike pairs are, how alike strangers are, and how far the two kinds lie apart."""
    cosines = data.texts @ data.photos.T
    own = np.zeros(cosines.shape, bool)
    own[np.arange(len(data.owner)), data.owner] = True
    centres = data.photos.mean(0), data.texts.mean(0)
    return {
        "pairs": float(cosines[own].mean()),
        "pairs_spread": float(cosines[own].std()),
        "strangers": float(cosines[~own].mean()),
        "strangers_spread": float(cosines[~own].std()),
        "between_centres": float(np.linalg.norm(centres[0] - centres[1])),
    }


def zero_shot(encoder: Encoder, data: Captioned) -> dict[str, Any]:
    """Top-1 among eight things, for photos of which most captions name exactly one of them."""
    named = np.stack([data.mentioning(pattern) >= 3 for pattern in THINGS.values()])  # (8, n)
    clear = named.sum(0) == 1
    photos, target = data.photos[clear], named[:, clear].argmax(0)

    def top_1(prompts: Sequence[str]) -> float:
        """The mean over the eight things, so that many dogs do not outvote the rest."""
        vectors = [encoder.texts([prompt.format(name) for name in THINGS]) for prompt in prompts]
        mean = np.mean(vectors, axis=0)
        mean /= np.linalg.norm(mean, axis=1, keepdims=True)
        right = (photos @ mean.T).argmax(1) == target
        return float(np.mean([right[target == thing].mean() for thing in range(len(THINGS))]))

    return {
        "photos": dict(
            zip(THINGS, np.bincount(target, minlength=len(THINGS)).tolist(), strict=True)
        ),
        "the word alone": top_1(["{}"]),
        "one prompt": top_1(PROMPTS[:1]),
        "all prompts": top_1(PROMPTS),
    }


def cut(encoder: Encoder, data: Captioned, bank: Vectors, cut_z: float) -> dict[str, Any]:
    """How many photos pass, for captions, and for things that are there or not."""
    z = standardised(data.texts, data.photos, bank)
    right = z[np.arange(len(data.owner)), data.owner]
    rows = standardised(encoder.texts(list(QUERIES)), data.photos, bank)
    asked = dict(zip(QUERIES, rows, strict=True))
    return {
        "cut_z": cut_z,
        "captions pass": float(np.median((z > cut_z).mean(axis=1))),
        "right ones pass": float((right > cut_z).mean()),
        "queries": {
            query: {
                "named": int((data.mentioning(pattern) > 0).sum()),
                "pass": int((asked[query] > cut_z).sum()),
            }
            for query, pattern in QUERIES.items()
        },
        "bins": [round(float(edge), 3) for edge in BINS],
        "histograms": {q: np.histogram(asked[q], BINS)[0].tolist() for q in PICTURED},
    }


def people(encoder: Encoder, data: Captioned) -> dict[str, Any]:
    """Whose photos are called what: those whose captions speak of men, and of women, only."""
    man, woman = data.mentioning(MAN), data.mentioning(WOMAN)
    men, women = data.photos[(man >= 3) & (woman == 0)], data.photos[(woman >= 3) & (man == 0)]
    he, she = encoder.texts(["a photo of a man", "a photo of a woman"])
    of_doing = encoder.texts(list(DOING))
    pooled = np.sqrt(((men @ of_doing.T).var(0) + (women @ of_doing.T).var(0)) / 2)
    lean = ((women @ of_doing.T).mean(0) - (men @ of_doing.T).mean(0)) / pooled
    order = np.argsort(lean)
    return {
        "men": len(men),
        "women": len(women),
        "men called men": float((men @ he > men @ she).mean()),
        "women called women": float((women @ she > women @ he).mean()),
        "lean": {DOING[row]: round(float(lean[row]), 2) for row in order},
        "captions of men": int((man > 0).sum()),
        "captions of women": int((woman > 0).sum()),
    }


def photo_figures(
    encoder: Encoder, archive: Path, table: Path, bank: Vectors, cut_z: float
) -> dict[str, Any]:
    """All of it."""
    data = Captioned.read(encoder, archive, table)
    return {
        "retrieval": dict(retrieval(data.photos, data.texts, data.owner)),
        "gap": gap(data),
        "zero_shot": zero_shot(encoder, data),
        "cut": cut(encoder, data, bank, cut_z),
        "people": people(encoder, data),
    }
