"""The fields of the prompting page: presets, up to four prompts, the answers, and how the parts are joined."""

import streamlit as st

from analysis.prompting import JOINTS, Joint
from model.language_model import LanguageModel
from ui.figures import markdown, theme
from ui.prompting.draft import MOST_ANSWERS, MOST_PROMPTS, Draft, Fields, as_address, from_address
from ui.prompting.presets import Preset, first_draft, limits_of, presets_for
from ui.runs.store import Run
from ui.shell import encoder_input, masks, text_box
from ui.state import address
from viz.prompting import prompt_colours

DRAFT, OF = "prompting_draft", "prompting_of"
JOINT_NAMES: dict[Joint, str] = {"space": "space", "line": "line break"}
UNKNOWN = (
    "Nothing is known of this one. A small model follows no instruction and learns nothing from examples unless it was trained "
    "to: an instruction that makes no difference, or only a difference that any other words make, was not followed."
)


def needs_text(run: Run) -> None:
    """Stops the page where token ids are read in place of a text; an encoder's text can be clicked to hide a token of it."""
    if run.lm.tokenizer is None:
        st.info(
            "This checkpoint has no tokenizer, so it reads no instruction and no answer: the other pages take its token ids."
        )
        st.stop()
    if run.spec.ids:
        st.info("The prompts of this page are texts: switch off “Token ids” beside the text box.")
        st.stop()
    if run.lm.kind == "encoder" and encoder_input.can_mask(run.lm):
        if run.lm.token(run.lm.special.mask or 0).text not in run.spec.text:
            masks.draw_clickable_text(run)
            st.caption("Click a token of the text to hide it: the answers are put in its place.")
        if run.spec.pair is not None:
            st.caption("The second sentence is not part of the prompts.")


def draw_limits(run: Run) -> None:
    """Draws what the model cannot do."""
    st.caption(f"**What this model cannot do.** {limits_of(run.spec.model) or UNKNOWN}")


def draw_fields(run: Run) -> Draft:
    """Draws the fields; returns what is typed in them."""
    draft = current_draft(run.spec.model)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        draw_presets(run.spec.model)
        joint = pick_joint(draft)
        st.button(
            "Add a prompt",
            key="add_prompt",
            on_click=lambda: put(draft.with_one_more()),
            disabled=len(draft.prompts) >= MOST_PROMPTS,
            help=f"Up to {MOST_PROMPTS}; the new one begins as a copy of the last",
        )
    columns = st.columns(len(draft.prompts), gap="medium")
    prompts = []
    for place, column in enumerate(columns):
        with column:
            prompts.append(draw_prompt(draft, place))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        answers = draw_answers(draft, run.lm)
    with right:
        draw_limits(run)
    written = Draft(tuple(prompts), answers, joint)
    st.session_state[DRAFT] = written
    link(written)
    return written


def current_draft(name: str) -> Draft:
    """The draft of this session; at first that of the link, or else the model's first draft.

    An unchanged suggestion for the model chosen before is replaced by this model's first draft.
    """
    draft = st.session_state.get(DRAFT)
    before = st.session_state.get(OF)
    st.session_state[OF] = name
    if not isinstance(draft, Draft):
        draft = from_address(address.parameters()) or first_draft(name)
        put(draft)
    elif isinstance(before, str) and before != name and draft in suggested_drafts(before):
        draft = first_draft(name)
        put(draft)
    return draft


def suggested_drafts(name: str) -> list[Draft]:
    """The drafts that the page itself puts into the fields for a model."""
    return [first_draft(name), *(preset.draft for preset in presets_for(name))]


def put(draft: Draft) -> None:
    """Puts a draft into the fields, before they are drawn."""
    st.session_state[DRAFT] = draft
    st.session_state["answers"], st.session_state["joint"] = draft.answers, draft.joint
    for place, one in enumerate(draft.prompts, start=1):
        st.session_state[f"instruction_{place}"], st.session_state[f"examples_{place}"] = one.instruction, one.examples


def link(draft: Draft) -> None:
    """Writes the draft into the address; a draft too long for a link is left out, and a caption says so."""
    parts = as_address(draft)
    if draft.size > address.LINKED_CHARACTERS:
        parts = dict.fromkeys(parts, "")
        st.caption(
            f"These texts have {draft.size:,} characters: more than the {address.LINKED_CHARACTERS:,} a link holds, so the "
            "address leaves them out. They stay in this tab."
        )
    for key, text in parts.items():
        address.link(key, text)


def set_first(key: str, value: str) -> None:
    """Sets a field's value where it has none: at first, and after a visit to another page, which makes Streamlit forget it."""
    if key not in st.session_state:
        st.session_state[key] = value


def draw_presets(name: str) -> None:
    """Draws the menu of presets: prompts and answers for this model."""
    presets = {preset.name: preset for preset in presets_for(name)}
    if presets:
        st.menu_button(
            "Presets",
            list(presets),
            key="presets",
            format_func=lambda title: f"{markdown.plain(title)} :gray[· {markdown.plain(presets[title].shows)}]",
            on_click=lambda: take_preset(presets.get(st.session_state["presets"])),
        )


def take_preset(preset: Preset | None) -> None:
    """Puts a preset into the fields and its input into the text box."""
    if preset is not None:
        text_box.use_text(preset.input)
        put(preset.draft)
        st.session_state["answer"] = 0


def pick_joint(draft: Draft) -> Joint:
    """What is put between two parts, with its picker."""
    set_first("joint", draft.joint)
    chosen = st.segmented_control(
        "Parts are joined by a",
        list(JOINTS),
        key="joint",
        format_func=lambda name: JOINT_NAMES[name],
        required=True,
        help="What stands between instruction, examples and input, unless white space stands there already.",
    )
    return chosen or "space"


def draw_prompt(draft: Draft, place: int) -> Fields:
    """Draws the column of a prompt: its number, its two fields, and a button that removes it; returns what is typed."""
    number, one = place + 1, draft.prompts[place]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        draw_title(number, one)
        if len(draft.prompts) > 1:
            st.button(
                "✕",
                key=f"remove_{number}",
                type="tertiary",
                on_click=lambda: put(draft.without(place)),
                help=f"Take prompt {number} off; the others move up",
            )
    set_first(f"instruction_{number}", one.instruction)
    instruction = st.text_area(
        "Instruction",
        key=f"instruction_{number}",
        height="content",
        placeholder="No instruction",
        help="What is to be done, in words. It stands before everything else.",
    )
    set_first(f"examples_{number}", one.examples)
    examples = st.text_area(
        "Examples",
        key=f"examples_{number}",
        height="content",
        placeholder="No examples. One a line: an input with its answer",
        help="One a line, each an input with its answer as the model shall see it. None is zero-shot, one one-shot, more few-shot "
        "(Brown et al. 2020). They stand between instruction and input.",
    )
    return Fields(instruction or "", examples or "")


def draw_title(number: int, one: Fields) -> None:
    """Draws a prompt's number in the colour of its bars, and its kind, such as "zero-shot"."""
    colour = prompt_colours(theme.current())[number - 1]
    st.html(
        f'<div class="regard-prompt"><i style="background:{colour}"></i><b>Prompt {number}</b><small>{one.kind}</small></div>',
        width="stretch",
    )


def draw_answers(draft: Draft, lm: LanguageModel) -> str:
    """Draws the field of the answers; returns what is typed in it."""
    set_first("answers", draft.answers)
    means = {
        "encoder": "Each is put in the place of the mask.",
        "encoder-decoder": "Each is what the decoder is to write, from its first token to its end.",
    }.get(lm.kind, "Each is what is to follow the input.")
    typed = st.text_area(
        "Answers",
        key="answers",
        height="content",
        placeholder="One a line. Empty: what the model itself finds likeliest",
        help=f"One a line, up to {MOST_ANSWERS}. {means} They are scored, never sampled: the model is made to read them.",
    )
    return typed or ""
