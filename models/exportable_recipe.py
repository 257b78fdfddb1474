"""Read from open_clip's own configuration what an architecture is, and how its photos are made."""

import difflib
from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch

from models.errors import BadEncoder
from models.pixels import CLIP_MEAN, CLIP_STD
from models.pretrained import open_clip
from models.spec import ImageSpec

NAMED = 5  # of all names that are like the one asked for
PHOTO = ("mean", "std", "interpolation", "resize_mode")  # what a tag says of its photos
DEFAULT = (CLIP_MEAN, CLIP_STD, "bicubic", "shortest")  # open_clip's, where nothing is published
RESIZE = {"shortest": "short-side", "squash": "squash"}  # theirs -> ours


@dataclass(frozen=True, slots=True)
class Recipe:
    """One architecture of open_clip and, where a tag was named, what is published under it."""

    architecture: str
    pretrained: str | None
    config: dict[str, Any]  # embed_dim, vision_cfg, text_cfg ... as in its model_configs
    published: dict[str, Any]  # mean, std, interpolation, resize_mode, and where the weights lie

    @property
    def name(self) -> str:
        """What an encoder made of it is called where nobody names it."""
        return f"{self.architecture}-{self.pretrained or 'local'}"

    @property
    def dimension(self) -> int:
        """Numbers in a vector."""
        return int(self.config["embed_dim"])

    def image(self, size: tuple[int, int] | int) -> ImageSpec:
        """How a photo becomes what the image tower of `size` px wants. Raises BadEncoder."""
        sides = set(size) if isinstance(size, tuple) else {size}
        resize = RESIZE.get(self.published["resize_mode"])
        interpolation = self.published["interpolation"]
        if len(sides) > 1 or resize is None or interpolation not in ("bicubic", "bilinear"):
            raise BadEncoder(
                f"{self.architecture} wants photos of {size} px, made by {self.published}; we make "
                "squares, by cutting or squeezing. Choose another architecture."
            )
        mean, std = tuple(self.published["mean"]), tuple(self.published["std"])
        return ImageSpec(sides.pop(), mean, std, interpolation, resize, "", "")  # type: ignore[arg-type]  # checked above


def recipe_of(architecture: str, pretrained: str | None) -> Recipe:
    """The recipe of an architecture, and of weights that are published under a tag.

    Without a tag, photos are made as for most of the weights that are published for it. Raises
    BadEncoder, which names the nearest names.
    """
    library = open_clip()
    known = library.list_models()
    if architecture not in known:
        raise BadEncoder(unknown("architecture", architecture, known))
    config = library.get_model_config(architecture)
    tags = library.list_pretrained_tags_by_model(architecture)
    if pretrained is not None and library.get_pretrained_cfg(architecture, pretrained) == {}:
        raise BadEncoder(unknown(f"set of weights of {architecture}", pretrained, tags))
    if pretrained is not None:
        published = dict(library.get_pretrained_cfg(architecture, pretrained))
        # Weights want the activation that they were trained with, whatever the plain name says.
        config["quick_gelu"] = published.get("quick_gelu", config.get("quick_gelu", False))
    else:
        ways = [library.get_pretrained_cfg(architecture, tag) for tag in tags]
        counted = Counter(tuple(way[key] for key in PHOTO) for way in ways)
        ((usual, _),) = counted.most_common(1) or [(DEFAULT, 0)]
        published = dict(zip(PHOTO, usual, strict=True))
    return Recipe(architecture, pretrained, config, published)


def unknown(kind: str, wanted: str, known: list[str]) -> str:
    """The sentence for a name that does not exist, with those that are most like it.

    >>> unknown("fruit", "aple", ["apple", "cherry"])
    'There is no fruit called aple. Nearest: apple.'
    """
    by_letters = {name.lower(): name for name in known}
    near = difflib.get_close_matches(wanted.lower(), by_letters, NAMED, cutoff=0.4)
    names = [by_letters[name] for name in near] or sorted(known)[:NAMED]
    return f"There is no {kind} called {wanted}. Nearest: {', '.join(names) or 'none'}."


def model_of(recipe: Recipe, seed: int) -> Any:
    """open_clip's model with random weights of `seed`. Raises BadEncoder where we know no way.

    It is built by its class and not by `create_model`, which sets up logging and may fetch parts.
    """
    library = open_clip()
    config = {**recipe.config, "vision_cfg": {**recipe.config["vision_cfg"]}}
    if "multimodal_cfg" in config:
        raise BadEncoder(
            f"{recipe.architecture} writes captions too, and is not made for search alone. "
            "Choose another architecture."
        )
    if "hf_model_name" in config["text_cfg"]:
        raise BadEncoder(
            f"{recipe.architecture} takes its text tower from another library, which we can not "
            "export yet. For many languages choose ViT-B-16-SigLIP2 or ViT-B-32-SigLIP2-256."
        )
    if "timm_model_name" in config["vision_cfg"]:
        config["vision_cfg"]["timm_model_pretrained"] = False
    has_own_text = config.pop("custom_text", False)
    made = library.CustomTextCLIP if has_own_text else library.CLIP
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return made(**config).eval()
