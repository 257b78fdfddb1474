"""Measure how well Core ML's packages agree with the ONNX towers beside them, on real photos.

    python -m models.export_agreement sightword-small --photos flickr8k.zip --captions flickr8k.tsv

Vectors of both may stand in one library: photos embedded on a Mac, words always by ONNX Runtime.
So it is also asked how well the words find photos of the other.
"""

import argparse
import json
from pathlib import Path

from models.evaluate import Retrieval, retrieval
from models.export_measure import measure
from models.gate import Answers, compare
from models.mil.encoder import MilEncoder
from models.onnx import OnnxEncoder
from models.photo_files import source_of
from models.script import as_script


def main() -> None:
    """Print cosines and recall as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoder", type=Path, help="folder with a manifest and both formats")
    parser.add_argument("--photos", required=True, type=Path, help="folder or zip; of split dev")
    parser.add_argument("--captions", required=True, type=Path, help="file, split, caption")
    parser.add_argument("--most", type=int, default=1000, help="photos")
    options = parser.parse_args()
    onnx, mil = OnnxEncoder(options.encoder, threads=1), MilEncoder(options.encoder, "float16")
    given = (source_of(options.photos), options.captions, options.most)
    photos, texts, owner, figures = measure(onnx, *given)
    other_photos, other_texts, _, other_figures = measure(mil, *given)
    verdict = compare(Answers(photos, texts), Answers(other_photos, other_texts))
    print(
        json.dumps(
            {
                "photos": len(photos),
                "sentences": len(texts),
                "least_cosine": {
                    "photos": float((photos * other_photos).sum(axis=1).min()),
                    "sentences": float((texts * other_texts).sum(axis=1).min()),
                },
                "least_cosine_centred": {
                    "photos": verdict.photos.worst,
                    "sentences": verdict.sentences.worst,
                },
                "top_10_overlap": verdict.top_10,
                "R@10": {
                    "onnx": at_10(figures),
                    "coreml": at_10(other_figures),
                    "photos of coreml, words of onnx": at_10(retrieval(other_photos, texts, owner)),
                },
            },
            indent=2,
        )
    )


def at_10(figures: Retrieval) -> float:
    """How many captions find their photo among the ten best."""
    return figures["text_to_photo"]["R@10"]


if __name__ == "__main__":
    as_script(main)
