"""Cached gradients are those of the plain batch."""

import copy

import pytest
import torch
from torch import Tensor, nn

from models.cached import InChunks
from models.clip import Clip
from models.conv_tower import Block, ImageConfig
from models.loss import contrastive
from models.sizes import SIZES, build
from models.text_tower import TextConfig
from models.towers import TwoTowers

N, CHUNK = 20, 8  # the last chunk is half as long


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Models this small lose more to a second thread than they gain, most of all on busy cores."""
    torch.set_num_threads(1)


@pytest.fixture
def batch() -> tuple[Tensor, Tensor]:
    seed = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (N, 3, 32, 32), dtype=torch.uint8, generator=seed)
    return pixels, torch.randint(0, 600, (N, 16), generator=seed)


def tiny_vit() -> TwoTowers:
    torch.manual_seed(0)
    return build(SIZES["tiny-vit"])


def tiny_convolutions() -> Clip:
    torch.manual_seed(0)
    blocks = (
        Block(8, stride=2, expansion=2),
        Block(16, stride=2, expansion=2),
    )
    image = ImageConfig(side=32, stem=8, blocks=blocks, width=32)
    return Clip(image, TextConfig(600, 16, 32, 2, 1), 16)


def gradients(clip: nn.Module, loss: Tensor) -> dict[str, Tensor]:
    clip.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
    return {name: w.grad.clone() for name, w in clip.named_parameters() if w.grad is not None}


def agree(got: dict[str, Tensor], want: dict[str, Tensor]) -> None:
    assert got.keys() == want.keys()
    for name in want:
        torch.testing.assert_close(got[name], want[name], rtol=1e-5, atol=1e-5, msg=name)


def loss_of(clip: TwoTowers | Clip | InChunks, batch: tuple[Tensor, Tensor]) -> Tensor:
    return contrastive(clip.images(batch[0]), clip.texts(batch[1]), clip.scale())


def test_cached_gradients_are_those_of_the_plain_batch(batch: tuple[Tensor, Tensor]) -> None:
    clip = tiny_vit()
    want = gradients(clip, loss_of(clip, batch))
    assert sum(float(g.abs().sum()) for g in want.values()) > 1, "else this would prove little"
    agree(gradients(clip, loss_of(InChunks(clip, CHUNK), batch)), want)


def test_cached_gradients_are_those_of_the_plain_batch_under_bfloat16(
    batch: tuple[Tensor, Tensor],
) -> None:
    clip = tiny_vit()
    with torch.autocast("cpu", torch.bfloat16):
        plain, cached = loss_of(clip, batch), loss_of(InChunks(clip, CHUNK), batch)
    want, got = gradients(clip, plain), gradients(clip, cached)
    whole = torch.cat([g.flatten() for g in want.values()])
    other = torch.cat([g.flatten() for g in got.values()])
    assert float((whole - other).norm() / whole.norm()) < 0.02, "bfloat16 rounds at 1 in 256"


def test_with_fixed_statistics_batch_normalisation_changes_nothing(
    batch: tuple[Tensor, Tensor],
) -> None:
    clip = tiny_convolutions().eval()
    want = gradients(clip, loss_of(clip, batch))
    agree(gradients(clip, loss_of(InChunks(clip, CHUNK), batch)), want)


def test_with_its_own_statistics_each_chunk_is_normalised_alone_and_counted_once(
    batch: tuple[Tensor, Tensor],
) -> None:
    clip = tiny_convolutions()
    twin = copy.deepcopy(clip)
    images = torch.cat([clip.images(rows) for rows in torch.split(batch[0], CHUNK)])
    want = gradients(clip, contrastive(images, clip.texts(batch[1]), clip.scale()))
    agree(gradients(twin, loss_of(InChunks(twin, CHUNK), batch)), want)
    for (name, value), other in zip(clip.named_buffers(), twin.buffers(), strict=True):
        torch.testing.assert_close(value, other, msg=name)


class Noisy(nn.Module):
    """Both towers are one linear layer, and noise."""

    def __init__(self) -> None:
        super().__init__()
        self.linear, self.noise = nn.Linear(4, 4), nn.Dropout(0.5)

    def images(self, pixels: Tensor) -> Tensor:
        rows: Tensor = self.noise(self.linear(pixels))
        return rows

    texts = images

    def scale(self) -> Tensor:
        return torch.ones(())


def test_the_second_encoding_draws_the_noise_of_the_first() -> None:
    torch.manual_seed(0)
    model = Noisy()
    rows = InChunks(model, 2).images(torch.ones(6, 4))
    kept = rows.detach() != 0
    (gradient,) = torch.autograd.grad(rows.sum(), model.linear.bias)
    torch.testing.assert_close(gradient, kept.sum(dim=0) * 2.0)
