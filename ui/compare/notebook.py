"""Python that makes both runs again and aligns their heads on the same slots."""

from ui.compare.comparison import Comparison, Side
from ui.maps.drawing import Source
from ui.maps.notebook import head_weights
from ui.runs.notebook import of_run, of_text, of_trace

NAMES = ("first", "second")


def grid(made: Comparison) -> Source:
    """Lines up to `grid`, and functions that place one head of either side on it."""
    first, second = made.first, made.second
    same = first.run.lm is second.run.lm
    lines = of_run(first.run, "first")
    lines += of_trace(second.run, "second") if same else of_run(second.run, "second", "lm_b")
    lms = ("lm", "lm" if same else "lm_b")
    asking = [queries(side, name, lm) for side, name, lm in zip((first, second), NAMES, lms, strict=True)]
    tokenizers = [side.run.lm.tokenizer for side in (first, second)]
    same_text = first.run.spec.text == second.run.spec.text and first.run.spec.pair == second.run.spec.pair
    pieces = tuple(bool(one and one.word_pieces) for one in tokenizers)
    settings = f"same_tokenizer={same or None in tokenizers}, same_text={same_text}, word_pieces={pieces}"
    lines.append(f"queries = align({asking[0]}, {asking[1]}, {settings})")
    keys = "queries"
    if first.kind.part == "cross":
        keys = "keys"
        lines.append(f'keys = align(first.tokens("encoder"), second.tokens("encoder"), {settings})')
    lines.append(f"grid = Grid(queries, {keys}, renormalise={made.grid.renormalise})")
    for place, (side, name) in enumerate(zip((first, second), NAMES, strict=True)):
        cut = "" if side.upto is None else f"[:{side.upto}, :{side.upto}]"
        lines += [
            "",
            f"def {name}_head(layer, head):",
            f"    weights = {head_weights(side.kind, 'layer', 'head', trace=name)}",
            f"    return grid.place(weights{cut}, {place})",
        ]
    return Source([*lines, ""], ["from analysis.alignment import align", "from analysis.difference import Grid"])


def queries(side: Side, name: str, lm: str) -> str:
    """An expression for the tokens of a side's rows."""
    if side.upto is not None and side.run.reading is not None:
        return f"{lm}.reading({of_text(side.run)}).tokens[:{side.upto}]"
    return f'{name}.tokens("{side.kind.stack}")'


def cells(made: Comparison, layer: int, head: int, how: str) -> Source:
    """Lines up to `cells`, `queries` and `keys` of one head's difference, or of either side."""
    shown = {"difference": "other - one", "first": "one", "second": "other"}[how]
    lines = [
        f"one, other = first_head({layer}, {head}), second_head{made.partner(layer, head)}",
        f"cells = {shown}",
        f"queries, keys = {rows(made)}, grid.keys.labels",
    ]
    return grid(made) + Source(lines)


def rows(made: Comparison) -> str:
    """An expression for the labels of the rows."""
    if not made.writes:
        return "grid.queries.labels"
    cuts = ["" if side.upto is None else f"[:{side.upto}]" for side in (made.first, made.second)]
    written = [
        f'{name}.written("decoder", last={side.run.written[-1]!r}){cut}'
        for name, side, cut in zip(NAMES, (made.first, made.second), cuts, strict=True)
    ]
    return f"grid.queries.row_labels({', '.join(written)})"


def ranking(made: Comparison, ranked: int) -> Source:
    """Lines up to `shares`, what moved in every head, `order`, the first heads by it, and their `names`."""
    lines, imports = [f"places = {places(made.first)}", "partners = places"], ["difference", "moved"]
    if made.paired == "likeness":
        imports.append("nearest_heads")
        lines[1:] = [
            f"there = {places(made.second)}",
            f"ours, theirs = (np.stack([head(*place)[::{made.step}] for place in all_of]) "
            "for head, all_of in ((first_head, places), (second_head, there)))",
            "partners = [there[best] for best in nearest_heads(ours, theirs)[0]]",
        ]
    lines += [
        "pairs = zip(places, partners)",
        "shares = np.array([moved(difference(first_head(*one), second_head(*other))[None])[0] for one, other in pairs])",
        f"order = [i for i in np.argsort(-np.nan_to_num(shares, nan=-1.0), kind='stable') if np.isfinite(shares[i])][:{ranked}]",
        'names = [f"L{places[i][0]} H{places[i][1]}" for i in order]',
    ]
    return grid(made) + Source(lines, [f"from analysis.difference import {', '.join(imports)}"])


def all_heads(made: Comparison, cells: int) -> Source:
    """Lines up to `pictures` of every head's difference, of at most `cells` a side."""
    partners = [[made.partner(i, j) for j in range(made.first.heads)] for i in range(made.first.layers)]
    lines = [
        f"partners = {partners}",
        "",
        "def picture(layer, head):",
        "    change = difference(first_head(layer, head), second_head(*partners[layer][head]))",
        f"    return furthest(change, edges(0, len(change), {cells}), edges(0, change.shape[1], {cells}))",
        "",
        "pictures = np.array([[picture(i, j) for j in range(len(row))] for i, row in enumerate(partners)])",
    ]
    return grid(made) + Source(
        lines, ["from analysis.difference import difference", "from viz.windows import edges, furthest"]
    )


def places(side: Side) -> str:
    """An expression for (layer, head) of every head."""
    return f"[(layer, head) for layer in range({side.layers}) for head in range({side.heads})]"
