"""Make a tower plain enough for any exporter: the same function, in fewer and commoner steps."""

import copy

from torch import Tensor, nn
from torch.nn import functional


def plain(tower: nn.Module) -> nn.Module:
    """`tower` with what is parallel fused and its attention written out; the original stays.

    Arrays that do not change are shared with the original, so that a large tower costs no second
    gigabyte.
    """
    arrays = [*tower.parameters(), *tower.buffers()]
    tower = copy.deepcopy(tower, {id(array): array for array in arrays})
    for parent in list(tower.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MultiheadAttention) and child.in_proj_weight is not None:
                setattr(parent, name, SelfAttention(child))
    return fused(tower).eval()


def fused(tower: nn.Module) -> nn.Module:
    """`tower`, changed, with each bundle of convolutions and norms made one convolution.

    Networks as those of MobileCLIP learn with several branches side by side, whose sum is one
    convolution once they have learnt (Ding et al. 2021, https://arxiv.org/abs/2101.03697).
    """
    if not any(hasattr(layer, "reparameterize") for layer in tower.modules()):
        return tower
    from timm.utils.model import reparameterize_model

    return reparameterize_model(tower, inplace=True)


class SelfAttention(nn.Module):
    """torch's MultiheadAttention for rows that look at themselves.

    torch's own lays the batch out in a way that fixes its size once it is traced, and takes four
    more transposes.
    """

    def __init__(self, original: nn.MultiheadAttention) -> None:
        super().__init__()
        self.heads = original.num_heads
        self.weight, self.bias = original.in_proj_weight, original.in_proj_bias
        self.out = original.out_proj

    def forward(
        self,
        x: Tensor,
        _keys: Tensor,
        _values: Tensor,
        attn_mask: Tensor | None = None,
        **_options: bool,
    ) -> tuple[Tensor, None]:
        """(n, l, w) and a mask (l, l) to add -> (n, l, w). Keys and values must be `x` itself."""
        n, length, width = x.shape
        parts = functional.linear(x, self.weight, self.bias)
        parts = parts.reshape(n, length, 3, self.heads, width // self.heads)
        ask, key, value = parts.permute(2, 0, 3, 1, 4)  # each (n, heads, l, w / heads)
        mixed = functional.scaled_dot_product_attention(ask, key, value, attn_mask=attn_mask)
        return self.out(mixed.transpose(1, 2).reshape(n, length, width)), None
