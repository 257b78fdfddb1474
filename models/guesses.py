"""Write what the image teacher's own classifier believes each photo of a pack shows, in words.

    python -m models.guesses --network mobilenet_v2.tflite --labels imagenet_labels.txt \\
        --sentences classes.txt *.bin

The teacher was taught a thousand classes, and our labelled sets name but a fifth of them. Where it
is sure of a photo its guess is as good as a label: beside each pack goes `<set>.guesses.tsv`, a
row a photo, `number<TAB>probability<TAB>names`, empty where it is not sure. All sentences that
these names can become go into `--sentences`, for `models.teacher` to embed. The guesses come from
the pooled features in `<set>.teacher.npy`, so no photo is read again.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.data import Pack
from models.errors import BadData
from models.script import as_script

SURE = 0.4  # at this probability and above two guesses in three are right, and 936 classes occur
PROMPT = "a photo of a {}"
AT_ONCE = 8192  # photos; their logits take 33 MB


def sentences_of(names: list[str]) -> list[str]:
    """What a class is called: its first two names in a prompt, and the first alone.

    >>> sentences_of(["tench", "Tinca tinca"])
    ['a photo of a tench', 'a photo of a Tinca tinca', 'tench']
    """
    return [*(PROMPT.format(name) for name in names[:2]), names[0]]


def read_labels(path: Path) -> list[list[str]]:
    """The names of each class, in the order of the classifier's outputs."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BadData(f"{path} can not be read: {error.strerror}.") from error
    return [[name.strip() for name in line.split(",")] for line in lines]


def last_layer(network: Path, classes: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The (classes, f) weights and (classes,) biases of a quantised TFLite classifier."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(network), num_threads=1)
    interpreter.allocate_tensors()
    weights = bias = None
    for tensor in interpreter.get_tensor_details():
        shape = [int(size) for size in tensor["shape"] if size != 1]
        scales = tensor["quantization_parameters"]["scales"]
        if shape[:1] != [classes] or len(scales) != classes:
            continue
        values = interpreter.get_tensor(tensor["index"]).astype(np.float32)
        values = values.reshape(classes, -1) * scales[:, None]
        if len(shape) == 2:
            weights = values
        else:
            bias = values[:, 0]
    if weights is None or bias is None:
        raise BadData(f"{network} has no last layer of {classes} classes with its own scales.")
    return weights, bias


def guess(
    features: NDArray[np.float16], weights: NDArray[np.float32], bias: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The likeliest class of each photo (n,), and its probability (n,)."""
    classes, chances = [], []
    for start in range(0, len(features), AT_ONCE):
        logits = features[start : start + AT_ONCE].astype(np.float32) @ weights.T + bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        classes.append(odds.argmax(axis=1))
        chances.append(odds.max(axis=1) / odds.sum(axis=1))
    return np.concatenate(classes), np.concatenate(chances)


def beside(pack: Path) -> Path:
    """Where the guesses of a pack lie."""
    return pack.with_suffix(".guesses.tsv")


def read_guesses(pack: Path, photos: int) -> list[list[str]]:
    """The sentences guessed for each photo of a pack, none where there is no file. BadData."""
    path = beside(pack)
    if not path.exists():
        return [[] for _ in range(photos)]
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    if len(rows) != photos or any(len(row) != 3 for row in rows):
        raise BadData(f"{path} does not belong to a pack of {photos} photos. Guess again.")
    return [sentences_of(names.split(", ")) if names else [] for _, _, names in rows]


def main() -> None:
    """Guess and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packs", nargs="+", type=Path)
    parser.add_argument("--network", required=True, type=Path)
    parser.add_argument("--labels", required=True, type=Path, help="a line an output: its names")
    parser.add_argument("--sentences", required=True, type=Path, help="where to write them all")
    options = parser.parse_args()
    labels = read_labels(options.labels)
    weights, bias = last_layer(options.network, len(labels))
    for path in options.packs:
        features = Pack.open(path).teacher
        if features is None:
            raise BadData(f"{path} has no .teacher.npy to guess from.")
        classes, chances = guess(features, weights, bias)
        rows = [
            f"{row}\t{chance:.3f}\t{', '.join(labels[number]) if chance >= SURE else ''}"
            for row, (number, chance) in enumerate(zip(classes, chances, strict=True))
        ]
        beside(path).write_text("\n".join(rows) + "\n", encoding="utf-8")
    sentences = dict.fromkeys(text for names in labels for text in sentences_of(names))
    options.sentences.write_text("\n".join(sentences) + "\n", encoding="utf-8")


if __name__ == "__main__":
    as_script(main)
