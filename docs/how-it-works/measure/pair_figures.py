"""True and false sentences about photos, by kind, from a table of them.

The table has a header and the columns bench, subset, image, positive, negative. Rows of three
benchmarks are understood: VALSE (Parcalabescu et al. 2022), the hard negatives of NegCLIP
(Yuksekgonul et al. 2023) and VSR (Liu et al. 2023), whose negative says if the sentence is true.
"""

import ast
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
from numpy.typing import NDArray
from photo_figures import read_squares

from models.encoder import Encoder

KINDS = {  # subset of VALSE: what it asks for
    "foil-it": "object",
    "plurals": "one or many",
    "relations": "relation",
    "coreference-standard": "yes or no",
}
ORDER = "order of words"
PLACE = "place"


def pair_figures(encoder: Encoder, archive: Path, table: Path) -> dict[str, Any]:
    """Accuracy of each kind, and for VSR how often a true sentence outscores a false one."""
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    files = sorted({row[2] for row in rows})
    place = {file: number for number, file in enumerate(files)}
    photos = encoder.images(read_squares(archive, files, encoder))
    pairs = [(kind, place[row[2]], row[3], false) for row in rows for kind, false in falses(row)]
    true = encoder.texts([pair[2] for pair in pairs])
    false = encoder.texts([pair[3] for pair in pairs])
    seen = photos[[pair[1] for pair in pairs]]
    right = (seen * true).sum(1) > (seen * false).sum(1)
    kinds = np.array([pair[0] for pair in pairs])
    figures: dict[str, Any] = {
        kind: {"asked": int((kinds == kind).sum()), "right": float(right[kinds == kind].mean())}
        for kind in dict.fromkeys(kinds.tolist())
    }
    told = [row for row in rows if row[0] == "vsr"]
    texts = encoder.texts([row[3] for row in told])
    scores = (photos[[place[row[2]] for row in told]] * texts).sum(1)
    is_true = np.array([row[4] == "label=1" for row in told])
    return figures | {PLACE: {"asked": len(told), "right": outscores(scores, is_true)}}


def falses(row: list[str]) -> list[tuple[str, str]]:
    """(kind, false sentence) of a row, several for NegCLIP and none for VSR."""
    bench, subset, _image, _positive, negative = row
    if bench == "negclip":
        return [(ORDER, sentence) for sentence in ast.literal_eval(negative)]
    return [(KINDS[subset], negative)] if bench == "valse" else []


def outscores(scores: NDArray[np.float32], is_true: NDArray[np.bool_]) -> float:
    """How often a true one scores higher than a false one, over all pairs of the two (AUC).

    >>> outscores(np.array([0.1, 0.5, 0.3], np.float32), np.array([False, True, True]))
    1.0
    """
    true, false = scores[is_true], scores[~is_true]
    above = (true[:, None] > false[None, :]).mean() + (true[:, None] == false[None, :]).mean() / 2
    return float(above)
