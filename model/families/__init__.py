"""The families, by the `model_type` their config.json states."""

from model.families import marian
from model.families.family import Family

FAMILIES: dict[str, Family] = {family.name: family for family in (marian.FAMILY,)}
