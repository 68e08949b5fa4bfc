"""The upper half of the page Heads: numbers of every head, and the chosen head in words."""

import streamlit as st

from analysis import head_summary
from analysis.head_scores import OF_PART, SCORES
from analysis.head_summary import HeadSummary, summarise
from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.figures import markdown
from ui.figures.tables import Cell, table
from ui.heads import card_scores
from ui.heads.in_words import HeadScore, does, scores_of, spread
from ui.maps import pickers
from ui.maps.attention import AttentionKind, AttentionView
from ui.maps.drawing import Drawing, Expression, Source
from ui.runs import on_demand
from ui.runs.notebook import of_run
from ui.runs.on_demand import asked, duration, is_kept, kept
from ui.runs.store import Run
from ui.state import address
from ui.state.shown_head import begin_with, is_head_chosen, show_head
from viz.export import table_csv
from viz.head_maps import HeadMap, head_maps
from viz.percent import format_percent

ENTROPY, DISTANCE = "entropy", "distance"


def summary(run: Run, kind: AttentionKind) -> HeadSummary | None:
    """The numbers of every head. For a long text they are computed on request, after an estimate of the time; None until then."""
    stack, part = kind.place
    key = ("summary", kind)
    if not is_kept(run, key) and head_summary.weights_of(run.trace, stack, part) > on_demand.WEIGHTS_AT_ONCE:
        takes = kept(run, ("seconds", kind), float, lambda: head_summary.seconds(run.trace, stack, part))
        count = head_summary.weights_of(run.trace, stack, part)
        says = (
            f"This text has {count / 1e6:,.0f} million attention weights in this kind of attention. To read all of them takes "
            f"about {duration(takes)} and no more memory than one head's map."
        )
        if not asked(run, kind, says, key="work_out"):
            return None
    with st.spinner("Reading every head", show_time=True):
        return kept(run, key, HeadSummary, lambda: summarise(run.trace, stack, part))


def maps_of(found: HeadSummary) -> dict[str, HeadMap]:
    """The maps by name: each holds one number of every head."""
    maps = {ENTROPY: HeadMap("Entropy", found.entropy, "bits", "too short to say")}
    if found.distance is not None:
        maps[DISTANCE] = HeadMap("Distance", found.distance, "tokens", "too short to say")
    for name in OF_PART[found.scores.part]:
        missing = "hidden by the mask" if name == "next" else "nothing like it in this text"
        maps[name] = HeadMap(SCORES[name].title, found.scores.mean(name), "share", missing)
    return maps


def pick_head(view: AttentionView, found: HeadSummary | None) -> tuple[int, int]:
    """Layer and head; the default is the head with the most telling score."""
    if found is not None and not is_head_chosen():
        begin_with(*most_telling(found), "heads")
    address.settle("layer", view.layers)
    address.settle("head", view.heads)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="medium")
    return pickers.pick_number(row, "Layer", "layer", view.layers), pickers.pick_number(row, "Head", "head", view.heads)


def most_telling(found: HeadSummary) -> tuple[int, int]:
    """(layer, head) with the score furthest above that of even attention; the first head if no score is defined."""
    layers, count = found.entropy.shape
    places = [(layer, head) for layer in range(layers) for head in range(count)]
    return max(places, key=lambda at: max(s.lift for s in scores_of(found, *at) if s.name != "coverage"))


def draw_every_head(view: AttentionView, found: HeadSummary, layer: int, head: int) -> None:
    """The maps of all numbers. A click chooses the head, and sorts the table by that number."""
    maps = maps_of(found)
    names = list(maps)
    drawing = Drawing(
        head_maps, [Expression(list(maps.values()), "maps")], {"selected": (layer, head)}, lambda: maps_source(view)
    )

    def clicked(point: PointEvent) -> None:
        rows, columns = found.entropy.shape
        if point.column is not None and point.row < rows and point.column < columns and point.curve < len(names):
            show_head(point.row, point.column)
            st.session_state["measure"] = names[point.curve]

    figures.place(
        drawing.figure(),
        key="head_maps",
        heading="Every head in numbers",
        explained="Layers down, heads across, both counted from 0: L2 H5 is head 5 of layer 2. The exact number is on hover. "
        "Scores are shares of attention, "
        "coloured from 0 to 1 by their square root, so that small ones show. Bits and tokens are coloured from 0 to their largest. "
        "All pieces count, special tokens too, whatever is hidden or merged in the maps below. Click a head.",
        filename=f"heads-{view.kind.key}",
        csv=lambda: as_csv(found),
        python=drawing.python,
    )
    plotly_bridge("head_maps", key="head_maps_bridge", on_point=clicked)


def maps_source(view: AttentionView) -> Source:
    """Lines up to `maps`: each number of every head."""
    stack, part = view.kind.place
    lines = [
        *of_run(view.run),
        f'found = summarise(trace, "{stack}", "{part}")',
        'maps = [HeadMap("Entropy", found.entropy, "bits")]',
    ]
    if part == "self":
        lines.append('maps.append(HeadMap("Distance", found.distance, "tokens"))')
    lines.append(f'maps += [HeadMap(SCORES[name].title, found.scores.mean(name)) for name in OF_PART["{part}"]]')
    imports = [
        "from analysis.head_scores import OF_PART, SCORES",
        "from analysis.head_summary import summarise",
        "from viz.head_maps import HeadMap",
    ]
    return Source(lines, imports)


def columns_of(found: HeadSummary) -> dict[str, list[float]]:
    return {name: [float(x) for x in one.values.flatten()] for name, one in maps_of(found).items()}


def as_csv(found: HeadSummary) -> str:
    """A row for each head, as CSV."""
    layers, count = found.entropy.shape
    places: dict[str, list[str] | list[int] | list[float]] = {
        "layer": [layer for layer in range(layers) for _ in range(count)],
        "head": list(range(count)) * layers,
    }
    return table_csv(places | columns_of(found))


def draw_in_words(run: Run, found: HeadSummary, kind: AttentionKind, layer: int, head: int) -> None:
    """What the chosen head does on this text, a link to its map, and its scores."""
    st.markdown(markdown.plain(does(found, layer, head)))
    if more := spread(found, layer, head):
        st.caption(more)
    st.page_link(
        "pages/attention.py",
        label=f"See what layer {layer}, head {head} attends to →",
        query_params={"part": kind.key, "layer": str(layer), "head": str(head)},
    )
    general = card_scores.general(run.lm)
    scores = scores_of(found, layer, head)
    names = [Cell("Score"), Cell("Here", "On the text above."), Cell("Even", EVEN)]
    if general is not None:
        names.append(Cell("In general", f"From the model's card: {general.text}"))
    table(
        names,
        [
            score_row(one, None if general is None else general.of(kind.key, one.name, layer, head), len(names))
            for one in scores
        ],
        label=f"Scores of layer {layer}, head {head}",
        narrow="wrap",
    )


EVEN = "What a head would score that spreads its attention evenly over all it may attend to. Coverage has none."


def score_row(score: HeadScore, general: float | None, width: int) -> list[Cell]:
    """A row of the table of scores; the definition is on hover."""
    means = SCORES[score.name]
    what = f"{means.meaning} It is the {means.formula}, over {means.averaged_over}. {means.source}."
    cells = [
        Cell(means.title, what),
        Cell("–", "Nothing in this text to average over.", quiet=True)
        if score.here is None
        else Cell(format_percent(score.here), f"{score.here:.4f}, averaged over {score.count}"),
        Cell("" if score.even is None else format_percent(score.even), quiet=True),
    ]
    return [*cells, Cell("–" if general is None else format_percent(general), quiet=True)][:width]
