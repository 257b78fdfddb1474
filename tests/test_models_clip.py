"""Both towers: shapes, what padding may change (nothing), and where gradients go."""

import numpy as np
import torch

from models.clip import Clip
from models.conv_tower import Block, ImageConfig
from models.loss import contrastive
from models.text_tower import TextConfig
from models.towers import LARGEST_SCALE

TINY_IMAGE = ImageConfig(
    side=32,
    stem=8,
    blocks=(
        Block(8, stride=1, expansion=2),
        Block(12, stride=2, expansion=2),
        Block(12, stride=1, expansion=2),
    ),
    width=16,
)
TINY_TEXT = TextConfig(vocabulary=50, context_length=8, width=16, heads=2, layers=2)


def tiny(seed: int = 0) -> Clip:
    torch.manual_seed(seed)
    return Clip(TINY_IMAGE, TINY_TEXT, dimension=8)


def pixels(n: int) -> torch.Tensor:
    values = np.random.default_rng(0).integers(0, 256, (n, 3, 32, 32), dtype=np.uint8)
    return torch.from_numpy(values)


def test_both_towers_give_unit_rows() -> None:
    clip = tiny().eval()
    tokens = torch.tensor([[48, 3, 49, 0], [48, 49, 0, 0]])
    for vectors, n in ((clip.images(pixels(3)), 3), (clip.texts(tokens), 2)):
        assert vectors.shape == (n, 8)
        assert torch.allclose(vectors.norm(dim=1), torch.ones(n))


def test_what_stands_behind_the_end_token_changes_nothing() -> None:
    clip = tiny().eval()
    short = torch.tensor([[48, 3, 7, 49]])
    padded = torch.tensor([[48, 3, 7, 49, 0, 0, 0, 0]])
    assert torch.allclose(clip.texts(short), clip.texts(padded), atol=1e-6)


def test_each_word_and_its_place_matter() -> None:
    clip = tiny().eval()
    rows = clip.texts(torch.tensor([[48, 3, 7, 49], [48, 7, 3, 49], [48, 3, 8, 49]]))
    assert (rows[0] - rows[1]).abs().max() > 1e-3
    assert (rows[0] - rows[2]).abs().max() > 1e-3


def test_a_row_does_not_depend_on_its_batch() -> None:
    clip = tiny().eval()
    assert torch.allclose(clip.images(pixels(4))[2:3], clip.images(pixels(4)[2:3]), atol=1e-6)


def test_bytes_and_floats_are_the_same_pixels() -> None:
    clip = tiny().eval()
    assert clip.images(pixels(2)).equal(clip.images(pixels(2).float()))


def test_the_towers_share_no_weights_and_all_weights_learn() -> None:
    clip = tiny()
    tokens = torch.tensor([[48, 3, 49], [48, 4, 49], [48, 5, 49]])
    loss = contrastive(clip.images(pixels(3)), clip.texts(tokens), clip.scale())
    loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
    for name, weight in clip.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0 or name == "text_tower.tokens.weight", name
    image = {weight.data_ptr() for weight in clip.image_tower.parameters()}
    assert image.isdisjoint(weight.data_ptr() for weight in clip.text_tower.parameters())


def test_the_scale_is_clamped_at_a_hundred() -> None:
    clip = tiny()
    assert abs(clip.scale().item() - 1 / 0.07) < 1e-3
    clip.log_scale.data.fill_(9.0)
    assert clip.scale().item() == LARGEST_SCALE


def test_the_shipped_sizes_fit_their_budget() -> None:
    clip = Clip(ImageConfig(), TextConfig(), dimension=256)
    weights = sum(weight.numel() for weight in clip.parameters())
    assert 2 * weights < 29_000_000  # bytes as float16; the folder may weigh 30 MB
    assert clip.eval().images(torch.zeros(1, 3, 128, 128, dtype=torch.uint8)).shape == (1, 256)
