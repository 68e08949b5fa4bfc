"""The two norms. Both compute in float32, whatever the dtype of the weights."""

import torch
from torch import Tensor, nn

from model.config import TransformerConfig


class RMSNorm(nn.Module):
    """Scales to unit root mean square; no centring, no bias (Zhang and Sennrich 2019)."""

    def __init__(self, width: int, eps: float, offset: float) -> None:
        super().__init__()
        self.weight, self.eps, self.offset = nn.Parameter(torch.ones(width)), eps, offset

    def forward(self, x: Tensor) -> Tensor:
        y = x.float()
        y = y * torch.rsqrt(y.pow(2).mean(-1, keepdim=True) + self.eps)
        return (y * (self.weight.float() + self.offset)).to(x.dtype)


def build_norm(config: TransformerConfig, width: int | None = None) -> nn.Module:
    """The config's norm over `width` coordinates; None: d_model."""
    width = width or config.d_model
    if config.norm == "rms":
        return RMSNorm(width, config.norm_eps, config.norm_offset)
    return nn.LayerNorm(width, eps=config.norm_eps, bias=config.norm_bias)
