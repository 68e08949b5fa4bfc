"""Python that computes the measures of every head again: the same tokens, the same parts off."""

from collections.abc import Sequence

from analysis.knock_out import Prediction
from ui.knock_out.importance import Name
from ui.maps.attention import AttentionKind
from ui.maps.drawing import Source
from ui.runs.notebook import of_edits, of_run
from ui.runs.store import Run


def tables(edited: Run, asked: Prediction, names: Sequence[Name], kinds: Sequence[AttentionKind]) -> Source:
    """Lines up to `tables`: for each measure a list of arrays (layers, heads), one for each kind of attention."""
    edits = of_edits(edited)
    source = Source([*of_run(edited), f"parts = {[kind.place for kind in kinds]}", "tables = {}"])
    if "weight" in names or "norm" in names:
        lines = ["sharp, norm = zip(*(sharpness_and_norm(trace, *part) for part in parts))"]
        lines += [
            f'tables["{name}"] = {made}' for name, made in (("weight", "sharp"), ("norm", "norm")) if name in names
        ]
        source += Source(lines, ["from analysis.head_importance import sharpness_and_norm"])
    if "gradient" in names or "knock_out" in names:
        source += Source([f"asked = {asked}"], ["from analysis.knock_out import Prediction"])
    if "gradient" in names:
        lines = [
            f"found = heads_gradient_x_attention(lm, asked, edits={edits})",
            'tables["gradient"] = [found[part].cpu().numpy() for part in parts]',
        ]
        source += Source(lines, ["from analysis.gradients import heads_gradient_x_attention"])
    return source + _knocked_out(edits) if "knock_out" in names else source


def _knocked_out(edits: str) -> Source:
    """Lines that knock out every head in turn."""
    lines = [
        "heads = [edit for edit in every_head(lm.config) if (edit.stack, edit.part) in parts]",
        "size = rows_a_batch(lm, asked)",
        "batches = [heads[i : i + size] for i in range(0, len(heads), size)]",
        f"before = log_probability(lm, asked, {edits})",
        "after = {}",
        "for batch in batches:",
        f"    after |= dict(zip(batch, one_at_a_time(lm, asked, batch, always={edits})))",
        'tables["knock_out"] = [',
        "    np.array([before - after[edit] for edit in heads if (edit.stack, edit.part) == part], dtype=np.float32)",
        "    .reshape(-1, lm.config.n_heads)",
        "    for part in parts",
        "]",
    ]
    return Source(lines, ["from analysis.knock_out import every_head, log_probability, one_at_a_time, rows_a_batch"])
