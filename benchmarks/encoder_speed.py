"""Is our default encoder as light as it claims, beside MobileCLIP2-S0 on one core?

Both towers of both encoders run in ONNX Runtime on one thread, a photo and a sentence at a time,
in turn in one process; medians of CPU time are compared. MobileCLIP2-S0 comes from open_clip with
random weights: speed does not depend on them. Ends with status 1 above a bound.

    python benchmarks/encoder_speed.py
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

PEER = "MobileCLIP2-S0"
TURNS = 30
BOUNDS = {"photo": 0.45, "sentence": 0.40}  # of the peer's time


def main() -> int:
    """Measure and print; the exit status."""
    with tempfile.TemporaryDirectory() as scratch:
        runs = {**ours(), **peers(Path(scratch))}
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(TURNS + 3):  # the first turns warm up and are left out
            for name, run in runs.items():
                began = time.thread_time()
                run()
                times[name].append(time.thread_time() - began)
    cost = {name: median(all_times[3:]) * 1000 for name, all_times in times.items()}
    within = True
    print(f"CPU ms, medians of {TURNS}, one thread")
    for kind, bound in BOUNDS.items():
        ratio = cost[f"our {kind}"] / cost[f"their {kind}"]
        within &= ratio <= bound
        print(
            f"a {kind:<9} ours {cost[f'our {kind}']:6.2f}   {PEER} {cost[f'their {kind}']:6.2f}"
            f"   ratio {ratio:.2f} (bound {bound})"
        )
    return 0 if within else 1


def ours() -> dict[str, Callable[[], object]]:
    """Our towers as the app runs them."""
    import numpy as np

    from models.installed import find
    from models.onnx import OnnxEncoder

    encoder = OnnxEncoder(find(), threads=1)
    side = encoder.spec.image.side
    photo = np.random.default_rng(0).integers(0, 256, (1, 3, side, side), np.uint8)
    return {
        "our photo": lambda: encoder.images(photo),
        "our sentence": lambda: encoder.texts(["a photo of a dog on the beach"]),
    }


def peers(scratch: Path) -> dict[str, Callable[[], object]]:
    """The peer's towers, exported as open_clip has them."""
    import torch

    from models.pretrained import open_clip

    library = open_clip()
    from timm.utils.model import reparameterize_model  # with open_clip, and needs torchvision too

    model: Any = reparameterize_model(
        library.create_model(PEER).eval()
    )  # branches fused, as it ships
    torch.backends.mha.set_fastpath_enabled(False)
    side = int(model.visual.image_size[0])
    photo = torch.rand(1, 3, side, side)
    tokens = torch.randint(1, 400, (1, 77))
    return {
        "their photo": exported(model, "encode_image", photo, scratch / "photo.onnx"),
        "their sentence": exported(model, "encode_text", tokens, scratch / "sentence.onnx"),
    }


def exported(model: Any, method: str, value: Any, path: Path) -> Callable[[], object]:
    """One method of a torch model as an ONNX session over `value`, on one thread."""
    import onnxruntime
    import torch

    class Tower(torch.nn.Module):
        """The method as a module of its own."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: torch.Tensor) -> Any:
            return getattr(self.model, method)(x)

    torch.onnx.export(Tower(), (value,), path, input_names=["x"], dynamo=False)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options, ["CPUExecutionProvider"])
    feed = {"x": value.numpy()}
    return lambda: session.run(None, feed)


if __name__ == "__main__":
    sys.exit(main())
