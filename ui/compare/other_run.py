"""The second run of a comparison: another text, another model, or the same with parts switched off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from model.errors import CheckpointError, InputError
from ui.compare.comparison import Side
from ui.figures import markdown
from ui.maps import attention
from ui.maps.attention import AttentionKind
from ui.runs import model_pool, runner
from ui.runs.examples import READS, examples_for
from ui.runs.store import Run, RunSpec
from ui.shell import encoder_input
from ui.state import address, edits

MODES = ("text", "model", "edits")
MODE_NAMES = {"text": "Another text", "model": "Another model", "edits": "Parts switched off"}


@dataclass(frozen=True, eq=False)
class Other:
    """The second run: as it generates by itself, and the run whose attention is compared."""

    generated_run: Run
    read: Run
    mode: str


def pick(run: Run) -> Other | None:
    """The controls for the other run, and that run; None, with a message, where there is none yet."""
    address.keep_among("against", MODES, MODES[0], lambda mode: MODE_NAMES[mode])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        mode = st.segmented_control(
            "Compared with",
            MODES,
            key="against",
            format_func=lambda mode: MODE_NAMES[mode],
            bind="query-params",
            required=True,
            help="What the text and model above are set against. Only this one thing differs between the two runs.",
        )
        if mode == "text":
            spec = pick_text(run)
        elif mode == "model":
            spec = pick_model(run)
    if mode == "edits":
        return pick_parts_off(run)
    if spec is None:
        return None
    found = run_of(spec)
    return None if found is None else Other(found, found, mode or MODES[0])


def pick_text(run: Run) -> RunSpec | None:
    """The same model on a second text."""
    examples = [example.text for example in examples_for(run.spec.model) if example.text != run.spec.text]
    address.start_with("text_b", examples[0] if examples else run.spec.text)
    text = st.text_area(
        "Second text",
        key="text_b",
        height="content",
        bind="query-params",
        placeholder="Type a second text: the first with a word changed shows most",
        width="stretch",
    )
    st.button("Copy the first", key="copy_first", on_click=copy_first, args=(run.spec.text,), type="tertiary")
    if not (text or "").strip():
        st.session_state.pop("shown_b", None)
        st.info("No second text yet: type one, or copy the first and change a word.", icon="✏️")
        return None
    return replace(run.spec, text=text or "", choices=(), masks=(), target=None)


def copy_first(text: str) -> None:
    """Copies the first text into the second box, to be changed there."""
    st.session_state["text_b"] = text


def pick_model(run: Run) -> RunSpec | None:
    """Another model on the same text."""
    names = [name for name in runner.offered() if name != run.spec.model]
    if not names:
        st.info("There is no other model here. The Models page opens one from a folder or from the hub.", icon="📂")
        return None
    first = most_fitting(run.spec.model, names)
    address.keep_among("model_b", names, first)
    name = st.selectbox("Second model", names, key="model_b", format_func=model_pool.label, width=320) or first
    address.link("model_b", name, first)
    try:
        lm = runner.load(name, run.spec.device)
    except (InputError, CheckpointError) as error:
        st.warning(markdown.sentence(str(error)), icon="⚠️")
        return None
    if lm.kind == "recurrent":
        st.info(
            "That model is recurrent: it has no attention to compare. The Architectures page sets it beside this one."
        )
        return None
    pair = run.spec.pair if encoder_input.takes_pair(lm) else None
    return RunSpec(name, run.spec.device, run.spec.text, pair=pair, ids=run.spec.ids)


def most_fitting(name: str, others: Sequence[str]) -> str:
    """The model that is proposed beside another: one that reads the same language and has attention, if possible of its kind."""
    mine = reads(name)

    def distance(other: str) -> tuple[bool, ...]:
        theirs = reads(other)
        alike = not mine or not theirs or bool(mine & theirs)
        return (
            not alike,
            other.startswith("lstm"),
            READS.get(other) != READS.get(name),
            examples_for(other) != examples_for(name),
        )

    return min(others, key=distance)


def reads(name: str) -> set[str]:
    """The languages that a shipped model reads; empty where that is not known."""
    told = READS.get(name.partition("@")[0], "")
    named = {language for language in ("French", "English") if language in told}
    return named or ({"English"} if told else set())


def pick_parts_off(run: Run) -> Other | None:
    """The same model and text with parts off: a run that generates anew, and one that reads the same tokens as before."""
    off = edits.held(run)
    edits.draw_chips(run)
    if not off:
        st.info("Nothing is switched off yet: the Knock out page does that, and what is off there is off here.")
        st.page_link("pages/knock_out.py", label="Switch parts off", width="content")
        return None
    generated_run = run_of(replace(run.spec, edits=off), like=run.spec)
    read = reread(run, off)
    return None if generated_run is None else Other(generated_run, read, "edits")


def reread(run: Run, off: tuple[edits.Off, ...]) -> Run:
    """The tokens of a run read again, exactly these, with parts off. Compare it with the same tokens read in one pass
    with everything on: a decode from a cache rounds differently."""
    if run.lm.kind == "encoder":
        return runner.get(replace(run.spec, edits=off))
    read = tuple(token.id for token in run.trace.tokens("decoder"))
    return runner.get(replace(run.spec, edits=off, choices=(), read=read))


def run_of(spec: RunSpec, like: RunSpec | None = None) -> Run | None:
    """The run; where it fails, with a message, the last one that worked. `like` is a run that may generate the same tokens."""
    try:
        found = runner.get(spec, between_steps=lambda: st.session_state.get("text_b"), like=like)
    except (InputError, CheckpointError) as error:
        last = st.session_state.get("shown_b")
        usable = isinstance(last, RunSpec) and last.model == spec.model and not last.edits
        shown = " Shown below: the last second text that worked." if usable else ""
        st.warning(markdown.sentence(str(error)) + shown, icon="⚠️")
        return runner.get(last) if usable and isinstance(last, RunSpec) else None
    st.session_state["shown_b"] = spec
    return found


def sides(run: Run, other: Other, kinds: tuple[AttentionKind, AttentionKind]) -> tuple[Side, Side]:
    """The two sides of one kind of attention. Of a decoder only the typed tokens are compared, without those it generated;
    with parts off both runs have read the same tokens, and all are compared."""
    first, second = kinds
    if other.mode == "edits":
        return Side(reread(run, ()), first), Side(other.read, second)
    return (
        Side(run, first, run.typed if run.lm.kind == "decoder" else None),
        Side(other.read, second, other.read.typed if other.read.lm.kind == "decoder" else None),
    )


def kinds_of_both(run: Run, other: Other) -> list[tuple[AttentionKind, AttentionKind]]:
    """Pairs of equal kinds that both runs have. For an encoder against a decoder: the self-attention of each."""
    mine, theirs = attention.available(run), attention.available(other.read)
    both = [(kind, kind) for kind in mine if kind in theirs]
    return both or [(mine[0], theirs[0])]
