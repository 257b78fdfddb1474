"""Copy in the weights of CLIP as OpenAI and open_clip name them.

    clip = build(size_of("ViT-B-32"))
    copy_in(clip, torch.load("weights.pt"))

The tables read: what we call it, what they call it. A star is a number, the same on both sides;
`.T` marks a matrix that they keep on its side. A name stands for one array, or for a layer with
all its arrays (weight, bias, running_mean ...).
"""

import re
from collections.abc import Mapping

from torch import Tensor

from models.errors import BadData
from models.resnet import ModifiedResNet
from models.towers import TwoTowers
from models.vit import VisionTransformer

Table = dict[str, str]

LAYERS = {  # of a Transformer, in either tower
    "layers.*.attention_norm": "transformer.resblocks.*.ln_1",
    "layers.*.attention.ask_key_value.weight": "transformer.resblocks.*.attn.in_proj_weight",
    "layers.*.attention.ask_key_value.bias": "transformer.resblocks.*.attn.in_proj_bias",
    "layers.*.attention.out": "transformer.resblocks.*.attn.out_proj",
    "layers.*.mlp_norm": "transformer.resblocks.*.ln_2",
    "layers.*.mlp.0": "transformer.resblocks.*.mlp.c_fc",
    "layers.*.mlp.2": "transformer.resblocks.*.mlp.c_proj",
}
TEXT = {
    "log_scale": "logit_scale",
    "text_tower.tokens": "token_embedding",
    "text_tower.places": "positional_embedding",
    **{f"text_tower.{ours}": theirs for ours, theirs in LAYERS.items()},
    "text_tower.norm": "ln_final",
    "text_projection.weight": "text_projection.T",
}
VIT = {
    "image_tower.patches": "visual.conv1",
    "image_tower.summary": "visual.class_embedding",
    "image_tower.places": "visual.positional_embedding",
    "image_tower.first_norm": "visual.ln_pre",
    **{f"image_tower.{ours}": f"visual.{theirs}" for ours, theirs in LAYERS.items()},
    "image_tower.norm": "visual.ln_post",
    "image_projection.weight": "visual.proj.T",
}
RESNET = {  # our stage 0 is the stem
    "image_tower.stages.0.0.0": "visual.conv1",
    "image_tower.stages.0.0.1": "visual.bn1",
    "image_tower.stages.0.2.0": "visual.conv2",
    "image_tower.stages.0.2.1": "visual.bn2",
    "image_tower.stages.0.4.0": "visual.conv3",
    "image_tower.stages.0.4.1": "visual.bn3",
    "image_tower.stages.*.*.narrow.0": "visual.layer*.*.conv1",
    "image_tower.stages.*.*.narrow.1": "visual.layer*.*.bn1",
    "image_tower.stages.*.*.look.0": "visual.layer*.*.conv2",
    "image_tower.stages.*.*.look.1": "visual.layer*.*.bn2",
    "image_tower.stages.*.*.widen.0": "visual.layer*.*.conv3",
    "image_tower.stages.*.*.widen.1": "visual.layer*.*.bn3",
    "image_tower.stages.*.*.shortcut.1.0": "visual.layer*.*.downsample.0",
    "image_tower.stages.*.*.shortcut.1.1": "visual.layer*.*.downsample.1",
    "image_tower.pool.places": "visual.attnpool.positional_embedding",
    "image_tower.pool.ask": "visual.attnpool.q_proj",
    "image_tower.pool.key": "visual.attnpool.k_proj",
    "image_tower.pool.value": "visual.attnpool.v_proj",
    "image_projection": "visual.attnpool.c_proj",
}
NO_WEIGHTS = {"input_resolution", "context_length", "vocab_size"}  # sizes, in OpenAI's own files
COUNTS = ".num_batches_tracked"  # how often a batch norm was trained: nothing reads it
NAMED = 5  # of all that is wrong with a file: enough to see what it is


def copy_in(clip: TwoTowers, state: Mapping[str, Tensor]) -> None:
    """Give `clip` the weights of `state`, by name, and all of them.

    Raises BadData, which names what `state` lacks, what is of another shape, and what `clip` has
    no place for. `clip` is then as it was.
    """
    table = table_for(clip)
    found, wrong = {}, []
    left = {name for name in state if not name.endswith(COUNTS)} - NO_WEIGHTS
    for name, own in clip.state_dict().items():
        if name.endswith(COUNTS):
            continue
        theirs = their_name(name, table)
        array = theirs.removesuffix(".T")
        left.discard(array)
        if array not in state:
            wrong.append(f"{array} is missing")
            continue
        found[name] = state[array].T if theirs.endswith(".T") else state[array]
        if found[name].shape != own.shape:
            want = tuple(own.T.shape if theirs.endswith(".T") else own.shape)
            wrong.append(f"{array} is {tuple(state[array].shape)} and should be {want}")
    wrong += [f"{name} has no place" for name in sorted(left)]
    if wrong:
        more = f"; and {len(wrong) - NAMED} more" if len(wrong) > NAMED else ""
        raise BadData(f"These weights are of another model: {'; '.join(wrong[:NAMED])}{more}.")
    clip.load_state_dict(found, strict=False)  # not strict: the counts stay


def table_for(clip: TwoTowers) -> Table:
    """The names of all layers of `clip`. Raises BadData where its image tower is our own."""
    if isinstance(clip.image_tower, ModifiedResNet):
        return TEXT | RESNET
    if isinstance(clip.image_tower, VisionTransformer):
        return TEXT | VIT
    kind = type(clip.image_tower).__name__
    raise BadData(f"Nobody else has an image tower like {kind}: there are no weights to copy in.")


def their_name(name: str, table: Table) -> str:
    """What they call our array `name`. Raises KeyError.

    >>> their_name("text_tower.layers.11.mlp.0.bias", TEXT)
    'transformer.resblocks.11.mlp.c_fc.bias'
    """
    for ours, theirs in table.items():
        pattern = re.escape(ours).replace(r"\*", r"(\d+)") + r"(\.\w+)?"
        if matched := re.fullmatch(pattern, name):
            *numbers, array = matched.groups(default="")
            return theirs.replace("*", "{}").format(*numbers) + array
    raise KeyError(name)
