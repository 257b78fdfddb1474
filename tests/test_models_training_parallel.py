"""Two processes with half a batch each learn what one learns from all of it."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from models.loss import contrastive
from models.sizes import SIZES, build

N = 12
ROOT = Path(__file__).parent.parent

# Each process runs this: its share of the batch, through DistributedDataParallel.
SHARE = """
import sys
from pathlib import Path
import torch
import torch.distributed as dist
from models.loss import contrastive
from models.parallel import gather, shared
from models.sizes import SIZES, build

folder, rank = Path(sys.argv[1]), int(sys.argv[2])
torch.set_num_threads(1)
dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
data = torch.load(folder / "batch.pt", weights_only=True)
pixels, tokens = (rows.chunk(2)[rank] for rows in (data["pixels"], data["tokens"]))
for chunk in (0, 4):
    torch.manual_seed(rank)  # other weights than process 0 has: they must be made equal
    both = shared(build(SIZES["tiny-vit"]), chunk)
    images, texts, scale = both(pixels, tokens)
    loss = contrastive(gather(images), gather(texts), scale)
    loss.backward()
    gradients = {name: weight.grad for name, weight in both.module.clip.named_parameters()}
    torch.save({"loss": loss.detach(), "gradients": gradients}, folder / f"{rank}-{chunk}.pt")
dist.destroy_process_group()
"""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Models this small lose more to a second thread than they gain, most of all on busy cores."""
    torch.set_num_threads(1)


@pytest.mark.slow
def test_two_processes_have_the_gradients_of_one(tmp_path: Path) -> None:
    seed = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (N, 3, 32, 32), dtype=torch.uint8, generator=seed)
    tokens = torch.randint(0, 600, (N, 16), generator=seed)
    torch.save({"pixels": pixels, "tokens": tokens}, tmp_path / "batch.pt")
    started = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", SHARE, str(tmp_path), str(rank)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    for process in started:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said

    torch.manual_seed(0)
    clip = build(SIZES["tiny-vit"])
    loss = contrastive(clip.images(pixels), clip.texts(tokens), clip.scale())
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
    for name in ("0-0", "1-0", "0-4", "1-4"):  # process, chunk
        got = torch.load(tmp_path / f"{name}.pt", weights_only=True)
        torch.testing.assert_close(got["loss"], loss.detach(), rtol=1e-5, atol=1e-5)
        gradients: dict[str, Tensor] = got["gradients"]
        for weight, value in clip.named_parameters():
            torch.testing.assert_close(
                gradients[weight], value.grad, rtol=1e-5, atol=1e-5, msg=f"{name} {weight}"
            )
