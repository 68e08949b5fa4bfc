"""Matrix products in bfloat16, with weights and sums in float32."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from training.recipe import Recipe


@contextmanager
def mixed_precision(recipe: Recipe, device: torch.device) -> Iterator[None]:
    """Use bfloat16 on a GPU, and on a CPU if the recipe says so.

    On a CPU attention is computed without the fused kernel: its backward pass is slow in bfloat16 (torch 2.9, 13 positions:
    56 ms a layer of 820 ms a step, against 2 ms), and short sentences gain nothing from it.
    """
    on_cpu = device.type == "cpu"
    if on_cpu and not recipe.cpu_bfloat16:
        yield
        return
    with sdpa_kernel(SDPBackend.MATH) if on_cpu else nullcontext(), torch.autocast(device.type, torch.bfloat16):
        yield
