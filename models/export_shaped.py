"""Lay a whole tower out for Apple's Neural Engine: the same function, in the shapes that it likes.

Whether it is quicker on a Mac has not been measured: it is an option, and unproven.
"""

from typing import Any

import torch
from torch import nn

from models.export_layout import Parts, ShapedText, ShapedVision
from models.export_plain import SelfAttention
from models.exportable import UnitRows
from models.exportable_text import TextFeatures
from models.text_tower import TextTower
from models.transformer import Layer
from models.vit import VisionTransformer


def shaped(tower: nn.Module) -> nn.Module:
    """A plain tower in the other layout; as it is, where it is none that we know how to lay out.

    Those that we know: our ViT and text tower, open_clip's ViT with a class token, and its text
    towers. Convolutions have the layout already.
    """
    if not isinstance(tower, UnitRows):
        return tower
    laid_out = _laid_out(tower.tower)
    return tower if laid_out is None else UnitRows(laid_out).eval()


def _laid_out(features: nn.Module) -> nn.Module | None:
    first, *rest = features.children() if isinstance(features, nn.Sequential) else [features]
    if isinstance(first, VisionTransformer) and isinstance(rest[0], nn.Linear):
        return ShapedVision(first.normalise, *_of_our_vit(first, rest[0]))
    if isinstance(first, TextTower) and isinstance(rest[0], nn.Linear):
        layers = [_of_ours(layer) for layer in first.layers]
        mask = torch.full((len(first.places),) * 2, float("-inf")).triu(1)  # it looks backwards
        return ShapedText(
            first.tokens, first.places, layers, first.norm, rest[0].weight, rest[0].bias, mask
        )
    if rest and type(rest[0]).__name__ == "VisionTransformer" and _has_class_token(rest[0]):
        return ShapedVision(first, *_of_their_vit(rest[0]))
    if isinstance(features, TextFeatures) and features.pool in ("argmax", "last"):
        return _text_of_theirs(features)
    return None


def _of_ours(layer: nn.Module) -> Parts:
    assert isinstance(layer, Layer)
    widen, activation, narrow = layer.mlp
    asks = layer.attention.ask_key_value
    return Parts(
        layer.attention.heads,
        layer.attention_norm,
        asks.weight,
        asks.bias,
        layer.attention.out,
        layer.mlp_norm,
        widen,  # type: ignore[arg-type]  # a Sequential does not say what lies in it
        activation,
        narrow,  # type: ignore[arg-type]  # nor here
    )


def _of_theirs(block: Any) -> Parts:
    """A ResidualAttentionBlock of open_clip whose attention `plain` has written out."""
    attention = block.attn
    assert isinstance(attention, SelfAttention)
    return Parts(
        attention.heads,
        block.ln_1,
        attention.weight,
        attention.bias,
        attention.out,
        block.ln_2,
        block.mlp.c_fc,
        block.mlp.gelu,
        block.mlp.c_proj,
    )


def _of_our_vit(tower: VisionTransformer, projection: nn.Linear) -> tuple[Any, ...]:
    """What ShapedVision takes behind the normalisation."""
    layers = [_of_ours(layer) for layer in tower.layers]
    head = (tower.patches, tower.summary, tower.places, tower.first_norm)
    return (*head, layers, tower.norm, projection.weight)


def _of_their_vit(tower: Any) -> tuple[Any, ...]:
    layers = [_of_theirs(block) for block in tower.transformer.resblocks]
    head = (tower.conv1, tower.class_embedding, tower.positional_embedding, tower.ln_pre)
    return (*head, layers, tower.ln_post, tower.proj.T)


def _has_class_token(tower: Any) -> bool:
    """Whether it is CLIP's own ViT, and nothing in it was made in another way."""
    return (
        getattr(tower, "pool_type", "") == "tok"
        and getattr(tower, "attn_pool", 0) is None
        and isinstance(getattr(tower, "ln_pre", None), nn.LayerNorm)
        and _is_usual(tower.transformer)
    )


def _is_usual(transformer: Any) -> bool:
    """Whether its layers are of the plain kind, with no gains of their own."""
    return all(
        type(block).__name__ == "ResidualAttentionBlock" and isinstance(block.ls_1, nn.Identity)
        for block in transformer.resblocks
    )


def _text_of_theirs(features: TextFeatures) -> nn.Module | None:
    projection, norm = features.projection, features.norm
    if projection is None or not _is_usual(features.layers) or not isinstance(norm, nn.LayerNorm):
        return None
    if isinstance(projection, nn.Linear):
        weight, bias = projection.weight, projection.bias
    else:
        weight, bias = projection.T, None
    blocks: Any = features.layers
    layers = [_of_theirs(block) for block in blocks.resblocks]
    last = features.pool == "last"
    return ShapedText(
        features.tokens, features.places, layers, norm, weight, bias, features.mask, last
    )
