"""Rotary positions in a config.json: `rope_parameters` in new files, `rope_theta` and `rope_scaling` in older ones."""

from dataclasses import dataclass

from model.config import Llama3Scaling
from model.errors import CheckpointError
from model.families.family import ConfigJson


@dataclass(frozen=True)
class RopeSettings:
    """The rotary frequencies of a config: their base and scaling."""

    base: float
    scale: float = 1.0
    llama3: Llama3Scaling | None = None
    share: float = 1.0


def rope_settings(hf: ConfigJson, default_base: float = 10_000.0, default_share: float = 1.0) -> RopeSettings:
    """The settings of a whole config; where it has both keys, the newer one is used, as in `transformers`."""
    parameters = hf.part("rope_parameters")
    base, share = hf.number("rope_theta", default_base), hf.number("partial_rotary_factor", default_share)
    if parameters is None:
        parameters = hf.part("rope_scaling")
    else:
        hf.value("rope_scaling")
    return RopeSettings(base, share=share) if parameters is None else stated(parameters, base, share)


def stated(parameters: ConfigJson, default_base: float, default_share: float = 1.0) -> RopeSettings:
    """The settings of one object of rotary parameters."""
    base = parameters.number("rope_theta", default_base)
    share = parameters.number("partial_rotary_factor", default_share)
    kind = parameters.text("rope_type", parameters.text("type", "default"))
    if kind == "default":
        return RopeSettings(base, share=share)
    if kind == "linear":
        return RopeSettings(base, scale=parameters.number("factor"), share=share)
    if kind == "llama3":
        stretch = Llama3Scaling(
            factor=parameters.number("factor"),
            low_frequency=parameters.number("low_freq_factor"),
            high_frequency=parameters.number("high_freq_factor"),
            trained_positions=parameters.integer("original_max_position_embeddings"),
        )
        return RopeSettings(base, llama3=stretch, share=share)
    raise CheckpointError(
        f"config.json asks for rotary positions of type {kind!r}, supported are default, linear and llama3"
    )
