"""Read-outs of a run: a trace and the weights in, arrays out.

A public name is imported when it is first used, so that `import analysis` stays quick.
"""

# ruff: noqa: F401  (a type checker reads the imports, a program the table)

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.agreement import rank_agreement as rank_agreement
    from analysis.alignment import align as align
    from analysis.alignment_heads import alignment_heads as find_alignment_heads
    from analysis.anatomy import anatomy as weight_anatomy
    from analysis.cost import cost as token_cost
    from analysis.difference import Grid as Grid
    from analysis.difference import moved as moved
    from analysis.difference import nearest_heads as nearest_heads
    from analysis.difference import total_variation as total_variation
    from analysis.divergence import decode_divergence as decode_divergence
    from analysis.divergence import mask_divergence as mask_divergence
    from analysis.flow import flow as attention_flow
    from analysis.flow import graph as flow_graph
    from analysis.gradients import gradient_x_attention as gradient_x_attention
    from analysis.gradients import heads_gradient_x_attention as heads_gradient_x_attention
    from analysis.head_importance import sharpness_and_norm as sharpness_and_norm
    from analysis.head_scores import score_trace as score_trace
    from analysis.head_summary import summarise as summarise_heads
    from analysis.influence import by_distance as influence_by_distance
    from analysis.influence import influence as token_influence
    from analysis.knock_out import Prediction as Prediction
    from analysis.knock_out import every_head as every_head
    from analysis.knock_out import every_sublayer as every_sublayer
    from analysis.knock_out import log_probability as log_probability
    from analysis.knock_out import one_at_a_time as one_at_a_time
    from analysis.kv_cache import growth as cache_growth
    from analysis.logit_attribution import attribution as attribution
    from analysis.logit_attribution import by_source as attribution_by_source
    from analysis.logit_lens import lens as lens
    from analysis.mask_filling import filled_masks as filled_masks
    from analysis.merging import Reshaping as Reshaping
    from analysis.merging import axis as axis
    from analysis.promoted_tokens import head_output as head_output
    from analysis.promoted_tokens import ranked as ranked
    from analysis.prompting import Prompt as Prompt
    from analysis.prompting import pose as pose
    from analysis.prompting_shares import attention_shares as attention_shares
    from analysis.prompting_shares import influence_shares as influence_shares
    from analysis.prompting_shares import log_probabilities as answer_log_probabilities
    from analysis.rollout import rollout as attention_rollout
    from analysis.sampling_stages import stages as after_each_stage
    from analysis.similarity import cosines as cosines
    from analysis.similarity import nearest as nearest
    from analysis.similarity import projection as projection
    from analysis.uncertainty import positionwise as positionwise
    from analysis.uncertainty import tempered as tempered
    from analysis.value_weighted import value_norms as value_norms
    from analysis.value_weighted import value_weighted as value_weighted_head
    from analysis.value_weighted import value_weighted_layer as value_weighted_layer
    from analysis.words import words as words_of

PUBLIC = {
    "Grid": "difference.Grid",
    "Prediction": "knock_out.Prediction",
    "Prompt": "prompting.Prompt",
    "Reshaping": "merging.Reshaping",
    "after_each_stage": "sampling_stages.stages",
    "align": "alignment.align",
    "answer_log_probabilities": "prompting_shares.log_probabilities",
    "attention_flow": "flow.flow",
    "attention_rollout": "rollout.rollout",
    "attention_shares": "prompting_shares.attention_shares",
    "attribution": "logit_attribution.attribution",
    "attribution_by_source": "logit_attribution.by_source",
    "axis": "merging.axis",
    "cache_growth": "kv_cache.growth",
    "cosines": "similarity.cosines",
    "decode_divergence": "divergence.decode_divergence",
    "every_head": "knock_out.every_head",
    "every_sublayer": "knock_out.every_sublayer",
    "filled_masks": "mask_filling.filled_masks",
    "find_alignment_heads": "alignment_heads.alignment_heads",
    "flow_graph": "flow.graph",
    "gradient_x_attention": "gradients.gradient_x_attention",
    "head_output": "promoted_tokens.head_output",
    "heads_gradient_x_attention": "gradients.heads_gradient_x_attention",
    "influence_by_distance": "influence.by_distance",
    "influence_shares": "prompting_shares.influence_shares",
    "lens": "logit_lens.lens",
    "log_probability": "knock_out.log_probability",
    "mask_divergence": "divergence.mask_divergence",
    "moved": "difference.moved",
    "nearest": "similarity.nearest",
    "nearest_heads": "difference.nearest_heads",
    "one_at_a_time": "knock_out.one_at_a_time",
    "pose": "prompting.pose",
    "positionwise": "uncertainty.positionwise",
    "projection": "similarity.projection",
    "rank_agreement": "agreement.rank_agreement",
    "ranked": "promoted_tokens.ranked",
    "score_trace": "head_scores.score_trace",
    "sharpness_and_norm": "head_importance.sharpness_and_norm",
    "summarise_heads": "head_summary.summarise",
    "tempered": "uncertainty.tempered",
    "token_cost": "cost.cost",
    "token_influence": "influence.influence",
    "total_variation": "difference.total_variation",
    "value_norms": "value_weighted.value_norms",
    "value_weighted_head": "value_weighted.value_weighted",
    "value_weighted_layer": "value_weighted.value_weighted_layer",
    "weight_anatomy": "anatomy.anatomy",
    "words_of": "words.words",
}
"""Each public name and where it is defined: {name: "module.name"} in analysis."""
__all__ = list(PUBLIC)


def __getattr__(name: str) -> object:
    if name not in PUBLIC:
        raise AttributeError(f"module 'analysis' has no attribute {name!r}")
    module, own = PUBLIC[name].split(".")
    found: object = getattr(import_module(f"analysis.{module}"), own)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
