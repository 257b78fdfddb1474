"""Average the weights of a model before and after it was tuned: WiSE-FT.

Both lie in one valley of the loss, so what lies between them works too, and is often better than
either: what was learnt last is there, and what was known before is not yet gone. Wortsman et al.
2022, https://arxiv.org/abs/2109.01903.
"""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

State = Mapping[str, Tensor]

ALPHAS = tuple(tenth / 10 for tenth in range(11))  # shares of the tuned weights


def copy_of(model: nn.Module) -> dict[str, Tensor]:
    """The weights of a model, which later training does not touch."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def average(start: State, tuned: State, alpha: float) -> dict[str, Tensor]:
    """`alpha` of the tuned weights, the rest of the start; counters are the tuned one's.

    >>> average({"w": torch.tensor([0.0])}, {"w": torch.tensor([1.0])}, 0.25)
    {'w': tensor([0.2500])}
    """
    return {
        name: torch.lerp(start[name], value, alpha) if value.is_floating_point() else value
        for name, value in tuned.items()
    }


def best_average(
    model: nn.Module,
    start: State,
    tuned: State,
    loss: Callable[[], float],
    alphas: Sequence[float] = ALPHAS,
) -> tuple[float, float]:
    """Leave `model` with the average that has the least `loss`. Gives that alpha and its loss."""
    losses = []
    for alpha in alphas:
        model.load_state_dict(average(start, tuned, alpha))
        losses.append(loss())
    least = min(losses)
    alpha = alphas[losses.index(least)]
    model.load_state_dict(average(start, tuned, alpha))
    return alpha, least
