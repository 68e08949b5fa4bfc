"""Python that makes the compare page's figures in a notebook: both runs, the same row of slots, the same arguments."""

from ui.compare.comparison import Comparison, Side
from ui.compare.predictions import Moment
from ui.runs.notebook import call, of_run, of_text, of_trace, whole
from ui.runs.runner import Run
from viz.windows import Window

NAMES = ("first", "second")


def of_map(made: Comparison, layer: int, head: int, how: str, window: Window) -> str:
    """One head's difference, or either side, as on screen."""
    imports, lines = of_grid(made)
    other = made.partner(layer, head)
    lines.append(f"one, other = first_head({layer}, {head}), second_head{other}")
    shown = {"difference": "other - one", "first": "one", "second": "other"}[how]
    lines += [f"cells = {shown}", "queries, keys = grid.queries.labels, grid.keys.labels"]
    settings = ["theme=LIGHT", 'title_query="looks"', 'title_key="is looked at"', "width=620"]
    if how == "difference":
        settings.append('name="change of attention"')
    if not window.exact:
        function = "pooled_difference" if how == "difference" else "pooled_heatmap"
        imports.append(f"from viz.windows import Window, {function}")
        ends = f"Window({window.query}, {window.query_end}, {window.key}, {window.key_end})"
        lines.append(call(function, ["cells", "queries", "keys", ends, *settings]))
        return whole(imports, lines)
    function = "difference_heatmap" if how == "difference" else "attention_heatmap"
    imports.append(f"from viz.attention import {function}")
    arrays = ["cells", "queries", "keys"]
    if window != Window(0, len(made.labels[0]), 0, len(made.labels[1])):
        rows, columns = f"{window.query}:{window.query_end}", f"{window.key}:{window.key_end}"
        arrays = [f"cells[{rows}, {columns}]", f"queries[{rows}]", f"keys[{columns}]"]
        settings += [f"first_query={window.query}", f"first_key={window.key}"]
    lines.append(call(function, [*arrays, *settings]))
    return whole(imports, lines)


def of_grid(made: Comparison) -> tuple[list[str], list[str]]:
    """(imports, lines) up to `grid` and the functions that place one head of either side on it."""
    first, second = made.first, made.second
    imports = ["from analysis.alignment import align", "from analysis.difference import Grid"]
    same = first.run.lm is second.run.lm
    lines = of_run(first.run, "first")
    lines += of_trace(second.run, "second") if same else of_run(second.run, "second", "lm_b")
    lms = ("lm", "lm" if same else "lm_b")
    asking = [of_tokens(side, name, lm) for side, name, lm in zip((first, second), NAMES, lms, strict=True)]
    tokenizers = [side.run.lm.tokenizer for side in (first, second)]
    same_text = first.run.spec.text == second.run.spec.text and first.run.spec.pair == second.run.spec.pair
    pieces = tuple(bool(one and one.word_pieces) for one in tokenizers)
    settings = f"same_tokenizer={same or None in tokenizers}, same_text={same_text}, word_pieces={pieces}"
    lines.append(f"queries = align({asking[0]}, {asking[1]}, {settings})")
    if first.kind.part == "cross":
        asked = [f'{name}.tokens("encoder")' for name in NAMES]
        lines.append(f"keys = align({asked[0]}, {asked[1]}, {settings})")
    keys = "keys" if first.kind.part == "cross" else "queries"
    lines.append(f"grid = Grid(queries, {keys}, renormalise={made.grid.renormalise})")
    for place, (side, name) in enumerate(zip((first, second), NAMES, strict=True)):
        stack, part = side.kind.place
        cut = "" if side.upto is None else f"[:{side.upto}, :{side.upto}]"
        lines += [
            "",
            f"def {name}_head(layer, head):",
            f'    weights = {name}.attention("{stack}", layer, "{part}").weights(head).cpu().numpy()',
            f"    return grid.place(weights{cut}, {place})",
        ]
    return imports, [*lines, ""]


def of_tokens(side: Side, name: str, lm: str) -> str:
    """An expression for the tokens that ask."""
    if side.upto is not None and side.run.reading is not None:
        return f"{lm}.reading({of_text(side.run)}).tokens[:{side.upto}]"
    return f'{name}.tokens("{side.kind.stack}")'


def of_ranking(made: Comparison, layer: int, head: int, ranked: int) -> str:
    """The heads that changed most."""
    imports, lines = of_grid(made)
    imports[1] = "from analysis.difference import Grid, difference, moved"
    imports = ["import numpy as np", *imports, "from viz.changes import moved_ranking"]
    lines.append(f"places = {of_places(made.first)}")
    if made.paired == "likeness":
        imports[2] = "from analysis.difference import Grid, difference, moved, nearest_heads"
        lines += [
            f"there = {of_places(made.second)}",
            f"ours, theirs = (np.stack([head(*place)[::{made.step}] for place in all_of]) "
            "for head, all_of in ((first_head, places), (second_head, there)))",
            "partners = [there[best] for best in nearest_heads(ours, theirs)[0]]",
        ]
    else:
        lines.append("partners = places")
    lines += [
        "pairs = zip(places, partners)",
        "shares = np.array([moved(difference(first_head(*one), second_head(*other))[None])[0] for one, other in pairs])",
        f"order = [i for i in np.argsort(-np.nan_to_num(shares, nan=-1.0), kind='stable') if np.isfinite(shares[i])][:{ranked}]",
        'names = [f"L{places[i][0]} H{places[i][1]}" for i in order]',
        f'here = "L{layer} H{head}"',
        call(
            "moved_ranking",
            [
                "names",
                "shares[order].astype(np.float32)",
                "theme=LIGHT",
                "selected=names.index(here) if here in names else None",
            ],
        ),
    ]
    return whole(imports, lines)


def of_all(made: Comparison, layer: int, head: int, cells: int) -> str:
    """Every head's difference as a picture of at most `cells` a side."""
    imports, lines = of_grid(made)
    imports[1] = "from analysis.difference import Grid, difference"
    partners = [[made.partner(i, j) for j in range(made.first.heads)] for i in range(made.first.layers)]
    lines += [
        f"partners = {partners}",
        "",
        "def picture(layer, head):",
        "    change = difference(first_head(layer, head), second_head(*partners[layer][head]))",
        f"    return furthest(change, edges(0, len(change), {cells}), edges(0, change.shape[1], {cells}))",
        "",
        "pictures = np.array([[picture(i, j) for j in range(len(row))] for i, row in enumerate(partners)])",
        call("head_pictures", ["pictures", "theme=LIGHT", "signed=True", f"selected={(layer, head)}", "width=520"]),
    ]
    drawn = ["from viz.head_pictures import head_pictures", "from viz.windows import edges, furthest"]
    return whole(["import numpy as np", *imports, *drawn], lines)


def of_places(side: Side) -> str:
    return f"[(layer, head) for layer in range({side.layers}) for head in range({side.heads})]"


def of_prediction(run: Run, moment: Moment, candidates: int, height: int) -> str:
    """The full softmax at one moment of a run."""
    imports = ["from viz.next_token import next_token_chart"]
    lines = [
        *of_run(run),
        f"shares = trace.probabilities({moment.at})",
        f"ids = [int(i) for i in shares.topk(min({candidates}, len(shares))).indices]",
        "values = shares[ids].cpu().numpy()",
        call(
            "next_token_chart",
            [
                "[lm.token(i).label for i in ids]",
                "values",
                "len(shares) - len(ids)",
                "max(0.0, 1.0 - float(values.sum(dtype=float)))",
                "theme=LIGHT",
                "ids=ids",
                f"chosen={moment.token.id}",
                f"height={height}",
            ],
        ),
    ]
    return whole(imports, lines)
