"""Steps in bfloat16."""

from dataclasses import replace

import pytest
import torch

from training.recipe import Recipe
from training.trainer.precision import mixed_precision


@pytest.mark.parametrize(("asked", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_products_are_in_bfloat16_if_the_recipe_says_so_and_gradients_in_float32(
    asked: bool, dtype: torch.dtype, recipe: Recipe
) -> None:
    linear = torch.nn.Linear(8, 8)
    with mixed_precision(replace(recipe, cpu_bfloat16=asked), torch.device("cpu")):
        out = linear(torch.ones(2, 8))
    out.float().sum().backward()
    assert out.dtype == dtype
    assert linear.weight.grad is not None
    assert linear.weight.grad.dtype == torch.float32
