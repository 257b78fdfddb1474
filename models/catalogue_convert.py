"""Convert weights of open_clip to an encoder, in a process of its own that may use torch.

    python -m models.catalogue_convert --architecture MobileCLIP2-S0 --pretrained dfndr2b \\
        --weights open_clip_model.safetensors --name mobileclip2-s0 --out folder

The application starts it by name and never imports it. It needs the `models` extra and no network.
What it prints is one JSON line: what the gate measured, or `{"trouble": "..."}`.
"""

import argparse
import json
import logging
import os
import sys
import threading
import warnings
from pathlib import Path

from models.errors import KnownError, ParityError


def main(arguments: list[str]) -> int:
    """Convert, prove, say what was measured; the exit status."""
    parser = argparse.ArgumentParser("models.catalogue_convert")
    parser.add_argument("--architecture", required=True)
    parser.add_argument("--pretrained")
    parser.add_argument("--weights", required=True, type=Path)
    parser.add_argument("--tokenizer", type=Path)
    parser.add_argument("--name", required=True)
    parser.add_argument("--licence", default="")
    parser.add_argument("--coreml", action="store_true")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--while-asked", action="store_true", help="end when stdin closes")
    given = parser.parse_args(arguments)
    if given.while_asked:
        threading.Thread(target=end_with_stdin, name="who asks", daemon=True).start()
    warnings.simplefilter("ignore")  # of the converters, for people who can't act on them
    logging.disable(logging.WARNING)
    try:
        print(json.dumps(convert(given)))
        return 0
    except (KnownError, ParityError) as error:
        print(json.dumps({"trouble": str(error)}))
        return 1


def end_with_stdin() -> None:
    """End this process when nobody holds the other end of stdin any more: whoever asked is gone.

    What it wrote has no name yet, and the next `models add` clears it away.
    """
    while os.read(0, 1):
        pass
    os._exit(1)


def convert(given: argparse.Namespace) -> dict[str, object]:
    """Write the encoder to `given.out`; what the gate measured. Raises KnownError, ParityError."""
    from models.export_encoder import Formats, export_measured
    from models.exportable import of_open_clip

    exportable = of_open_clip(
        given.architecture,
        given.pretrained,
        given.weights,
        tokenizer=given.tokenizer,
        name=given.name,
        licence=given.licence,
    )
    given.out.mkdir(parents=True, exist_ok=True)
    formats = Formats(onnx="half", coreml=16 if given.coreml else None)
    exported = export_measured(exportable, given.out, formats)
    return {"digest": exported.spec.digest, **exported.figures()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
