"""The figures of the prompting page: what the model reads, and how probable each answer is."""

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from analysis.prompting_shares import BITS, LENGTHS, Floats, Length
from ui import figures
from ui.components.plotly_bridge.plotly_bridge import PointEvent, plotly_bridge
from ui.figures import markdown, theme
from ui.prompting import notebook
from ui.prompting.in_words import said_of_bars, summary
from ui.prompting.scores import Measured, Scored, short
from ui.state import address
from ui.state.linked import keep_within, linked_number
from viz.export import table_csv
from viz.labels import escaped
from viz.prompting import answer_bars, bits_words, percent, share_words, surprisal_bars

LENGTH_NAMES: dict[Length, str] = {"whole": "as it is", "token": "per token", "byte": "per byte"}
UNITS: dict[Length, str] = {"whole": "bits", "token": "bits a token", "byte": "bits a byte"}


def pick_length() -> Length:
    """Whether and how an answer's log-probability is divided by its length, with the picker."""
    address.keep_among("length", LENGTHS, LENGTHS[0], lambda name: LENGTH_NAMES[name])
    chosen = st.segmented_control(
        "Answers are weighed",
        LENGTHS,
        key="length",
        format_func=lambda name: LENGTH_NAMES[name],
        bind="query-params",
        required=True,
        help="As it is: the log-probability of the whole answer, which a long answer makes smaller. Per token or per byte: "
        "divided by the answer's length, so that answers of different lengths can be set against each other; bytes do not "
        "depend on how the tokenizer cuts them.",
    )
    return chosen or LENGTHS[0]


def pick_answer(found: Measured) -> int:
    """The answer that is looked at token by token: from the session, at first from the link."""
    return keep_within(linked_number("answer"), len(found.answers))


def draw_summary(found: Measured, length: Length) -> None:
    """Draws the results in words."""
    st.markdown(summary(found, length))
    if found.own:
        st.caption("No answers are typed: these are the model's own, what it finds likeliest for the text alone.")


def draw_probabilities(found: Measured, length: Length, answer: int) -> None:
    """Draws side by side each answer's share among the answers and its own probability."""
    left, right = st.columns(2, gap="large")
    with left:
        draw_shares(found, length, answer)
    with right:
        draw_surprisals(found, length, answer)


def draw_shares(found: Measured, length: Length, answer: int) -> None:
    """Draws each answer's share among the answers."""
    values = found.shares(length)
    words = share_words(values)
    hover = [
        [
            f"{escaped(short(a))} under {escaped(p.text)}: {w} of the share"
            for a, w in zip(found.answers, row, strict=True)
        ]
        for p, row in zip(found.prompts, words, strict=True)
    ]
    fig = answer_bars(
        values,
        found.prompts,
        found.answers,
        theme=theme.current(),
        text=words,
        hover=hover,
        said=said_of_bars(found, values, "{:.1%} of the share"),
        axis="share among these answers",
        top=1,
        chosen=answer,
    )
    draw_bars(fig, found, length, "among", "Which answer, of these", AMONG)


AMONG = (
    "Each answer's probability as a share of that of all answers given here, which sum to 100% under each prompt: what a forced "
    "choice among them would be. It says nothing of how probable any is by itself. A click on a bar opens that answer below."
)
ABSOLUTE = (
    "−log₂ of the probability of the whole answer under the full softmax, its surprisal in bits: 0 where it is certain, and a bit "
    "more is half as probable. A click on a bar opens that answer below."
)


def draw_surprisals(found: Measured, length: Length, answer: int) -> None:
    """Draws the surprisal of each whole answer."""
    values = -found.scores(length) * BITS
    fig = answer_bars(
        values,
        found.prompts,
        found.answers,
        theme=theme.current(),
        text=bits_words(values, whole=length == "whole"),
        hover=hover_texts(found, length, values),
        said=said_of_bars(found, values, "{:.1f} " + UNITS[length]),
        axis=f"surprisal, {UNITS[length]}",
        chosen=answer,
    )
    draw_bars(fig, found, length, "absolute", "How probable by itself", ABSOLUTE)


def hover_texts(found: Measured, length: Length, values: Floats) -> list[list[str]]:
    """(prompts, answers): hover texts with every number of an answer under a prompt."""
    return [
        [
            f"{escaped(short(answer))} under {escaped(prompt.text)}: {value:.2f} {UNITS[length]}<br>log-probability "
            f"{total:.3f} nats, {percent(2.0 ** (total * BITS))}<br>{len(one.logs)} tokens, {len(answer.encode())} bytes"
            for answer, value, total, one in zip(found.answers, row, totals, scored, strict=True)
        ]
        for prompt, row, totals, scored in zip(found.prompts, values, found.totals, found.scored, strict=True)
    ]


def draw_bars(fig: go.Figure, found: Measured, length: Length, key: str, heading: str, explained: str) -> None:
    """Draws a figure of answers and prompts; a click on a bar chooses its answer."""
    figures.place(
        fig,
        key=key,
        heading=heading,
        explained=explained,
        filename=f"prompts-{key}",
        csv=lambda: as_csv(found, length),
        python=lambda: notebook.of_scores(found, length, key),
    )

    def opened(point: PointEvent) -> None:
        if point.row < len(found.answers):
            st.session_state["answer"] = point.row

    plotly_bridge(key, key=f"{key}_bridge", on_point=opened)


def as_csv(found: Measured, length: Length) -> str:
    """A row for each answer under each prompt."""
    pairs = [(i, j) for i in range(len(found.prompts)) for j in range(len(found.answers))]
    totals, scores, shares = found.totals, found.scores(length), found.shares(length)
    return table_csv(
        {
            "prompt": [found.prompts[i].number for i, _ in pairs],
            "kind": [found.prompts[i].kind for i, _ in pairs],
            "answer": [found.answers[j] for _, j in pairs],
            "tokens": [len(found.scored[i][j].logs) for i, j in pairs],
            "bytes": [len(found.answers[j].encode()) for _, j in pairs],
            "log_probability_nats": [float(totals[p]) for p in pairs],
            "surprisal_bits": [float(-totals[p] * BITS) for p in pairs],
            f"score_nats_{length}": [float(scores[p]) for p in pairs],
            "share_among_answers": [float(shares[p]) for p in pairs],
        }
    )


def draw_tokens(found: Measured, answer: int) -> None:
    """Draws the surprisal of each token of one answer under every prompt."""
    column = [row[answer] for row in found.scored]
    longest = max(column, key=lambda one: len(one.logs))
    bits = np.array([padded(one, len(longest.logs)) for one in column])
    labels = [token.label for token in longest.posed.answer]
    fig = surprisal_bars(bits, found.prompts, labels, theme=theme.current())
    figures.place(
        fig,
        key="surprisal",
        heading=f"“{markdown.plain(short(found.answers[answer]))}”, token by token",
        explained="The surprisal of each token of this answer, −log₂ of its probability given the prompt and the answer before it, "
        "a bar for each prompt in the colour of its number. They sum to the surprisal of the whole answer.",
        filename="surprisal-by-token",
        csv=lambda: tokens_csv(found, answer),
        python=lambda: notebook.of_tokens(found, answer),
    )


def padded(one: Scored, size: int) -> Floats:
    return np.concatenate([one.bits, np.zeros(size - len(one.logs))])


def tokens_csv(found: Measured, answer: int) -> str:
    """A row for each token of an answer under each prompt."""
    rows = [
        (prompt.number, n, token, float(log))
        for prompt, row in zip(found.prompts, found.scored, strict=True)
        for n, (token, log) in enumerate(zip(row[answer].posed.answer, row[answer].logs, strict=True))
    ]
    return table_csv(
        {
            "prompt": [number for number, _, _, _ in rows],
            "index": [n for _, n, _, _ in rows],
            "id": [token.id for _, _, token, _ in rows],
            "token": [token.label for _, _, token, _ in rows],
            "log_probability_nats": [log for _, _, _, log in rows],
            "surprisal_bits": [-log * BITS for _, _, _, log in rows],
        }
    )
