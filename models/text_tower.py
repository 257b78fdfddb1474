"""The text tower: a sentence's tokens in, one vector out, read where the sentence ends.

    <start>   a   dog   on   grass   <end>  0  0 ...        (n, l) tokens
       |      |    |     |     |       |                    an embedding each, plus its place
       |______|____|_____|_____|_______|                    Transformer that looks backwards
                                       |
                                    vector                  (n, w): the end has seen it all

Radford et al. 2021, section 2.4, https://arxiv.org/abs/2103.00020. With the sizes of `sizes.py` it
is CLIP's own tower.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from models.transformer import Activation, transformer


@dataclass(frozen=True, slots=True)
class TextConfig:
    """A causal Transformer, read out at the end token. CLIP has 49408, 77, 512, 8, 12."""

    vocabulary: int = 8192
    context_length: int = 32  # tokens of the longest sentence, start and end included
    width: int = 256
    heads: int = 4
    layers: int = 4
    activation: Activation = "gelu"


class TextTower(nn.Module):
    """A Transformer that sees only backwards, so that the end token has seen the whole sentence.

    What stands behind the end token changes nothing: rows may be padded to any length.
    """

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.tokens = nn.Embedding(config.vocabulary, config.width)
        self.places = nn.Parameter(torch.empty(config.context_length, config.width))
        self.layers = transformer(
            config.width, config.heads, config.layers, causal=True, activation=config.activation
        )
        self.norm = nn.LayerNorm(config.width)
        nn.init.normal_(self.tokens.weight, std=0.02)  # CLIP's own: small embeddings
        nn.init.normal_(self.places, std=0.01)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, l) int64, l at most the context length -> (n, w) float32."""
        x = self.tokens(tokens) + self.places[: tokens.shape[1]]
        x = self.norm(self.layers(x))
        end = tokens.argmax(dim=1)  # the end token has the largest number of all
        vector: Tensor = x[torch.arange(tokens.shape[0], device=tokens.device), end].float()
        return vector
