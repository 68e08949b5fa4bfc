"""Python that makes the heads page's figures in a notebook: the same run, the same read-outs, the same arguments."""

from ui import heads
from ui.attention_code import call, of_run, whole
from ui.heads import Shown

LABELS = 'queries, keys = ([token.label for token in trace.tokens(stack)] for stack in ("{stack}", "{read}"))'  # of a map's sides


def sides(view: Shown) -> str:
    """A line that gives the labels of rows and columns."""
    stack, part = heads.PARTS[view.part]
    return LABELS.format(stack=stack, read="encoder" if part == "cross" else stack)


def of_maps(view: Shown, layer: int, head: int) -> str:
    """Every head in numbers."""
    stack, part = heads.PARTS[view.part]
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


def of_weights(view: Shown, layer: int, head: int) -> str:
    """One head's weights."""
    stack, part = heads.PARTS[view.part]
    made = f'trace.attention("{stack}", {layer}, "{part}").weights({head}).cpu().numpy()'
    return of_map(view, made, [], 560)


def of_layer(view: Shown, layer: int, width: int, which: int) -> str:
    """The mean (0) or the largest (1) over the heads of a layer."""
    stack, part = heads.PARTS[view.part]
    made = f'over_heads(trace.attention("{stack}", {layer}, "{part}"))[{which}]'
    return of_map(view, made, ["from analysis.attention_graph import over_heads"], width)


def of_map(
    view: Shown, made: str, imports: list[str], width: int, settings: tuple[str, ...] = (), shares: bool = True
) -> str:
    """A map of tokens by tokens; `made` is the expression that gives its cells."""
    titles: tuple[str, ...] = ()
    if shares:
        figure, titles = "attention_heatmap", ('title_query="looks"', 'title_key="is looked at"')
        imports = [*imports, "from viz.attention import attention_heatmap"]
    else:
        figure = "token_map"
        imports = [*imports, "from viz.token_maps import token_map"]
    after = ("hide_future=True",) if view.causal else ()
    arguments = ["cells", "queries", "keys", "theme=LIGHT", *titles, *settings, *after, f"width={width}"]
    return whole(imports, [*of_run(view.run), sides(view), f"cells = {made}", call(figure, arguments)])


def of_value(view: Shown, layer: int, head: int | None, width: int) -> str:
    """Value-weighted attention of one head, or of a layer's heads together."""
    stack, part = heads.PARTS[view.part]
    name, which = ("value_weighted_layer", "") if head is None else ("value_weighted", f", {head}")
    made = f'{name}(trace, "{stack}", {layer}, "{part}"{which}).cpu().numpy()'
    settings = ('name="length handed over"', 'verb="takes from"', 'kind="length"')
    titles = ('title_rows="takes"', 'title_columns="hands over"')
    return of_map(view, made, [f"from analysis.value_weighted import {name}"], width, settings + titles, shares=False)


def of_rollout(view: Shown, layer: int, width: int) -> str:
    """Rollout up to a layer."""
    stack, _ = heads.PARTS[view.part]
    made = f'rollout(trace, "{stack}").{"across" if view.part == "cross" else "within"}[{layer}]'
    settings = ('name="rollout"', 'verb="holds of"', 'scale="sqrt"', 'zmax="own"')
    titles = (f'title_rows="after layer {layer}"', 'title_columns="came in as"')
    return of_map(view, made, ["from analysis.rollout import rollout"], width, settings + titles, shares=False)


def of_written(view: Shown, layer: int, head: int, at: int, listed: int) -> str:
    """The tokens a head raises and lowers most at a position."""
    _, part = heads.PARTS[view.part]
    imports = ["from analysis.head_writes import head_writes, ranked", "from viz.written import written_chart"]
    lines = [
        *of_run(view.run),
        f'logits = head_writes(trace, {layer}, "{part}", {head}, {at}).logits',
        f"found = ranked(logits, {listed})",
        "ids = [i for i, _ in (*found.promoted, *reversed(found.suppressed))]",
        "labels = [lm.token(i).label for i in ids]",
        call(
            "written_chart",
            ["labels", "logits[ids].cpu().numpy()", "theme=LIGHT", "ids=ids", 'title="added to the logit"'],
        ),
    ]
    return whole(imports, lines)
