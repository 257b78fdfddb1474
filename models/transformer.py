"""A Transformer: tokens look at each other, then each thinks alone, layer upon layer.

Both of CLIP's Transformers are this one. Words look only backwards (`causal`), the patches of a
picture look everywhere; nothing else differs but sizes.

Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; normalised before each branch and not after
it, as in GPT-2. Letters in shapes: n rows of a batch, l tokens, w width, h heads.
"""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Activation = Literal["gelu", "quick-gelu"]


class QuickGelu(nn.Module):
    """What stood for GELU when OpenAI trained CLIP; their weights want it and no other."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return x * torch.sigmoid(1.702 * x)


class Attention(nn.Module):
    """Each token asks, each offers a key and a value, and answers are blended by how keys fit."""

    def __init__(self, width: int, heads: int, causal: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.ask_key_value = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """(n, l, w) -> (n, l, w)."""
        n, length, width = x.shape
        parts = self.ask_key_value(x).reshape(n, length, 3, self.heads, width // self.heads)
        ask, key, value = parts.permute(2, 0, 3, 1, 4)  # each (n, h, l, w / h)
        mixed = functional.scaled_dot_product_attention(ask, key, value, is_causal=self.causal)
        gathered: Tensor = self.out(mixed.transpose(1, 2).reshape(n, length, width))
        return gathered


class Layer(nn.Module):
    """Attention, then a small network for each token alone; both add to what is there."""

    def __init__(
        self, width: int, heads: int, causal: bool = True, activation: Activation = "gelu"
    ) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads, causal)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            nn.Linear(width, 4 * width),
            nn.GELU() if activation == "gelu" else QuickGelu(),
            nn.Linear(4 * width, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, l, w) -> (n, l, w)."""
        x = x + self.attention(self.attention_norm(x))
        thought: Tensor = self.mlp(self.mlp_norm(x))
        return x + thought


def transformer(
    width: int, heads: int, layers: int, causal: bool = True, activation: Activation = "gelu"
) -> nn.Sequential:
    """`layers` layers, with the first weights that CLIP gives them.

    Each layer adds two branches to its input. The deeper the tower, the quieter a branch starts,
    so that their sum at the top is about as loud as what came in at the bottom.
    """
    quiet = (2 * layers) ** -0.5
    tower = [Layer(width, heads, causal, activation) for _ in range(layers)]
    for layer in tower:
        nn.init.normal_(layer.attention.ask_key_value.weight, std=width**-0.5)
        nn.init.zeros_(layer.attention.ask_key_value.bias)
        nn.init.normal_(layer.attention.out.weight, std=width**-0.5 * quiet)
        nn.init.zeros_(layer.attention.out.bias)
        widen, narrow = (part for part in layer.mlp if isinstance(part, nn.Linear))
        nn.init.normal_(widen.weight, std=(2 * width) ** -0.5)
        nn.init.normal_(narrow.weight, std=width**-0.5 * quiet)
    return nn.Sequential(*tower)
