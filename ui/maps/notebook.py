"""Lines of Python that make the map on screen again."""

from ui.maps.attention import AttentionView
from ui.maps.display_options import Toggles
from ui.runs.notebook import call, of_run, of_text, whole
from viz.windows import Window


def of_weights(view: AttentionView, toggles: Toggles, layer: int, head: int | None) -> tuple[list[str], list[str]]:
    """(imports, lines) up to `weights`, `queries` and `keys` as they are shown."""
    stack, part = view.kind.place
    which = "" if head is None else str(head)
    imports = ["import numpy as np"]
    lines = [
        *of_run(view.run),
        f'weights = trace.attention("{stack}", {layer}, "{part}").weights({which}).cpu().numpy()',
        of_sides(view),
    ]
    if view.reshaping is None:
        lines.append("queries, keys = ([token.label for token in tokens] for tokens in (asking, asked))")
    else:
        shaped, needed = of_reshaping(view, toggles)
        lines, imports = [*lines, *shaped, "weights = reshape(weights)", WORDS], imports + needed
    if view.kept is not None and view.run.segments is not None:
        lines += of_pairs(view)
    return imports, lines


WORDS = "queries, keys = (side.labels for side in sides)"  # labels once something was hidden or merged


def of_sides(view: AttentionView) -> str:
    """A line that gives the tokens of a map's rows and columns."""
    stack, part = view.kind.place
    return f'asking, asked = trace.tokens("{stack}"), trace.tokens("{"encoder" if part == "cross" else stack}")'


def of_reshaping(view: AttentionView, toggles: Toggles) -> tuple[list[str], list[str]]:
    """Lines up to `reshape`, which hides, renormalises and merges weights over the tokens `asking` and `asked`."""
    run, imports = view.run, ["from analysis.merging import Reshaping, axis"]
    hidden = "token.special" if toggles.special != "shown" else "False"
    lines, tokens = [], "tokens"
    if toggles.words == "on":
        imports.append("from analysis.words import words")
        pieces = ", word_pieces=True" if run.lm.tokenizer is not None and run.lm.tokenizer.word_pieces else ""
        if run.lm.kind != "encoder-decoder" and (run.spec.masks or run.lm.kind == "decoder"):
            lines.append(f"typed = lm.reading({of_text(run)}).tokens  # these know where in the text they stand")
            tokens = "[*typed, *tokens[len(typed):]]"
            if run.spec.masks:
                imports.insert(0, "from dataclasses import replace")
                tokens = "[replace(token, span=was.span) for token, was in zip(tokens, typed)]"
        made = f"words({tokens}{pieces})"
    else:
        imports.append("from analysis.words import alone")
        made = "alone(tokens)"
    renormalise = ", renormalise=True" if toggles.special == "renormalised" else ""
    return [
        *lines,
        f"sides = [axis({made}, [{hidden} for token in tokens]) for tokens in (asking, asked)]",
        f"reshape = Reshaping(*sides{renormalise})",
    ], imports


def of_pairs(view: AttentionView) -> list[str]:
    """Lines that leave pairs within or between two sentences."""
    same = "==" if view.kept is not None and bool(view.kept[0, 0]) else "!="
    lines = [f"sentence = np.array({list(view.run.segments or ())})", f"kept = sentence[:, None] {same} sentence"]
    if view.reshaping is not None:
        lines.append("kept = reshape.pairs(kept)")
    return [*lines, "weights = np.where(kept, weights, np.float32(np.nan))"]


def of_heatmap(
    view: AttentionView, toggles: Toggles, layer: int, head: int, window: Window, cell: tuple[int, int] | None
) -> str:
    """The heatmap, exact or pooled, as on screen."""
    imports, lines = of_weights(view, toggles, layer, head)
    settings = ["theme=LIGHT", 'title_query="looks"', 'title_key="is looked at"', "width=620"]
    if toggles.scale != "linear":
        settings.append(f"scale={toggles.scale!r}")
    if toggles.range == "own":
        settings.append('zmax="own"')
    if toggles.palette != "accent":
        settings.append(f"palette={toggles.palette!r}")
    if toggles.transposed == "on":
        settings.append("transposed=True")
    if view.causal and toggles.future == "off":
        settings.append("hide_future=True")
    rows, columns = f"{window.query}:{window.query_end}", f"{window.key}:{window.key_end}"
    if not window.exact:
        imports.append("from viz.windows import Window, pooled_heatmap")
        ends = f"Window({window.query}, {window.query_end}, {window.key}, {window.key_end})"
        lines.append(call("pooled_heatmap", ["weights", "queries", "keys", ends, *settings]))
    else:
        imports.append("from viz.attention import attention_heatmap")
        arrays = ["weights", "queries", "keys"]
        if (window.query, window.key) != (0, 0) or (window.query_end, window.key_end) != (
            len(view.queries),
            len(view.keys),
        ):
            arrays = [f"weights[{rows}, {columns}]", f"queries[{rows}]", f"keys[{columns}]"]
            settings += [f"first_query={window.query}", f"first_key={window.key}"]
        if cell is not None:
            settings.append(f"selected={cell}")
        if view.second is not None:
            settings.append(f"second={view.second}")
        lines.append(call("attention_heatmap", [*arrays, *settings]))
    return whole(imports, lines)


def of_all(view: AttentionView, toggles: Toggles, selected: tuple[int, int], cells: int) -> str:
    """All heads as pictures of at most `cells` a side."""
    stack, part = view.kind.place
    imports = [
        "import numpy as np",
        "from viz.head_pictures import head_pictures",
        "from viz.windows import edges, pooled",
    ]
    lines = of_run(view.run)
    after: list[str] = []
    if view.reshaping is not None:
        shaped, needed = of_reshaping(view, toggles)
        imports, lines = imports + needed, [*lines, of_sides(view), *shaped]
        after.append("    weights = reshape(weights)")
    if view.kept is not None and view.run.segments is not None:
        pairs = of_pairs(view)
        lines += pairs[:-1]
        after.append("    weights = np.where(kept, weights, np.float32(0))")
    lines += [
        "",
        "def picture(layer, head):",
        f'    weights = trace.attention("{stack}", layer, "{part}").weights(head).cpu().numpy()',
        *after,
        f"    return pooled(weights, edges(0, len(weights), {cells}), edges(0, weights.shape[1], {cells}))",
        "",
        f"rows = range({view.layers})",
        f"pictures = np.array([[picture(layer, head) for head in range({view.heads})] for layer in rows])",
    ]
    settings = ["pictures", "theme=LIGHT", f"selected={selected}", "width=520"]
    if toggles.palette != "accent":
        settings.append(f"palette={toggles.palette!r}")
    lines.append(call("head_pictures", settings))
    return whole(imports, lines)
