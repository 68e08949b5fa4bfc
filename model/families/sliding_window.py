"""The layers with a window, for a config.json that lists a type for each layer."""

from model.errors import CheckpointError
from model.families.family import ConfigJson, shortened

TYPES = ("sliding_attention", "full_attention")


def layer_types(hf: ConfigJson, layers: int) -> tuple[int, ...] | None:
    """The layers with a window; None where the config lists no types."""
    listed = hf.value("layer_types")
    if listed is None:
        return None
    if not isinstance(listed, list) or len(listed) != layers or not set(listed) <= set(TYPES):
        raise CheckpointError(
            f"config.json has layer_types={shortened(listed)}, but it must list {' or '.join(TYPES)} for each of {layers} layers"
        )
    return tuple(i for i, kind in enumerate(listed) if kind == "sliding_attention")
