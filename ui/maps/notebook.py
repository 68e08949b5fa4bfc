"""Python that reads the weights on screen again: the same run, the same rows and columns."""

from ui.maps.attention import AttentionKind, AttentionView
from ui.maps.display_options import Toggles
from ui.maps.drawing import Source
from ui.runs.notebook import of_run, of_text


def place(kind: AttentionKind, layer: int | str, *more: object) -> str:
    """Stack, layer and part as functions of `analysis` take them, then further arguments."""
    return ", ".join([f'"{kind.stack}"', str(layer), f'"{kind.part}"', *map(str, more)])


def head_weights(kind: AttentionKind, layer: int | str, head: int | str = "", trace: str = "trace") -> str:
    """An expression for the weights of a head, or of a layer's heads, as a NumPy array."""
    return f"{trace}.attention({place(kind, layer)}).weights({head}).cpu().numpy()"


def labels(view: AttentionView, toggles: Toggles) -> Source:
    """Lines up to `queries` and `keys`, and where tokens are hidden or merged up to `reshape`."""
    kind = view.kind
    tokens = f'asking, asked = trace.tokens("{kind.stack}"), trace.tokens("{kind.key_stack}")'
    read = Source([*of_run(view.run), tokens])
    written = f'("{kind.stack}", last={view.last!r})' if kind.writes else f'("{kind.stack}")'
    if view.reshaping is None:
        named = (
            f'queries, keys = trace.row_labels{written}, [token.label for token in trace.tokens("{kind.key_stack}")]'
        )
        return Source([*of_run(view.run), named])
    rows = f"sides[0].row_labels(trace.written{written})" if kind.writes else "sides[0].labels"
    return read + reshaping(view, toggles) + Source([f"queries, keys = {rows}, sides[1].labels"])


def weights(view: AttentionView, toggles: Toggles, layer: int, head: int | None, name: str = "weights") -> Source:
    """Lines up to the weights as they are shown, called `name`, of one head or of all heads of a layer."""
    lines = [f"{name} = {head_weights(view.kind, layer, '' if head is None else head)}"]
    if view.reshaping is not None:
        lines.append(f"{name} = reshape({name})")
    shown = labels(view, toggles) + Source(lines)
    if view.kept is None:
        return shown
    return shown + kept_pairs(view) + Source([f"{name} = np.where(kept, {name}, np.float32(np.nan))"])


def outside(view: AttentionView, layer: int, name: str) -> Source:
    """Lines that blank what lies outside a layer's window in the weights called `name`; none where nothing does."""
    if view.outside(layer) is None:
        return Source()
    visible = f"~trace.attention({place(view.kind, layer)}).visible.cpu().numpy()"
    hidden = f"np.tril({visible})" if view.causal else visible
    if view.reshaping is not None:
        hidden = f"reshape.pairs({hidden})"
    return Source([f"{name} = np.where({hidden}, np.float32(np.nan), {name})"])


def reshaping(view: AttentionView, toggles: Toggles) -> Source:
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
                imports.append("from dataclasses import replace")
                tokens = "[replace(token, span=was.span) for token, was in zip(tokens, typed)]"
        made = f"words({tokens}{pieces})"
    else:
        imports.append("from analysis.words import alone")
        made = "alone(tokens)"
    renormalise = ", renormalise=True" if toggles.special == "renormalised" else ""
    lines += [
        f"sides = [axis({made}, [{hidden} for token in tokens]) for tokens in (asking, asked)]",
        f"reshape = Reshaping(*sides{renormalise})",
    ]
    return Source(lines, imports)


def kept_pairs(view: AttentionView) -> Source:
    """Lines up to `kept`: pairs within one of two sentences, or between the two."""
    same = "==" if view.kept is not None and bool(view.kept[0, 0]) else "!="
    lines = [f"sentence = np.array({list(view.run.segments or ())})", f"kept = sentence[:, None] {same} sentence"]
    if view.reshaping is not None:
        lines.append("kept = reshape.pairs(kept)")
    return Source(lines)


def all_heads(view: AttentionView, toggles: Toggles, cells: int) -> Source:
    """Lines up to `pictures` of all heads, of at most `cells` a side."""
    after = []
    read = Source(of_run(view.run))
    if view.reshaping is not None:
        read = labels(view, toggles)
        after.append("    weights = reshape(weights)")
    if view.kept is not None:
        read += kept_pairs(view)
        after.append("    weights = np.where(kept, weights, np.float32(0))")
    lines = [
        "",
        "def picture(layer, head):",
        f"    weights = {head_weights(view.kind, 'layer', 'head')}",
        *after,
        f"    return pooled(weights, edges(0, len(weights), {cells}), edges(0, weights.shape[1], {cells}))",
        "",
        f"rows = range({view.layers})",
        f"pictures = np.array([[picture(layer, head) for head in range({view.heads})] for layer in rows])",
    ]
    return read + Source(lines, ["from viz.windows import edges, pooled"])
