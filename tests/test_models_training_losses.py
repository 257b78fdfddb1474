"""Both losses, against what they are defined as, and copies of one pair."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from models.loss import contrastive
from models.sigmoid import PairwiseSigmoid

SCALE = torch.tensor(20.0)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    """Models this small lose more to a second thread than they gain, most of all on busy cores."""
    torch.set_num_threads(1)


def unit_rows(n: int, seed: int) -> Tensor:
    rows = torch.randn(n, 16, generator=torch.Generator().manual_seed(seed))
    return functional.normalize(rows, dim=1)


def test_infonce_is_the_mean_of_both_choices_written_out() -> None:
    images, texts = unit_rows(5, 1), unit_rows(5, 2)
    odds = (SCALE * images @ texts.T).exp()
    own = odds.diagonal()
    by_hand = -(own / odds.sum(1)).log().mean() / 2 - (own / odds.sum(0)).log().mean() / 2
    torch.testing.assert_close(contrastive(images, texts, SCALE), by_hand)


@pytest.mark.parametrize("loss", ["contrastive", "sigmoid"])
def test_copies_of_a_pair_do_not_push_it_from_itself(loss: str) -> None:
    images, texts = unit_rows(4, 1).requires_grad_(), unit_rows(4, 2)
    twice = torch.tensor([0, 1, 2, 3, 3])
    sigmoid = PairwiseSigmoid()

    def of(owner: Tensor | None) -> Tensor:
        if loss == "sigmoid":
            asked: Tensor = sigmoid(images[twice], texts[twice], SCALE, owner)
            return asked
        return contrastive(images[twice], texts[twice], SCALE, owner)

    assert of(twice) < of(None)
    # With the others out of the way, two copies of one pair are as good as that pair alone.
    same = torch.zeros(5, dtype=torch.int64)
    (gradient,) = torch.autograd.grad(of(same), images)
    assert (gradient * texts).sum(dim=1).max() <= 1e-6, "each step goes towards the own sentence"


def test_sigmoid_is_one_question_a_pair_written_out() -> None:
    images, texts = unit_rows(5, 1), unit_rows(5, 2)
    loss = PairwiseSigmoid()
    by_hand = torch.zeros(())
    for i in range(5):
        for j in range(5):
            logit = SCALE * images[i] @ texts[j] + loss.bias
            by_hand = by_hand - torch.sigmoid(logit if i == j else -logit).log() / 5
    torch.testing.assert_close(loss(images, texts, SCALE), by_hand)


def test_sigmoid_learns_the_scale_and_its_bias() -> None:
    loss, scale = PairwiseSigmoid(), SCALE.clone().requires_grad_()
    loss(unit_rows(5, 1), unit_rows(5, 2), scale).backward()
    assert scale.grad is not None
    assert loss.bias.grad is not None
    assert loss.bias.grad < 0, "with random rows only: say yes more often"


def test_sigmoid_is_exact_under_bfloat16() -> None:
    images, texts, loss = unit_rows(64, 1), unit_rows(64, 2), PairwiseSigmoid()
    exact = loss(images, texts, SCALE)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(loss(images, texts, SCALE), exact)
