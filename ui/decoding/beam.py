"""The beam page: the tree of a search, the texts it found with their scores, and the attention of each."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from model.decoding.beam import BeamHistory, Candidate, Hypothesis
from model.decoding.strategies import Greedy
from ui import figures
from ui.components.token_strip.token_strip import Chip, ChipEvent, Strip, token_strip
from ui.decoding import beam_work, tokens_read
from ui.decoding.timeline import certainty
from ui.figures import theme, tokens
from ui.figures.tables import Cell, table
from ui.maps import attention, key_window
from ui.runs import runner
from ui.runs.store import Run, RunSpec
from ui.shell import requirements
from ui.state import address
from ui.state.linked import keep_within, linked_number
from ui.state.shown_step import counted
from viz.beam import Node, beam_tree
from viz.export import matrix_csv, table_csv
from viz.percent import format_percent

HYPOTHESIS = linked_number("hypothesis")  # which of the texts found is on screen
WIDTHS = (1, 2, 3, 4, 6, 8)
STEPS_SHOWN = 9  # columns of the tree
FATES = {"kept": "read on", "finished": "ended, among the best", "dropped": "dropped"}
LEFT = "unfinished when the search stopped"
ENDED = {"end": "by its end token", "limit": "at the limit", "positions": "at the last position"}


@dataclass(frozen=True, eq=False)
class Search:
    """One search on screen, and which of its texts."""

    run: Run
    history: BeamHistory
    penalty: float
    place: int

    @property
    def hypothesis(self) -> Hypothesis:
        return self.history.hypotheses[self.place]


def pick_search(run: Run) -> Search:
    """The controls of the number of beams and of the length penalty, and the search of this text with them."""
    address.keep_among("beams", WIDTHS, 4)
    address.start_with("penalty", 1.0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="large"):
        beams = st.segmented_control(
            "Beams",
            WIDTHS,
            key="beams",
            bind="query-params",
            required=True,
            help="How many unfinished texts are kept side by side. One is greedy decoding.",
        )
        penalty = st.slider(
            "Length penalty",
            0.0,
            2.0,
            step=0.1,
            key="penalty",
            bind="query-params",
            width=260,
            help="A text's score is the sum of its log-probabilities divided by its length to this power (Wu et al. 2016, with a "
            "plain power): 0 favours short texts, above 1 long ones.",
        )
    power = round(float(penalty), 1)
    found = beam_work.history(run, int(beams or 4), power)
    if found is None:
        st.stop()
    place = keep_within(HYPOTHESIS, len(found.hypotheses))
    return Search(run, found, power, place)


def draw_texts(found: Search) -> None:
    """The texts that the search found, best first, and below them the text of the other pages. A click shows a text in the tree."""
    rows = [Strip(f"{n + 1} · {h.score:.3f}", chips(found, h, n)) for n, h in enumerate(found.history.hypotheses)]
    last = len(rows)
    rows.append(Strip(f"{way(found.run)} · {own_score(found):.3f}", own_chips(found.run)))

    def pick(event: ChipEvent) -> None:
        if event.row < last:
            HYPOTHESIS.set(event.row)

    st.markdown(
        "**Texts and their scores**",
        help="Best first. A score is the summed log-probability over the length to the power of the penalty. Under each token its "
        "probability. The last row is what the other pages show, scored alike.",
    )
    token_strip(rows, key="hypotheses", label="Texts found", on_token=pick)
    h = found.hypothesis
    total = sum(h.log_probabilities)
    st.caption(
        f"Text {found.place + 1}: {total:.3f} / {len(h.ids)}^{found.penalty:g} = {h.score:.3f}. It ended {ENDED[h.ended]}. "
        + verdict(found)
    )


def verdict(found: Search) -> str:
    """Whether the search found a better text than the other pages show."""
    best, own = found.history.hypotheses[0].score, own_score(found)
    if abs(best - own) < 1e-4:
        return f"The search found nothing better than {way(found.run).lower()} did."
    return f"The best is {'better' if best > own else 'worse'} than {way(found.run).lower()} by {abs(best - own):.3f}."


def way(run: Run) -> str:
    """How the tokens of the other pages' text were chosen."""
    if run.spec.choices:
        return "Your branch"
    return "Greedy" if isinstance(run.spec.strategy, Greedy) else "Drawn"


def own_score(found: Search) -> float:
    """The score of the text of the other pages."""
    read = certainty(found.run)
    shares = read.probability[len(read.came) - len(found.run.steps) :].double()
    return float(shares.log().sum()) / len(found.run.steps) ** found.penalty


def own_chips(run: Run) -> list[Chip]:
    read = certainty(run)
    first = len(read.came) - len(run.steps)
    return [
        tokens.chip(step.token, note=format_percent(float(read.probability[first + n])))
        for n, step in enumerate(run.steps)
    ]


def chips(found: Search, h: Hypothesis, place: int) -> list[Chip]:
    """A text's tokens with their probabilities; the first of the chosen text is marked."""
    lm = found.run.lm
    return [
        tokens.chip(lm.token(i), note=share(p), current=place == found.place and n == 0)
        for n, (i, p) in enumerate(zip(h.ids, h.log_probabilities, strict=True))
    ]


def draw_tree(found: Search) -> None:
    """The tree of the search: every continuation that each step scored."""
    steps = found.history.steps
    first = pick_window(len(steps))
    nodes = [node for at in range(len(steps)) for node in nodes_of(found, at)]
    fig = beam_tree(nodes, theme=theme.current(), first=first, last=min(first + STEPS_SHOWN, len(steps)) - 1)
    figures.head(
        fig,
        key="tree",
        heading="What each step looked at",
        explained="A column a step, the best on top. Blue was read on, green ended and was scored, hollow was dropped. The thick "
        "way leads to the text chosen above. Hover for the sums.",
        filename="beam-tree",
        csv=lambda: as_csv(found),
    )
    with st.container(key="beam_scroll"):
        figures.chart(fig, key="tree", filename="beam-tree", fill=False)


def pick_window(steps: int) -> int:
    """The first step shown, of a search with more steps than fit."""
    if steps <= STEPS_SHOWN:
        return 0
    address.settle("beam_from", steps - STEPS_SHOWN + 1)
    firsts = range(steps - STEPS_SHOWN + 1)
    return int(st.select_slider("From step", firsts, key="beam_from", format_func=counted, width=260))


def nodes_of(found: Search, at: int) -> list[Node]:
    """The continuations of one step, each with the kept one of the step before that it continues."""
    steps, h, lm = found.history.steps, found.hypothesis, found.run.lm
    before = [place for place, one in enumerate(steps[at - 1]) if one.fate == "kept"] if at else []
    return [
        Node(
            at,
            place,
            before[one.beam] if before else None,
            lm.token(one.ids[-1]).label,
            "dropped" if became(found, at, one) == LEFT else one.fate,
            f"{words(one, found.penalty)} · {became(found, at, one)}",
            h.ids[: at + 1] == one.ids,
        )
        for place, one in enumerate(steps[at])
    ]


def words(one: Candidate, penalty: float) -> str:
    """A continuation's numbers."""
    score = one.total / len(one.ids) ** penalty
    return f"{share(one.log_probability)}, sum {one.total:.3f}, score {score:.3f}"


def became(found: Search, at: int, one: Candidate) -> str:
    """What became of a continuation. What the last step kept is unfinished: no step followed."""
    last = at == len(found.history.steps) - 1
    return LEFT if last and one.fate == "kept" else FATES[one.fate]


def gone(found: Search, at: int, one: Candidate) -> bool:
    return became(found, at, one) in (LEFT, FATES["dropped"])


def share(log_probability: float) -> str:
    """A natural log-probability as a percentage; float32 sums may miss 1 by a rounding."""
    return format_percent(min(1.0, float(np.exp(log_probability))))


def draw_step(found: Search) -> None:
    """One step as a table: every continuation it scored, and what became of it."""
    steps = found.history.steps
    at = address.settle("beam_step", len(steps))
    if len(steps) > 1:
        at = int(st.select_slider("Step", range(len(steps)), key="beam_step", format_func=counted, width=260))
    columns = [
        Cell("Text so far", "The new tokens, the last one looked at now."),
        Cell("Probability", "Of the last token, after what stands before it."),
        Cell("Sum", "Natural log-probabilities of all its tokens."),
        Cell("Score", "The sum over the length to the power of the penalty."),
        Cell("", "What became of it."),
    ]
    rows = [
        [
            Cell("".join(found.run.lm.token(i).label for i in one.ids[-6:]), quiet=gone(found, at, one)),
            Cell(share(one.log_probability)),
            Cell(f"{one.total:.3f}"),
            Cell(f"{one.total / len(one.ids) ** found.penalty:.3f}"),
            Cell(became(found, at, one), quiet=gone(found, at, one)),
        ]
        for one in steps[at]
    ]
    table(columns, rows, label=f"What step {counted(at)} compared", narrow="wrap")


def draw_attention(found: Search) -> None:
    """The attention from which the chosen text was decoded, read again in one forced pass."""
    run, h = found.run, found.hypothesis
    if not requirements.has_attention(run.lm):
        requirements.draw_no_tokens_read()
        return
    start = [token.id for token in run.steps[0].read["decoder"]]
    read, one = (*start, *h.ids[:-1]), run.spec
    spec = RunSpec(one.model, one.device, one.text, read=read, edits=one.edits, ids=one.ids)
    trace = runner.get(spec).trace
    part = attention.KINDS[tokens_read.part_read(run)].part
    layer, head = tokens_read.pick_alignment(run, trace)
    aligned = tokens_read.heads_that_align(trace, head)
    weights = tokens_read.heads_rows(trace, part, layer, head, aligned, len(start) - 1).mean(axis=0)
    labels = [run.lm.token(i).label for i in h.ids]
    keys = [token.label for token in trace.tokens("encoder" if part == "cross" else "decoder")]
    window = key_window.shown(len(keys))
    fig = tokens_read.alignment_map(weights, labels, keys, len(labels), window, width=360)
    filename = f"beam-{found.place + 1}-attention"
    figures.head(
        fig,
        key="beam_attention",
        heading=f"{'Source tokens' if part == 'cross' else 'Tokens'} attended to by text {found.place + 1}",
        explained="A row for each token of the text chosen above: its attention when it was chosen.",
        filename=filename,
        csv=lambda: matrix_csv(weights, labels, keys),
    )
    key_window.draw(fig, window, key="beam_attention", filename=filename)


def as_csv(found: Search) -> str:
    """One row a continuation."""
    every = [(at, place, one) for at, step in enumerate(found.history.steps) for place, one in enumerate(step)]
    lm = found.run.lm
    return table_csv(
        {
            "step": [at for at, _, _ in every],
            "place": [place for _, place, _ in every],
            "continues_beam": [one.beam for _, _, one in every],
            "id": [one.ids[-1] for _, _, one in every],
            "token": [lm.token(one.ids[-1]).label for _, _, one in every],
            "log_probability": [one.log_probability for _, _, one in every],
            "sum": [one.total for _, _, one in every],
            "score": [one.total / len(one.ids) ** found.penalty for _, _, one in every],
            "fate": [str(one.fate) for _, _, one in every],
        }
    )
