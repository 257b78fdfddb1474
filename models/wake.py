"""Make random weights tell pictures apart, and every layer count, so that an export can be proven.

A deep tower with random weights maps all pictures to almost one vector: MobileCLIP2-S0 puts 40
drawn ones at cosines over 0.9998. Some of its layers are born silent besides (a layer scale of
0.00001, norms that begin at zero), and a fault in them changes nothing. An export of such a tower
passes any test, right or wrong.

So pictures are sent through once, and each layer is set when they reach it, before they go on:
its bias so that the mean over pictures and places is zero, its weights so that what differs
*between pictures at one place* has a deviation of one. Nothing that all pictures share grows with
depth, and every branch adds about as much as any other. It is batch normalisation's own estimate,
and that of LSUV (Mishkin and Matas 2015, https://arxiv.org/abs/1511.06422), taken between pictures.
"""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from models.encoder import Images
from models.exportable import Exportable
from models.tokenizer_choice import tokenizer_of
from models.wake_layers import QUIET, UNEVEN, Waking

PICTURES = 64  # as many sentences; more move the estimates little and cost time
PLACE = 0.7  # deviation of places, class tokens and whatever else stands alone beside the layers


def wake(exportable: Exportable, pictures: Images, sentences: Sequence[str], seed: int = 0) -> None:
    """Set the weights of both towers, in place, by the first 64 pictures and sentences.

    `pictures` are (n, 3, s, s) uint8, as `gate.samples` gives them. The same seed, samples and
    weights give the same again.
    """
    text, path = exportable.spec.text, exportable.tokenizer
    tokenizer = tokenizer_of(path.parent, replace(text, tokenizer=path.name))
    tokens = tokenizer.batch(sentences[:PICTURES], text.context_length)
    wake_tower(exportable.images, torch.from_numpy(pictures[:PICTURES].copy()), seed)
    wake_tower(exportable.texts, torch.from_numpy(tokens), seed + 1)


def wake_tower(tower: nn.Module, inputs: Tensor, seed: int) -> None:
    """One tower, by (n, ...) inputs of its own kind."""
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in _alone(tower):
            _set_alone(parameter, chance)
        with Waking(tower, len(inputs), chance):
            tower(inputs)


def _alone(tower: nn.Module) -> list[nn.Parameter]:
    """Parameters that are no layer's weight or bias: places, class tokens, layer scales."""
    return [
        parameter
        for module in tower.modules()
        for name, parameter in module.named_parameters(recurse=False)
        if name not in ("weight", "bias") and not name.startswith("in_proj")
    ]


def _set_alone(parameter: nn.Parameter, chance: torch.Generator) -> None:
    """Make it as loud as its neighbours: a gain as a branch, anything else around zero."""
    noise = torch.randn(parameter.shape, generator=chance)
    values = parameter.data
    largest = float(values.abs().max())
    if float((values - values.mean()).abs().max()) > largest / 1000:  # more than rounding
        values.mul_(PLACE / values.std())
    elif largest > 0:  # all the same: a layer scale, however small
        values.copy_(QUIET * (1 + UNEVEN * noise))
    else:
        values.copy_(PLACE * noise)
