"""One recipe a shipped model, by the model's name."""

from training.recipe import Recipe
from training.recipes import transformer_fr_en

RECIPES: dict[str, Recipe] = {"transformer-fr-en": transformer_fr_en.RECIPE}
