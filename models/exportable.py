"""Bring any CLIP to the form that every exporter takes: bytes and tokens in, unit rows out.

    exportable = of_ours("default", Path("tokenizer.bpe"), "sightword-small", clip=trained)
    exportable = of_open_clip("MobileCLIP2-S0", "dfndr2b", Path("s0.safetensors"))

What stands here is the original that an export is compared with, so nothing is simplified: that
the exporters do, on a copy (`export_plain.plain`).
"""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.clip_bpe import ClipTokenizer
from models.errors import BadEncoder
from models.exportable_recipe import Recipe, model_of, recipe_of
from models.exportable_text import TextFeatures
from models.exportable_tokenizer import text_of
from models.exportable_weights import load_into
from models.pixels import Normalise
from models.pretrained import TABLE
from models.sizes import Size, build, size_of
from models.spec import EncoderSpec, ImageSpec, TextSpec
from models.tokenizer import Tokenizer
from models.towers import TwoTowers


@dataclass(frozen=True, slots=True)
class Exportable:
    """Both towers in eval mode, what they want, and the tokenizer's file.

    `images`: (n, 3, s, s) RGB 0..255, bytes or floats -> (n, d) float32 unit rows.
    `texts`: (n, l) int64 or int32 -> (n, d) float32 unit rows.
    `spec` is a draft: the names of files and their digests come with an export.
    """

    spec: EncoderSpec
    images: nn.Module
    texts: nn.Module
    tokenizer: Path


class UnitRows(nn.Module):
    """A tower whose rows are brought to length one."""

    def __init__(self, tower: nn.Module) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, x: Tensor) -> Tensor:
        """What the tower takes -> (n, d) float32 unit rows."""
        return functional.normalize(self.tower(x).float(), dim=1)


def of_ours(
    size: str | Size,
    tokenizer: Path,
    name: str,
    clip: TwoTowers | None = None,
    seed: int = 0,
    licence: str = "",
) -> Exportable:
    """A CLIP of `sizes.py`: `clip` if it is given, else random weights of `seed`.

    Raises BadEncoder where `clip` has fewer tokens than the tokenizer, BadData for an unknown size.
    """
    size = size_of(size) if isinstance(size, str) else size
    is_clip_s = tokenizer.name == TABLE
    tokens = (ClipTokenizer if is_clip_s else Tokenizer).read(tokenizer).size
    if clip is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            clip = build(replace(size, text=replace(size.text, vocabulary=tokens)))
    elif (rows := clip.get_parameter("text_tower.tokens.weight").shape[0]) < tokens:
        raise BadEncoder(
            f"{tokenizer} has {tokens} tokens, and these towers know {rows}. "
            "Name the tokenizer that they were trained with."
        )
    image = ImageSpec(
        size.image.side, size.image.mean, size.image.std, "bicubic", "short-side", "", ""
    )
    text = TextSpec(
        size.text.context_length, "", "", "", ("LATIN",), kind="clip" if is_clip_s else "sightword"
    )
    spec = EncoderSpec(name, clip.image_projection.out_features, image, text, None, licence, "")
    images = UnitRows(nn.Sequential(clip.image_tower, clip.image_projection))
    texts = UnitRows(nn.Sequential(clip.text_tower, clip.text_projection))
    return Exportable(spec, images.eval(), texts.eval(), tokenizer)


def of_open_clip(
    architecture: str,
    pretrained: str | None = None,
    weights: Path | None = None,
    seed: int = 0,
    tokenizer: Path | None = None,
    name: str | None = None,
    licence: str = "",
) -> Exportable:
    """Any CLIP of open_clip by its name, with the recipe and the tokenizer of its configuration.

    `pretrained` is open_clip's tag. `weights` is a local file of such weights; without it those of
    the tag are taken from open_clip's cache, or fetched into it. With neither, weights are random,
    of `seed`. `tokenizer` is a tokenizer.json, for architectures that do not use CLIP's own table;
    without it that of the hub's cache is taken, and for random weights a small one is learnt.
    Raises BadEncoder: an unknown name or tag, weights of another architecture, a cut file.
    """
    recipe = recipe_of(architecture, pretrained)
    if weights is None and pretrained is not None:
        raise BadEncoder(f"Name the file of the weights {pretrained} of {architecture} too.")
    exportable = of_recipe(recipe, weights, seed, tokenizer)
    spec = replace(exportable.spec, name=name or recipe.name, licence=licence)
    return replace(exportable, spec=spec)


def of_recipe(
    recipe: Recipe, weights: Path | None = None, seed: int = 0, tokenizer: Path | None = None
) -> Exportable:
    """The same for a recipe, of an architecture of one's own too. Raises BadEncoder."""
    model = model_of(recipe, seed)
    if weights is not None:
        load_into(model, weights, recipe.architecture)
    texts = TextFeatures(model)
    text, table = text_of(recipe, texts.takes_any_length, tokenizer)
    image = recipe.image(model.visual.image_size)
    images = UnitRows(nn.Sequential(Normalise(image.mean, image.std), model.visual))
    spec = EncoderSpec(recipe.name, recipe.dimension, image, text, None, "", "")
    return Exportable(spec, images.eval(), UnitRows(texts).eval(), table)
