"""Arrays and labels in, Plotly figures out. Nothing here imports Streamlit or PyTorch.

`viz.head(trace, "decoder", layer=1, head=0)` draws one head of a run. Every other function takes arrays and labels and
returns a `plotly.graph_objects.Figure` whose `layout.meta["summary"]` describes the figure in words;
`viz.summary(figure)` reads it. In Streamlit, show figures with `theme=None`: they carry their own template.

A public name is imported when it is first used, so that `import viz` stays quick.
"""

# ruff: noqa: F401  (a type checker reads the imports, a program the table)

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from viz.anatomy import Row as Row
    from viz.anatomy import score_row as score_row
    from viz.anatomy import score_strips as score_strips
    from viz.attention import alignment as alignment
    from viz.attention import attention_heatmap as attention_heatmap
    from viz.attention import attention_rows as attention_rows
    from viz.attention import difference_heatmap as difference_heatmap
    from viz.attention import heads_by_key as heads_by_key
    from viz.changes import moved_ranking as moved_ranking
    from viz.changes import next_token_change as next_token_change
    from viz.divergence import divergence_lines as divergence_lines
    from viz.divergence import heads_apart as heads_apart
    from viz.embedding import sum_of_parts as sum_of_parts
    from viz.embedding import vectors_heatmap as vectors_heatmap
    from viz.export import figure_html as figure_html
    from viz.export import matrix_csv as matrix_csv
    from viz.export import matrix_npz as matrix_npz
    from viz.frame import summary as summary
    from viz.head_importance import agreement_map as agreement_map
    from viz.head_importance import head_map as head_map
    from viz.head_importance import heads_scatter as heads_scatter
    from viz.head_pictures import head_pictures as sheet_of_heads
    from viz.influence import influence_bars as influence_bars
    from viz.influence import influence_by_distance as influence_by_distance
    from viz.lines import lines_figure as lines_figure
    from viz.logit_attribution import parts_in_order as parts_in_order
    from viz.logit_attribution import parts_map as parts_map
    from viz.logit_lens import lens_table as lens_table
    from viz.next_token import next_token_chart as next_token_chart
    from viz.next_token import with_ghosts as with_ghosts
    from viz.parameters import parameter_bars as parameter_bars
    from viz.positions import bias_heatmap as bias_heatmap
    from viz.promoted_tokens import promoted_tokens_chart as promoted_tokens_chart
    from viz.similarity import cosine_similarity_heatmap as cosine_similarity_heatmap
    from viz.similarity import neighbours_chart as neighbours_chart
    from viz.similarity import projection as projection
    from viz.theme import DARK as DARK
    from viz.theme import LIGHT as LIGHT
    from viz.token_maps import token_map as token_map
    from viz.traced_head import head as head
    from viz.uncertainty import candidates_table_heatmap as candidates_table_heatmap
    from viz.uncertainty import entropy_line as entropy_line
    from viz.uncertainty import temperature_curve as temperature_curve
    from viz.windows import Window as Window
    from viz.windows import pooled_difference as pooled_difference
    from viz.windows import pooled_heatmap as pooled_heatmap

PUBLIC = {
    "DARK": "theme.DARK",
    "LIGHT": "theme.LIGHT",
    "Row": "anatomy.Row",
    "Window": "windows.Window",
    "agreement_map": "head_importance.agreement_map",
    "alignment": "attention.alignment",
    "attention_heatmap": "attention.attention_heatmap",
    "attention_rows": "attention.attention_rows",
    "bias_heatmap": "positions.bias_heatmap",
    "candidates_table_heatmap": "uncertainty.candidates_table_heatmap",
    "cosine_similarity_heatmap": "similarity.cosine_similarity_heatmap",
    "difference_heatmap": "attention.difference_heatmap",
    "divergence_lines": "divergence.divergence_lines",
    "entropy_line": "uncertainty.entropy_line",
    "figure_html": "export.figure_html",
    "head": "traced_head.head",
    "head_map": "head_importance.head_map",
    "heads_apart": "divergence.heads_apart",
    "heads_by_key": "attention.heads_by_key",
    "heads_scatter": "head_importance.heads_scatter",
    "influence_bars": "influence.influence_bars",
    "influence_by_distance": "influence.influence_by_distance",
    "lens_table": "logit_lens.lens_table",
    "lines_figure": "lines.lines_figure",
    "matrix_csv": "export.matrix_csv",
    "matrix_npz": "export.matrix_npz",
    "moved_ranking": "changes.moved_ranking",
    "neighbours_chart": "similarity.neighbours_chart",
    "next_token_change": "changes.next_token_change",
    "next_token_chart": "next_token.next_token_chart",
    "parameter_bars": "parameters.parameter_bars",
    "parts_in_order": "logit_attribution.parts_in_order",
    "parts_map": "logit_attribution.parts_map",
    "pooled_difference": "windows.pooled_difference",
    "pooled_heatmap": "windows.pooled_heatmap",
    "projection": "similarity.projection",
    "promoted_tokens_chart": "promoted_tokens.promoted_tokens_chart",
    "score_row": "anatomy.score_row",
    "score_strips": "anatomy.score_strips",
    "sheet_of_heads": "head_pictures.head_pictures",
    "sum_of_parts": "embedding.sum_of_parts",
    "summary": "frame.summary",
    "temperature_curve": "uncertainty.temperature_curve",
    "token_map": "token_maps.token_map",
    "vectors_heatmap": "embedding.vectors_heatmap",
    "with_ghosts": "next_token.with_ghosts",
}
"""Each public name and where it is defined: {name: "module.name"} in viz."""
__all__ = list(PUBLIC)


def __getattr__(name: str) -> object:
    if name not in PUBLIC:
        raise AttributeError(f"module 'viz' has no attribute {name!r}")
    module, own = PUBLIC[name].split(".")
    found: object = getattr(import_module(f"viz.{module}"), own)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
