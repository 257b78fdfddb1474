"""The loss, against sums written out, and its gradient against differences."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from models.loss import contrastive, imitation


def rows(n: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return normalize(torch.randn(n, 6, generator=generator, dtype=torch.float64), dim=1)


def by_hand(images: Tensor, texts: Tensor, scale: float, owner: list[int]) -> float:
    n, total = len(owner), 0.0
    for i in range(n):
        allowed = [j for j in range(n) if j == i or owner[j] != owner[i]]
        of_image = [math.exp(scale * float(images[i] @ texts[j])) for j in allowed]
        of_text = [math.exp(scale * float(images[j] @ texts[i])) for j in allowed]
        right = math.exp(scale * float(images[i] @ texts[i]))
        total += -math.log(right / sum(of_image)) - math.log(right / sum(of_text))
    return total / (2 * n)


@pytest.mark.parametrize("owner", [[0, 1, 2, 3, 4], [0, 0, 1, 2, 2], [7, 7, 7, 7, 7]])
def test_it_is_the_sum_written_out(owner: list[int]) -> None:
    images, texts, scale = rows(5, 1), rows(5, 2), torch.tensor(9.0, dtype=torch.float64)
    got = contrastive(images, texts, scale, torch.tensor(owner))
    assert float(got) == pytest.approx(by_hand(images, texts, 9.0, owner), abs=1e-9)


def test_without_owners_all_others_are_negatives() -> None:
    images, texts, scale = rows(4, 1), rows(4, 2), torch.tensor(5.0, dtype=torch.float64)
    assert contrastive(images, texts, scale).equal(
        contrastive(images, texts, scale, torch.arange(4))
    )


def test_a_copy_of_a_pair_costs_nothing() -> None:
    images, texts, scale = rows(4, 1), rows(4, 2), torch.tensor(50.0, dtype=torch.float64)
    images[1], texts[1] = images[0], texts[0]
    with_copy = contrastive(images, texts, scale, torch.tensor([0, 0, 1, 2]))
    as_negative = contrastive(images, texts, scale)
    assert float(with_copy) < float(as_negative)


def test_the_gradient_is_that_of_differences() -> None:
    images, texts = rows(4, 1).requires_grad_(), rows(4, 2).requires_grad_()
    scale = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    owner = torch.tensor([0, 1, 1, 2])
    assert torch.autograd.gradcheck(
        lambda i, t, s: contrastive(i, t, s, owner), (images, texts, scale)
    )


def test_imitation_is_nothing_when_all_agree_and_two_when_all_oppose() -> None:
    vectors = rows(3, 1)
    assert float(imitation(vectors, 5 * vectors)) == pytest.approx(0)
    assert float(imitation(vectors, -vectors)) == pytest.approx(2)


def test_bfloat16_around_it_changes_nothing() -> None:
    images, texts = (rows(64, seed).float() for seed in (1, 2))
    exact = contrastive(images, texts, torch.tensor(50.0))
    with torch.autocast("cpu", torch.bfloat16):
        assert contrastive(images, texts, torch.tensor(50.0)).equal(exact)
