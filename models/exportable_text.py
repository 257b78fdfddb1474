"""The text tower of an open_clip model, from tokens to the vector before it is made a unit row."""

from typing import Any

import torch
from torch import Tensor, nn

from models.errors import BadEncoder


class TextFeatures(nn.Module):
    """What `encode_text` of open_clip does, also for sentences shorter than the context length.

    A tower that looks only backwards and is read at the end token never sees the padding: there,
    rows may be as short as the longest sentence, and most sentences take a tenth of the time.
    """

    mask: Tensor | None

    def __init__(self, model: Any) -> None:
        super().__init__()
        text = getattr(model, "text", model)  # in the plain CLIP its parts lie in the model itself
        if getattr(text, "cls_emb", None) is not None or getattr(text, "use_pad_mask", False):
            raise BadEncoder("A text tower that masks its padding can not be exported yet.")
        self.tokens: nn.Embedding = text.token_embedding
        self.places: nn.Parameter = text.positional_embedding
        self.layers: nn.Module = text.transformer
        self.norm: nn.Module = text.ln_final
        self.projection: nn.Linear | nn.Parameter | None = text.text_projection
        self.pool: str = getattr(text, "pool_type", getattr(text, "text_pool_type", "argmax"))
        self.end: int = getattr(text, "eos_id", getattr(text, "text_eos_id", 0))
        self.register_buffer("mask", text.attn_mask, persistent=False)
        self.takes_any_length = self.mask is not None and self.pool in ("argmax", "eos", "first")

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, l) whole numbers -> (n, d)."""
        length = tokens.shape[1]
        x = self.tokens(tokens) + self.places[:length]
        mask = None if self.mask is None else self.mask[:length, :length]
        x = self.norm(self.layers(x, attn_mask=mask))
        x = self._read(x, tokens)
        if isinstance(self.projection, nn.Linear):
            projected: Tensor = self.projection(x)
            return projected
        return x if self.projection is None else x @ self.projection

    def _read(self, x: Tensor, tokens: Tensor) -> Tensor:
        """(n, l, w) -> (n, w): the row where the sentence is summed up."""
        if self.pool == "first":
            return x[:, 0]
        if self.pool == "last":
            return x[:, -1]
        at = tokens.argmax(1) if self.pool == "argmax" else (tokens == self.end).int().argmax(1)
        return x[torch.arange(x.shape[0], device=x.device), at]  # not len(): a traced 2 stays 2
