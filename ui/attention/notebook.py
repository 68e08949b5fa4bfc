"""Python that makes the attention page's figures in a notebook: the same run, the same steps, the same arguments."""

from ui.maps.attention import AttentionView
from ui.maps.display_options import Toggles
from ui.maps.notebook import of_weights
from ui.runs.notebook import call, of_run, whole
from viz.windows import Window


def of_row(
    view: AttentionView, toggles: Toggles, layer: int, head: int, query: int, first: int, after: int, key: int | None
) -> str:
    """One query's bars."""
    imports, lines = of_weights(view, toggles, layer, head)
    imports.append("from viz.attention import attention_rows")
    part = f"[{first}:{after}]" if after - first < len(view.keys) else ""
    settings = [f"query=queries[{query}]", "theme=LIGHT", 'title_key="is looked at"', "height=360"]
    if toggles.range == "own":
        settings.append('zmax="own"')
    if key is not None:
        settings.append(f"selected={key - first}")
    lines.append(call("attention_rows", [f"weights[{query}]{part}", f"keys{part}", *settings]))
    return whole(imports, lines)


def of_lines(view: AttentionView, toggles: Toggles, layer: int, active: list[int], window: Window, mass: float) -> str:
    """The lines of the heads that are on."""
    imports, lines = of_weights(view, toggles, layer, None)
    imports.append("from viz.lines import lines_figure")
    arrays = ["weights", "queries", "keys"]
    if (window.query_end - window.query, window.key_end - window.key) != (len(view.queries), len(view.keys)):
        rows, columns = f"{window.query}:{window.query_end}", f"{window.key}:{window.key_end}"
        arrays = [f"weights[:, {rows}, {columns}]", f"queries[{rows}]", f"keys[{columns}]"]
    if view.kept is not None:
        arrays[0] = f"np.nan_to_num({arrays[0]})"
    lines.append(call("lines_figure", [*arrays, "theme=LIGHT", f"heads={active}", f"mass={mass}"]))
    return whole(imports, lines)


def of_anatomy(view: AttentionView, layer: int, head: int, query: int, key: int) -> str:
    """The vectors of one score, and its numbers in `found`."""
    stack, part = view.kind.place
    imports = ["from analysis.anatomy import anatomy", "from viz.anatomy import Row, score_strips"]
    before = ""
    if view.run.lm.config.positions == "rotary" and part == "self":
        before = 'Row("q before turning", found.turn.q), Row("k before turning", found.turn.k), '
    lines = [
        *of_run(view.run),
        f'found = anatomy(trace, "{stack}", {layer}, "{part}", {head}, query={query}, key={key})',
        "print(found.scale, '*', found.dot, '+', found.added, '=', found.score, '->', found.weight)",
        f'rows = [{before}Row("query q", found.q), Row("key k", found.k), Row("q × k", found.product, scale=1)]',
        call("score_strips", ["rows", "found.product", "theme=LIGHT", "width=620"]),
    ]
    return whole(imports, lines)


def of_score_row(view: AttentionView, layer: int, head: int, query: int, key: int, first: int, after: int) -> str:
    """The scores a query competes with, and the shares that the softmax makes of them."""
    stack, part = view.kind.place
    imports = ["from analysis.anatomy import anatomy", "from viz.anatomy import score_row"]
    lines = [
        *of_run(view.run),
        f'found = anatomy(trace, "{stack}", {layer}, "{part}", {head}, query={query}, key={key})',
        f'keys = [token.label for token in trace.tokens("{"encoder" if part == "cross" else stack}")]',
        f'asking = trace.tokens("{stack}")[{query}].label',
    ]
    arrays = [f"{name}[{first}:{after}]" for name in ("found.scores", "found.weights", "keys")]
    lines.append(call("score_row", [*arrays, "query=asking", f"selected={key - first}", "theme=LIGHT", "width=620"]))
    return whole(imports, lines)
