"""Python that makes the knock-out page's figures in a notebook: the same tokens, the same parts off, the same arguments."""

from collections.abc import Sequence

from analysis.knock_out import Prediction
from ui.knock_out.importance import NUMBERS, Name
from ui.maps import attention
from ui.maps.attention import AttentionKind
from ui.runs.notebook import call, of_edits, of_run, of_trace, whole
from ui.runs.runner import Run
from viz.windows import Window

PREDICTION = "from analysis.knock_out import Prediction"


def of_change(plain: Run, edited: Run, at: int, token: int, candidates: int, height: int) -> str:
    """The next token before and after."""
    lines = [
        *of_run(plain, "plain"),
        *of_trace(edited, "edited"),
        f"before, after = (trace.probabilities({at}) for trace in (plain, edited))",
        f"best = [shares.topk(min({candidates}, len(shares))).indices for shares in (before, after)]",
        f"ids = sorted({{{token}, *(int(i) for found in best for i in found)}}, key=lambda i: -float(before[i]))",
        call(
            "next_token_change",
            [
                "[lm.token(i).label for i in ids]",
                "before[ids].cpu().numpy()",
                "after[ids].cpu().numpy()",
                "len(before) - len(ids)",
                "theme=LIGHT",
                f"chosen=ids.index({token})",
                f"height={height}",
            ],
        ),
    ]
    return whole(["from viz.changes import next_token_change"], lines)


Place = tuple[AttentionKind, int, int]  # layer, head
CALLED = {"change": "change of attention", "value-weighted": "norm", "gradient": "bits"}


def of_map(
    plain: Run, edited: Run, asked: Prediction, place: Place, shows: str, cut: Sequence[tuple[int, int]], window: Window
) -> str:
    """One head's weights, what the parts off changed of them, or what they are worth; cut cells framed."""
    kind = place[0]
    stack, part = kind.place
    imports, lines, made = _cells(plain, edited, asked, place, shows)
    read = "encoder" if part == "cross" else stack
    lines += [
        f"cells = {made}.cpu().numpy()",
        f'queries, keys = ([token.label for token in trace.tokens(stack)] for stack in ("{stack}", "{read}"))',
    ]
    arrays = ["cells", "queries", "keys"]
    settings = ["theme=LIGHT", 'title_query="looks"', 'title_key="is looked at"', "width=620"]
    if shows in CALLED:
        settings.append(f"name={CALLED[shows]!r}")
    elif kind.causal:
        settings.append("hide_future=True")
    if window.exact:
        function = "difference_heatmap" if shows in CALLED else "attention_heatmap"
        imports.append(f"from viz.attention import {function}")
        rows, columns = f"{window.query}:{window.query_end}", f"{window.key}:{window.key_end}"
        arrays = [f"cells[{rows}, {columns}]", f"queries[{rows}]", f"keys[{columns}]"]
        settings += [f"first_query={window.query}", f"first_key={window.key}"]
    else:
        function = "pooled_difference" if shows in CALLED else "pooled_heatmap"
        imports.append(f"from viz.windows import Window, {function}")
        arrays.append(f"Window({window.query}, {window.query_end}, {window.key}, {window.key_end})")
    lines.append(call(function, [*arrays, *settings]))
    if cut and window.exact:
        imports.append("from viz.frame import outline")
        lines += [
            f"for query, key in {list(cut)}:",
            "    fig.add_shape(outline(LIGHT, x=(key, key), y=(query, query), colour=LIGHT.warning))",
        ]
    return whole(imports, lines)


def _cells(plain: Run, edited: Run, asked: Prediction, place: Place, shows: str) -> tuple[list[str], list[str], str]:
    """(imports, lines, the expression that gives the cells)."""
    kind, layer, head = place
    stack, part = kind.place
    lines = of_run(edited)
    weights = f'trace.attention("{stack}", {layer}, "{part}").weights({head})'
    if shows == "change":
        return [], [*lines, *of_trace(plain, "plain")], f"({weights} - {weights.replace('trace.', 'plain.', 1)})"
    if shows == "value-weighted":
        imports = ["from analysis.value_weighted import value_weighted"]
        return imports, lines, f'value_weighted(trace, "{stack}", {layer}, "{part}", {head})'
    if shows == "gradient":
        edits = f", edits={of_edits(edited)}" if edited.spec.edits else ""
        made = f'gradient_x_attention(lm, asked, "{stack}", {layer}, "{part}"{edits})[{head}]'
        imports = ["from analysis.gradients import gradient_x_attention", PREDICTION]
        return imports, [*lines, f"asked = {asked}"], made
    return [], lines, weights


def of_number(
    edited: Run, asked: Prediction, name: Name, place: Place, off: Sequence[tuple[int, int]], height: int
) -> str:
    """One number of every head of a kind of attention."""
    kind, layer, head = place
    number = NUMBERS[name]
    imports, lines = of_tables(edited, asked, (name,), (kind,))
    settings = ["theme=LIGHT", f"title={number.title!r}", f"unit={number.unit!r}", f"signed={number.signed}"]
    settings += [f"selected={(layer, head)}", f"off={list(off)}", "width=480", f"height={height}"]
    lines.append(call("head_map", [f'tables["{name}"][0]', *settings]))
    return whole([*imports, "from viz.head_importance import head_map"], lines)


def of_tables(
    edited: Run, asked: Prediction, names: Sequence[Name], kinds: Sequence[AttentionKind]
) -> tuple[list[str], list[str]]:
    """(imports, lines) up to `tables`: by number, an array (layers, heads) for each kind of attention."""
    imports = ["import numpy as np"]
    places = [kind.place for kind in kinds]
    edits = of_edits(edited)
    lines = [*of_run(edited), f"parts = {places}", "tables = {}"]
    if "weight" in names or "norm" in names:
        imports.append("from analysis.head_importance import sharpness_and_norm")
        lines.append("sharp, norm = zip(*(sharpness_and_norm(trace, *part) for part in parts))")
        lines += [
            f'tables["{name}"] = {made}' for name, made in (("weight", "sharp"), ("norm", "norm")) if name in names
        ]
    if "gradient" in names or "knock_out" in names:
        lines.append(f"asked = {asked}")
    if "gradient" in names:
        imports.append("from analysis.gradients import heads_gradient_x_attention")
        lines += [
            f"found = heads_gradient_x_attention(lm, asked, edits={edits})",
            'tables["gradient"] = [found[part].cpu().numpy() for part in parts]',
        ]
    if "knock_out" not in names:
        return [*imports, *([PREDICTION] if "gradient" in names else [])], lines
    imports.append(
        "from analysis.knock_out import Prediction, every_head, log_probability, one_at_a_time, rows_a_batch"
    )
    return imports, [*lines, *_knocked_out(edits)]


def _knocked_out(edits: str) -> list[str]:
    """Lines that knock out every head in turn."""
    return [
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


def of_agreement(edited: Run, asked: Prediction, names: Sequence[Name], short: Sequence[str]) -> str:
    """How alike the numbers rank the heads of the whole model."""
    imports, lines = of_tables(edited, asked, names, attention.available(edited))
    imports += ["from analysis.agreement import rank_agreement", "from viz.head_importance import agreement_map"]
    lines += [
        "rows = np.stack([np.concatenate([table.ravel() for table in found]) for found in tables.values()])",
        "known = np.isfinite(rows).all(axis=0)",
        call("agreement_map", ["rank_agreement(np.abs(rows[:, known]))", f"{list(short)}", "theme=LIGHT", "width=440"]),
    ]
    return whole(imports, lines)


def of_scatter(edited: Run, asked: Prediction, across: Name, upright: Name, titles: tuple[str, str], at: int) -> str:
    """A point for each head: one number across, another up."""
    kinds = attention.available(edited)
    imports, lines = of_tables(edited, asked, (across, upright), kinds)
    imports += ["from analysis.agreement import spearman", "from viz.head_importance import heads_scatter"]
    shorts = [kind.short for kind in kinds]
    lines += [
        f'x, y = (np.concatenate([table.ravel() for table in tables[name]]) for name in ("{across}", "{upright}"))',
        "known = np.isfinite(x) & np.isfinite(y)",
        f"shapes = [(name, table.shape) for name, table in zip({shorts}, tables[{upright!r}])]",
        "places = [(name, i, j) for name, (layers, count) in shapes for i in range(layers) for j in range(count)]",
        call(
            "heads_scatter",
            [
                "np.where(known, x, np.nan)",
                "np.where(known, y, np.nan)",
                "[name for name, _, _ in places]",
                '[f"{name} L{i} H{j}" for name, i, j in places]',
                "theme=LIGHT",
                f"title_x={titles[0]!r}",
                f"title_y={titles[1]!r}",
                "agreement=spearman(np.abs(x[known]), np.abs(y[known]))",
                f"selected={at}",
                "height=330",
            ],
        ),
    ]
    return whole(imports, lines)
