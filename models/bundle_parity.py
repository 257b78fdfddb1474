"""The parity fixture that travels with an encoder: a few questions, with the reference's answers.

`parity.npz` holds `images` (k, 3, s, s) uint8, `image_vectors` (k, d) float32, `sentences` (m,) and
`text_vectors` (m, d) float32. Where the encoder arrives they are asked again: a runtime that
computes something else there is found before it is used. Numpy alone: no torch.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from models.encoder import Encoder, Images
from models.errors import BadEncoder, ParityError
from models.gate import HALF, Answers, DegenerateEncoder, ask, compare, refuse_degenerate, samples
from models.spec import EncoderSpec

PARITY = "parity.npz"
QUESTIONS = 24  # pictures, and as many sentences
MOST = 512  # of each, in a bundle of strangers
LARGEST_BYTES = 1 << 30  # unpacked: four times the most questions at 384 px
LEAST = 0.95  # what a fixture may ask for at the least: under it an encoder is another one


@dataclass(frozen=True, slots=True)
class Parity:
    """Questions, the reference's answers, and the least cosine that an encoder may have to them.

    `least` is under HALF only for weights in bytes or fewer bits, whose cost was measured.
    """

    images: Images
    sentences: list[str]
    answers: Answers
    least: float = HALF

    @classmethod
    def of(cls, reference: Encoder, count: int = QUESTIONS) -> "Parity":
        """What `reference` answers to drawn pictures and their sentences."""
        images, sentences = samples(reference.spec, count)
        return cls(images, sentences, ask(reference, images, sentences))

    @classmethod
    def read(cls, folder: Path, spec: EncoderSpec) -> "Parity":
        """The fixture in the folder of the encoder `spec`. Raises BadEncoder."""
        try:
            with zipfile.ZipFile(folder / PARITY) as packed:  # before any of it is unpacked
                if sum(entry.file_size for entry in packed.infolist()) > LARGEST_BYTES:
                    raise ValueError("it is too large")
            with np.load(folder / PARITY, allow_pickle=False) as found:
                images, sentences = found["images"], found["sentences"]
                photos, texts = found["image_vectors"], found["text_vectors"]
                least = float(found["least"]) if "least" in found else HALF
        except (OSError, KeyError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
            raise BadEncoder(
                f"{folder / PARITY} can't be read ({error}). Export the encoder again."
            ) from error
        k, m, side, d = len(images), len(sentences), spec.image.side, spec.dimension
        shapes = {
            "images": _is(images, np.dtype(np.uint8), (k, 3, side, side)),
            "image_vectors": _is(photos, np.dtype(np.float32), (k, d)),
            "sentences": sentences.dtype.kind == "U" and sentences.shape == (m,),
            "text_vectors": _is(texts, np.dtype(np.float32), (m, d)),
        }
        wrong = [name for name, right in shapes.items() if not right]
        if wrong or not (2 <= k <= MOST and 2 <= m <= MOST and LEAST <= least <= 1):
            raise BadEncoder(
                f"{folder / PARITY} does not fit the manifest ({', '.join(wrong) or 'too few'}). "
                "Export the encoder again."
            )
        return cls(images, [str(one) for one in sentences], Answers(photos, texts), least)

    def first(self, count: int) -> "Parity":
        """The first questions alone."""
        answers = Answers(self.answers.photos[:count], self.answers.sentences[:count])
        return Parity(self.images[:count], self.sentences[:count], answers, self.least)

    def write(self, path: Path) -> None:
        """Write the fixture to a file, whatever its name."""
        with path.open("wb") as file:  # savez would add .npz to another name
            self._save(file)

    def _save(self, file: IO[bytes]) -> None:
        np.savez_compressed(
            file,
            images=self.images,
            image_vectors=self.answers.photos,
            sentences=np.array(self.sentences, np.str_),
            text_vectors=self.answers.sentences,
            least=np.float64(self.least),
        )

    def check(self, encoder: Encoder) -> float:
        """Ask `encoder` the same; the worst cosine, without what all rows share.

        Raises ParityError where it answers otherwise, BadEncoder where the fixture proves nothing.
        """
        try:
            refuse_degenerate(self.answers)
        except DegenerateEncoder as error:
            raise BadEncoder(f"The bundle can't be proven: {error}") from error
        verdict = compare(self.answers, ask(encoder, self.images, self.sentences))
        worst = min(verdict.photos.worst, verdict.sentences.worst)
        if not worst >= self.least:  # also true for NaN
            raise ParityError(
                f"{encoder.spec.name} gives other vectors here than where it was made: the worst "
                f"cosine is {worst:.4f}, under {self.least}."
            )
        return worst


def _is(array: NDArray[np.generic], dtype: "np.dtype[np.generic]", shape: tuple[int, ...]) -> bool:
    return bool(array.dtype == dtype and array.shape == shape)
