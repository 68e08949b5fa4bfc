"""The top of every page: its question, the text box, the tokens read and generated, and warnings about the text."""

from dataclasses import replace

import streamlit as st

from model.errors import CheckpointError, InputError
from model.language_model import LanguageModel
from model.tokenizers.tokens import Token
from ui.components.token_strip.token_strip import Strip, token_strip
from ui.figures.markdown import plain, sentence
from ui.figures.tokens import STRIP_TOKENS, chip
from ui.runs import model_pool, purposes, runner
from ui.runs.examples import examples_for
from ui.runs.runner import ChoiceError
from ui.runs.store import Run, RunSpec
from ui.shell import encoder_input, familiarity, model_picker, streaming, task_prefixes, text_box
from ui.shell.input_warnings import odd_input
from ui.state import address, choices, sampling

WHAT_IT_IS = "Regard shows what every attention head of a transformer looks at while the model reads and writes."


def draw(question: str, name: str, device: str, *, first: bool = False) -> Run | None:
    """Title, text box and tokens. Returns the run of the text, else of the last text that could be run; None if there is none.

    `first`: on the first page, a line says what Regard is and what this model does.
    """
    st.title(question, anchor=False)
    if first:
        st.markdown(f"{WHAT_IT_IS} {model_picker.says(name)}".strip())
    box, gallery = st.columns([5, 2], vertical_alignment="top")
    lm = loaded(name, device)
    with gallery, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_examples(name)
        if lm is not None and not text_box.reads_ids():
            task_prefixes.draw_menu(lm)
        ids = text_box.pick_ids(lm, name, device)
    with box:
        text = text_box.draw_text_box(name)
        spec = RunSpec(name, device, text, choices=choices.chosen(), ids=ids)
        if lm is not None:
            spec = encoder_input.pick_encoder_input(spec, lm)
            if lm.kind == "encoder":
                spec = replace(spec, choices=())  # they are of its masks, one after another
            else:
                spec = streaming.limited(replace(spec, strategy=sampling.chosen().strategy))
            draw_input_hint(lm, ids)
    run = run_of(spec)
    choices.link()
    sampling.link()
    streaming.MOST.link(streaming.MOST.get())
    encoder_input.MASKS.link(spec.masks)
    if lm is None or lm.kind != "encoder":
        address.link("fill_first", "")
    if run is not None:
        draw_familiarity(run)
        draw_pieces(run)
    return run


def loaded(name: str, device: str) -> LanguageModel | None:
    """The model, None where it cannot be loaded; the run says why."""
    try:
        return runner.load(name, device)
    except (InputError, CheckpointError):
        return None


def draw_input_hint(lm: LanguageModel, ids: bool) -> None:
    """What to type where token ids are read."""
    if ids:
        st.caption(f"Token ids, whole numbers from 0 to {lm.config.vocab_size - 1:,}, with spaces between them.")
    if lm.tokenizer is None:
        st.caption(
            f"This checkpoint has no tokenizer: type token ids, whole numbers from 0 to {lm.config.vocab_size - 1:,}, such as "
            "12 7 93."
        )


def draw_examples(name: str) -> None:
    """A menu of example texts. It is one widget, not a button for each text: all that a page draws is sent at every keystroke."""
    shows = {example.text: example.shows for example in examples_for(name)}
    if shows:
        st.menu_button(
            "Examples",
            list(shows),
            key="examples",
            format_func=lambda text: f"{plain(text)} :gray[· {plain(shows.get(text, ''))}]",
            on_click=take_example,
            args=(name,),
            width="stretch",
        )


def take_example(name: str) -> None:
    """Puts the text just picked from the menu into the box, and the second sentence of a pair into its own."""
    text = st.session_state["examples"]
    picked = next((example for example in examples_for(name) if example.text == text), None)
    if picked is not None:
        text_box.use_text(picked.text)
        st.session_state["pair"] = picked.pair


def run_of(spec: RunSpec) -> Run | None:
    """The run of a spec. Where it cannot be run the page says why, and the last run that worked stays on screen."""
    before = st.session_state.get("shown")
    like = before if isinstance(before, RunSpec) else None
    live = streaming.Live(spec, st.empty())
    try:
        with streaming.handed_over(spec):
            run = runner.get(spec, between_steps=lambda: st.session_state.get("text"), like=like, seen=live)
        live.clear()
    except ChoiceError as error:
        choices.choose(())
        st.warning(sentence(str(error)) + " The model chooses itself.", icon="⚠️")
        return run_of(replace(spec, choices=()))
    except (InputError, CheckpointError) as error:
        last = st.session_state.get("shown")
        if isinstance(last, RunSpec) and last.model != spec.model and isinstance(error, InputError):
            last = None  # another model's run must not pass for this one's
        st.warning(sentence(str(error)) + (" Shown below: the last text that worked." if last else ""), icon="⚠️")
        st.session_state["shown"] = last
        return runner.get(last) if isinstance(last, RunSpec) else None
    st.session_state["shown"] = spec
    return run


def draw_familiarity(run: Run) -> None:
    """A note where the text is in no language that the model learned, with a shipped model that reads it, and an example."""
    found = familiarity.verdict(run)
    if not found.why:
        return
    st.info(plain(found.why), icon="🔤")
    with st.container(horizontal=True, key="ways_on"):
        if found.fits:
            does = purposes.purpose(found.fits).does
            says = f"Read it with {found.fits}, which {does}"
            st.button(says, key="fitting_model", on_click=open_model, args=(found.fits,))
        for name in dict.fromkeys((found.fits, run.spec.model)):
            if examples := examples_for(name):
                says = f"Example for {model_pool.label(name)}: {plain(examples[0].text)}"
                st.button(
                    says, key=f"example_{name}", type="tertiary", on_click=open_model, args=(name, examples[0].text)
                )


def open_model(name: str, text: str | None = None) -> None:
    """Switches to a model, with a text of its own or with the text on screen."""
    st.session_state["switch_to"] = name
    if text is not None:
        text_box.use_text(text)


def why_it_ends(run: Run) -> str:
    """Why a text ends without an end token, though there were positions left."""
    count = f"{len(run.steps):,} new tokens" if run.reader == "decoder" else f"{len(run.steps):,} tokens"
    if streaming.was_stopped(run):
        return f"You stopped it after {count}."
    if run.spec.most is not None:
        return f"Stopped after {count}, the most you asked for."
    if run.reader == "decoder":
        return f"Stopped after {count}: a continuation is written up to {run.limit} tokens."
    return (
        f"Stopped after {count}: what is written may be {runner.TOKENS_A_TOKEN} times as long as the text and "
        f"{runner.SPARE_TOKENS} more, so that odd input cannot run on for ever."
    )


def draw_pieces(run: Run) -> None:
    """The text as the model reads it, and what it generated."""
    rows = reading_rows(run)
    if run.lm.kind != "encoder" and run.lm.net.head is not None:
        rows.append(_strip("writes", run.generated))
    token_strip(rows, key="pieces", label="The text as pieces", clickable=False)
    notes = odd_input(run.spec.text, {token.label for token in run.source if token.special})
    if "\n" in run.spec.text.strip() and not any("\n" in token.text for token in run.source):
        notes.append("This model reads a line break as a space.")
    if hidden := [i for i in run.spec.masks if i < len(run.source)]:
        many = "1 token is" if len(hidden) == 1 else f"{len(hidden)} tokens are"
        notes.append(f"{many} masked by a click or by the link; every page shows the text as it is then read.")
    if run.spec.most == 0 and run.lm.net.head is not None:
        notes.append("Nothing is generated: the maximum of new tokens is 0, which the Decoding page can change.")
    if run.steps and run.steps[-1].ended == "limit":
        notes.append(why_it_ends(run))
    if run.steps and run.steps[-1].ended == "positions":
        notes.append(f"Stopped after {len(run.steps)} tokens: the model has no more positions.")
    if len(run.source) > STRIP_TOKENS:
        notes.append(
            f"{len(run.source):,} pieces were read; the first {STRIP_TOKENS} are listed, the figures show all."
        )
    if notes:
        st.caption(" ".join(notes))


def reading_rows(run: Run) -> list[Strip]:
    """The tokens read: one row, or one for each of two sentences."""
    if run.segments is None:
        return [_strip("reads", run.source)]
    first = run.segments.index(1)
    return [_strip("reads", run.source[:first]), _strip("and then", run.source[first:])]


def _strip(name: str, tokens: tuple[Token, ...]) -> Strip:
    return Strip(name, [chip(token) for token in tokens[:STRIP_TOKENS]], empty="nothing")


def draw_model_size(run: Run) -> None:
    """The kind, the size and the device of the model."""
    config, lm = run.lm.config, run.lm
    layers = " + ".join(str(n) for n in (config.encoder_layers, config.decoder_layers) if n)
    inside = f"of {config.n_heads} heads" if config.recurrence == "none" else f"of {config.d_model} cells each"
    st.caption(
        f"{lm.kind} · {layers} layers {inside} · d_model {config.d_model} · "
        f"{lm.parameters / 1e6:.1f} million parameters · {config.vocab_size:,} pieces · "
        f"{str(lm.dtype).removeprefix('torch.')} on {lm.device.type.upper()}"
    )
