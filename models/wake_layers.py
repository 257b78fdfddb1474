"""Set the weights of each layer of a tower when the first batch reaches it; `wake` says why.

While a `Waking` is entered, torch hands it every call of a function, with the arrays of weights
among the arguments. No tower needs to be known: whoever wrote it, it is made of these functions.
"""

import inspect
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

OFFSET = 0.2  # deviation of biases around what they take away: a bias of zero could not be missed
UNEVEN = 0.2  # of channels' gains around one: a norm whose gains are all the same, neither
QUIET = 0.4  # of a branch, against what it is added to: the louder, the more rounding grows
LIFT = 0.7  # of what enters an activation: see `_lift`
SEEN = 16  # places along each side of a map that are looked at: the estimates need no more
COMMON = 0.25  # share of the mean in the inputs' power, above which it must not go through
FAINT = 0.1  # a channel quieter than this share of the others is not raised further than to it
# Functions that a layer with weights calls; of those that are not written in Python, the arguments.
LAYERS: Mapping[Callable[..., Any], tuple[str, ...]] = {
    functional.linear: ("input", "weight", "bias"),
    functional.conv2d: ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    functional.batch_norm: (),
    functional.layer_norm: (),
}
ADD = (torch.add, Tensor.add, Tensor.add_, Tensor.__add__, Tensor.__iadd__)
MATMUL = (torch.matmul, Tensor.matmul, Tensor.__matmul__)
ACTIVATIONS = (functional.relu, functional.gelu, functional.silu, torch.relu, torch.relu_)
ATTENTION = functional.multi_head_attention_forward


class _Made(NamedTuple):
    """What a layer gave, and what may still be changed to change it. A sum has no weight."""

    out: Tensor
    weight: Tensor | None
    bias: Tensor | None


class Waking(TorchFunctionMode):
    """While it is entered, each layer is set at its first call, by what reaches it.

    Functions are watched and not modules: attention uses the weights of layers it never calls.
    """

    def __init__(self, tower: nn.Module, count: int, chance: torch.Generator) -> None:
        super().__init__()
        self._count = count
        self._chance = chance
        self._waiting = {id(parameter) for parameter in tower.parameters()}
        self._made: deque[_Made] = deque(maxlen=3)  # by the layers that were set last
        self._owners = {id(p): m for m in tower.modules() for p in m.parameters(recurse=False)}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Do what was asked for; set the layer that it belongs to on the way."""
        given = dict(kwargs or {})
        if func in LAYERS:
            return self._layer(func, _named(func, args, given))
        if func is ATTENTION:
            return self._attention(_named(func, args, given))
        if func in ACTIVATIONS:
            self._lift(args[0])
        elif func is functional.embedding and self._first_time(args[1]):
            args[1].data.div_(args[1].data.std())
        elif func in MATMUL and self._first_time(args[1]):
            args[1].data.copy_(_without(args[0], args[1].data.T).T)
        elif func in ADD:
            return self._sum(func, args, given)
        return func(*args, **given)

    def _first_time(self, weight: Tensor | None) -> bool:
        """Whether it is a parameter of the tower that was not set yet."""
        if weight is None or id(weight) not in self._waiting:
            return False
        self._waiting.remove(id(weight))
        return True

    def _layer(self, func: Callable[..., Any], given: dict[str, Any]) -> Tensor:
        """A linear map, a convolution or a norm."""
        x, weight, bias = given["input"], given["weight"], given["bias"]
        if not self._first_time(weight):
            plain: Tensor = func(**given)
            return plain
        if func is functional.batch_norm:
            others = [axis for axis in range(x.ndim) if axis != 1]
            given["running_mean"].copy_(x.mean(others))
            given["running_var"].copy_(x.var(others))
            weight.data.fill_(1)  # some begin at zero
        elif func is functional.linear and bias is None:
            weight.data.copy_(_without(x, weight.data))
        channels = 1 if func in (functional.conv2d, functional.batch_norm) else -1
        return self._set(func(**given), channels, weight, bias)

    def _attention(self, given: dict[str, Any]) -> Any:
        """Attention in one call, with the weights of four layers."""
        together = given["in_proj_weight"]
        if together is not None:
            weights, biases = together.data.chunk(3), given["in_proj_bias"].data.chunk(3)
            first = self._first_time(together)
        else:
            weights = [given[f"{part}_proj_weight"] for part in "qkv"]
            biases = [self._owners[id(weight)].bias for weight in weights]
            first = self._first_time(weights[0])
        inputs = (given["query"], given["key"], given["value"])
        for x, weight, bias in zip(inputs if first else (), weights, biases, strict=False):
            self._set(functional.linear(x, weight, bias), -1, weight, bias)
        if together is None:  # they were joined before we came
            given["in_proj_bias"] = torch.cat(biases)
        weight, bias = given["out_proj_weight"], given["out_proj_bias"]
        if self._first_time(weight):
            out = self._set(ATTENTION(**given)[0], -1, weight, bias)
            _quieten(_Made(out, weight, bias))  # its caller turns it before it is added
        return ATTENTION(**given)

    def _set(self, out: Tensor, channels: int, weight: Tensor, bias: Tensor | None) -> Tensor:
        """Change weight and bias so that `out`, which they gave, is centred and of deviation one.

        Gives what they would give now.
        """
        centre, spread = self._statistics(out, channels)
        uneven = 1 + UNEVEN * torch.randn(len(spread), generator=self._chance).clamp(-2, 2)
        offset = OFFSET * torch.randn(len(spread), generator=self._chance)
        gain = uneven / spread
        weight.data.mul_(gain.reshape(-1, *[1] * (weight.ndim - 1)))
        shape = (-1, *[1] * (out.ndim - 2)) if channels == 1 else (-1,)
        out = out * gain.reshape(shape)
        if bias is not None:
            bias.data.copy_((bias.data - centre) * gain + offset)
            out += (offset - centre * gain).reshape(shape)
        self._made.append(_Made(out, weight, bias))
        return out

    def _sum(self, func: Callable[..., Any], args: tuple[Any, ...], given: dict[str, Any]) -> Any:
        """A branch is made quieter before it is added; what is as new on both sides is not."""
        parts = [made for made in self._made if any(part is made.out for part in args)]
        if len(parts) == 1:
            _quieten(parts[0])
        result = func(*args, **given)
        if parts:  # what raises a part raises the sum
            self._made.append(_Made(result, None, parts[-1].bias))
        return result

    def _lift(self, x: Tensor) -> None:
        """Raise what enters an activation above zero, where a bias allows it.

        ReLU cuts off half of what lies around zero, and the small difference that rounding makes
        grows against what is left by a fifth a layer: after fifty layers by a thousand times
        (Yang et al. 2019, https://arxiv.org/abs/1902.08129). Higher up it grows less, but what all
        pictures share grows: 0.7 deviations lie between what was best for RN50 (1.0) and for our
        small towers (0.5 and less).
        """
        for made in self._made:
            if x is made.out and made.bias is not None:
                channels = 1 if x.ndim == 4 else -1
                centre, spread = self._statistics(x, channels)
                lift = (LIFT * spread - centre).clamp(min=0)
                made.bias.data.add_(lift)
                x.add_(lift.reshape(-1, 1, 1) if channels == 1 else lift)

    def _statistics(self, out: Tensor, channels: int) -> tuple[Tensor, Tensor]:
        """Mean of each channel, and how far pictures deviate at one place; (c,) float32 each."""
        if out.ndim == 4 and channels == 1:
            out = out[:, :, :: -(-out.shape[2] // SEEN), :: -(-out.shape[3] // SEEN)]
        rows = out.movedim(channels, -1)
        # Attention pools of some put places first and pictures second.
        pictures = next((a for a in range(rows.ndim - 1) if rows.shape[a] == self._count), 0)
        rows = rows.movedim(pictures, 0).float()  # (n, ..., c)
        centre = rows.flatten(0, -2).mean(0)
        variance = rows.var(0).reshape(-1, rows.shape[-1]).mean(0)
        spread = variance.sqrt()
        typical = float(variance.mean().sqrt())
        if typical == 0:  # nothing differs here, as at the first token of a sentence
            return centre, torch.ones_like(spread)
        return centre, spread.clamp(min=FAINT * typical)


def _quieten(made: _Made) -> None:
    """Make a branch quieter; a sum stays as it is."""
    if made.weight is not None:
        for part in (made.out, made.weight.data, None if made.bias is None else made.bias.data):
            if part is not None:
                part.mul_(QUIET)


def _named(
    func: Callable[..., Any], args: tuple[Any, ...], given: dict[str, Any]
) -> dict[str, Any]:
    """All arguments by their names."""
    if names := LAYERS.get(func):
        return {"bias": None, **dict(zip(names, args, strict=False)), **given}
    bound = inspect.signature(func).bind(*args, **given)
    bound.apply_defaults()
    return dict(bound.arguments)


def _without(x: Tensor, weight: Tensor) -> Tensor:
    """The (o, i) weight made blind to the mean of its inputs (..., i): it has no bias for that.

    Where inputs have little in common it stays: blind, it would hide what the layer before adds.
    """
    rows = x.reshape(-1, x.shape[-1])
    mean = rows.mean(0)
    if float(mean @ mean) < COMMON * float(rows.square().sum(1).mean()):
        return weight
    return weight - torch.outer(weight @ mean, mean) / (mean @ mean)
