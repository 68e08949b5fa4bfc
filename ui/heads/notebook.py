"""Python that makes the heads page's figures in a notebook: the same run, the same read-outs, the same arguments."""

from ui.maps import attention
from ui.maps.attention import AttentionView
from ui.maps.display_options import Toggles
from ui.maps.notebook import WORDS, of_reshaping, of_sides
from ui.runs.notebook import call, of_run, whole
from viz.windows import Window

LABELS = 'queries, keys = ([token.label for token in trace.tokens(stack)] for stack in ("{stack}", "{read}"))'  # of a map's sides


def sides(view: AttentionView) -> str:
    """A line that gives the labels of rows and columns."""
    stack, part = attention.PARTS[view.part]
    return LABELS.format(stack=stack, read="encoder" if part == "cross" else stack)


def of_maps(view: AttentionView, layer: int, head: int) -> str:
    """Every head in numbers."""
    stack, part = attention.PARTS[view.part]
    imports = [
        "from analysis.head_scores import OF_PART, SCORES",
        "from analysis.head_summary import summarise",
        "from viz.head_maps import HeadMap, head_maps",
    ]
    lines = [
        *of_run(view.run),
        f'found = summarise(trace, "{stack}", "{part}")',
        'maps = [HeadMap("Entropy", found.entropy, "bits")]',
    ]
    if part == "self":
        lines.append('maps.append(HeadMap("Distance", found.distance, "tokens"))')
    lines.append(f'maps += [HeadMap(SCORES[name].title, found.scores.mean(name)) for name in OF_PART["{part}"]]')
    lines.append(call("head_maps", ["maps", "theme=LIGHT", f"selected={(layer, head)}"]))
    return whole(imports, lines)


def of_weights(view: AttentionView, toggles: Toggles, layer: int, head: int, window: Window) -> str:
    """One head's weights."""
    stack, part = attention.PARTS[view.part]
    made = f'trace.attention("{stack}", {layer}, "{part}").weights({head}).cpu().numpy()'
    return of_map(view, toggles, made if view.reshaping is None else f"reshape({made})", [], 560, window)


def of_layer(view: AttentionView, toggles: Toggles, layer: int, width: int, which: int, window: Window) -> str:
    """The mean (0) or the largest (1) over the heads of a layer."""
    stack, part = attention.PARTS[view.part]
    shape = "" if view.reshaping is None else ", reshape"
    made = f'over_heads(trace.attention("{stack}", {layer}, "{part}"){shape})[{which}]'
    return of_map(view, toggles, made, ["from analysis.attention_graph import over_heads"], width, window)


def of_map(
    view: AttentionView,
    toggles: Toggles,
    made: str,
    imports: list[str],
    width: int,
    window: Window,
    settings: tuple[str, ...] = (),
) -> str:
    """A map of tokens by tokens; `made` is the expression that gives its cells, `settings` are those of a `token_map`."""
    lines = [*of_run(view.run)]
    if view.reshaping is None:
        lines.append(sides(view))
    else:
        shaped, needed = of_reshaping(view, toggles)
        imports, lines = [*imports, *needed], [*lines, of_sides(view), *shaped, WORDS]
    lines.append(f"cells = {made}")
    rows, columns = f"{window.query}:{window.query_end}", f"{window.key}:{window.key_end}"
    arrays = [f"cells[{rows}, {columns}]", f"queries[{rows}]", f"keys[{columns}]"]
    after = ["hide_future=True"] if view.causal else []
    if settings:
        figure, first = "token_map", [f"first_row={window.query}", f"first_column={window.key}"]
        imports = [*imports, "from viz.token_maps import token_map"]
    elif window.exact:
        figure, first = "attention_heatmap", [*TITLES, f"first_query={window.query}", f"first_key={window.key}"]
        imports = [*imports, "from viz.attention import attention_heatmap"]
    else:
        figure, first = "pooled_heatmap", list(TITLES)
        imports = [*imports, "from viz.windows import Window, pooled_heatmap"]
        arrays = ["cells", "queries", "keys", f"Window({rows.replace(':', ', ')}, {columns.replace(':', ', ')})"]
    lines.append(call(figure, [*arrays, "theme=LIGHT", *first, *settings, *after, f"width={width}"]))
    return whole(imports, lines)


TITLES = ('title_query="looks"', 'title_key="is looked at"')


def of_value(view: AttentionView, toggles: Toggles, layer: int, head: int | None, width: int, window: Window) -> str:
    """Value-weighted attention of one head, or of a layer's heads together."""
    stack, part = attention.PARTS[view.part]
    name, which = ("value_weighted_layer", "") if head is None else ("value_weighted", f", {head}")
    made = f'{name}(trace, "{stack}", {layer}, "{part}"{which}).cpu().numpy()'
    if view.reshaping is not None:
        name, which = "value_weighted_shown", f"range({view.heads})" if head is None else f"[{head}]"
        made = f'{name}(trace, "{stack}", {layer}, "{part}", {which}, reshape)'
    settings = ('name="length handed over"', 'verb="takes from"', 'kind="length"')
    titles = ('title_rows="takes"', 'title_columns="hands over"')
    return of_map(
        view, toggles, made, [f"from analysis.value_weighted import {name}"], width, window, settings + titles
    )


def of_rollout(view: AttentionView, layer: int, width: int, window: Window) -> str:
    """Rollout up to a layer."""
    stack, _ = attention.PARTS[view.part]
    made = f'rollout(trace, "{stack}").{"across" if view.part == "cross" else "within"}[{layer}]'
    settings = ('name="rollout"', 'verb="holds of"', 'scale="sqrt"', 'zmax="own"')
    titles = (f'title_rows="after layer {layer}"', 'title_columns="came in as"')
    return of_map(view, Toggles(), made, ["from analysis.rollout import rollout"], width, window, settings + titles)


def of_flow(view: AttentionView, at: int | None, width: int) -> str:
    """Flow into one position beside its rollout, or the flow into every one."""
    stack, _ = attention.PARTS[view.part]
    which = "across" if view.part == "cross" else "within"
    imports = ["import numpy as np", "from analysis.flow import flow, graph"]
    lines = [*of_run(view.run), sides(view), f'pipes = graph(trace, "{stack}")']
    if at is None:
        lines.append(f'cells = flow(pipes, "{stack}", range({len(view.queries)})).{which}.astype(np.float32)')
        settings = ['name="flow"', 'verb="can hold of"', 'title_rows="at the top"', 'title_columns="came in as"']
        after = ["hide_future=True"] if view.causal else []
        settings += ['scale="sqrt"', 'zmax="own"', *after, f"width={width}"]
        lines.append(call("token_map", ["cells", "queries", "keys", "theme=LIGHT", *settings]))
        return whole([*imports, "from viz.token_maps import token_map"], lines)
    imports += ["from analysis.rollout import rollout", "from viz.paired_bars import paired_bars"]
    lines += [
        f'flows = flow(pipes, "{stack}", [{at}]).{which}[0].astype(np.float32)',
        f'rolls = rollout(trace, "{stack}").{which}[-1, {at}]',
        f"said = {said_of_flow(view, at)!r}",
        call(
            "paired_bars", ["keys", '{"flow": flows, "rollout": rolls}', "theme=LIGHT", "said=said", f"width={width}"]
        ),
    ]
    return whole(imports, lines)


def said_of_flow(view: AttentionView, at: int) -> str:
    return f'What "{view.queries[at]}" holds at the top of the stack'


def of_written(view: AttentionView, layer: int, head: int, at: int, listed: int) -> str:
    """The tokens a head raises and lowers most at a position."""
    _, part = attention.PARTS[view.part]
    imports = [
        "from analysis.promoted_tokens import head_output, ranked",
        "from viz.promoted_tokens import promoted_tokens_chart",
    ]
    lines = [
        *of_run(view.run),
        f'logits = head_output(trace, {layer}, "{part}", {head}, {at}).logits',
        f"found = ranked(logits, {listed})",
        "ids = [i for i, _ in (*found.promoted, *reversed(found.suppressed))]",
        "labels = [lm.token(i).label for i in ids]",
        call(
            "promoted_tokens_chart",
            ["labels", "logits[ids].cpu().numpy()", "theme=LIGHT", "ids=ids", 'title="added to the logit"'],
        ),
    ]
    return whole(imports, lines)
