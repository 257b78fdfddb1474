"""Measure an exported encoder on photos with captions, and take vectors of photos for its cut."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.data import Photos, captions_of
from models.encoder import Encoder, Images, Vectors
from models.errors import BadData
from models.evaluate import Retrieval, retrieval
from models.photo_files import Source
from models.preprocess import preprocess
from models.spec import ImageSpec

BANK_SIZE = 2000  # photos: 1 MB, and a median that moves little with the choice of photos


def read_photos(source: Source, files: list[str], spec: ImageSpec) -> Images:
    """(n, 3, s, s) uint8 of photos by their file names, as the application preprocesses them.

    Raises BadData.
    """
    names = {Path(name).name: name for name in source.names()}
    return np.stack(
        [
            preprocess(Image.open(io.BytesIO(source.read(names.get(file, file)))), spec)
            for file in files
        ]
    )


def background(encoder: Encoder, photos: Photos, seed: int) -> NDArray[np.float16]:
    """(b, d) vectors of photos from all packs, as many of each as there are packs to share."""
    rng = np.random.default_rng(seed)
    share = BANK_SIZE // len(photos.packs)
    rows = []
    for pack in photos.packs:
        some = np.sort(rng.permutation(len(pack.pixels))[:share])
        squares = [
            preprocess(Image.fromarray(pack.pixels[row]), encoder.spec.image) for row in some
        ]
        rows.append(encoder.images(np.stack(squares)))
    return np.concatenate(rows).astype(np.float16)


def dev_captions(captions: Path, most: int | None = None) -> dict[str, list[str]]:
    """The captions of the first `most` files of split dev, by file. Raises BadData without any."""
    of_photo = captions_of(captions, "dev")
    if not of_photo:
        raise BadData(f"{captions} has no captions of split dev to measure with.")
    return {file: of_photo[file] for file in sorted(of_photo)[:most]}


def measure(
    encoder: Encoder, source: Source, captions: Path, most: int | None = None
) -> tuple[Vectors, Vectors, NDArray[np.int64], Retrieval]:
    """Photos, captions and owners of the dev split, and how well they find each other."""
    of_photo = dev_captions(captions, most)
    vectors = encoder.images(read_photos(source, list(of_photo), encoder.spec.image))
    sentences = [caption for several in of_photo.values() for caption in several]
    owner = np.repeat(np.arange(len(of_photo)), [len(several) for several in of_photo.values()])
    texts = encoder.texts(sentences)
    return vectors, texts, owner, retrieval(vectors, texts, owner)
