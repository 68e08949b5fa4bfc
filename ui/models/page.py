"""The models page: the blocks, parameters, config and files of the model on screen."""

import re

import streamlit as st

from model.errors import CheckpointError
from model.families import FAMILIES
from model.language_model import LanguageModel
from ui import figures
from ui.components.token_strip.token_strip import Chip, Strip, token_strip
from ui.figures import markdown, tables, theme
from ui.figures.tables import Cell
from ui.models import block_drawing, permission
from ui.models.facts import facts, parameters_by_part
from ui.runs import model_pool, runner
from ui.runs.examples import DEFAULT_MODEL
from ui.shell import text_box
from ui.shell.task_prefixes import all_prefixes, with_prefix
from ui.state import address
from viz.export import table_csv
from viz.parameters import many, parameter_bars

PARTS = {"model": "This model", "open": "Open and unload", "families": "How families differ"}
LISTED_TENSORS = 40
PREFIX_BUTTONS = 12
DRAWING_PIXELS = 288  # width of each of two drawings; in a narrow window the second stands below the first


def pick_part() -> str:
    """The part of the page that is on screen, chosen with the picker drawn here."""
    address.keep_among("models", list(PARTS), "model")
    part = st.segmented_control(
        "Part",
        list(PARTS),
        key="models",
        format_func=PARTS.__getitem__,
        label_visibility="collapsed",
        required=True,
    )
    address.link("models", part or "model", "model")
    return part or "model"


def current() -> tuple[str, str, LanguageModel]:
    """(name, device, model) chosen in the sidebar; those of the last run where that model cannot be loaded."""
    name = str(st.session_state.get("model") or DEFAULT_MODEL)
    device = str(st.session_state.get("device") or runner.devices()[-1])
    try:
        return name, device, runner.load(name, device)
    except CheckpointError:
        run = runner.shown()
        return run.spec.model, run.spec.device, run.lm


def draw_heading(text: str, explained: str) -> None:
    """Draws the heading of a part, explained on hover."""
    st.markdown(f"**{text}**", help=explained)


def draw_title(lm: LanguageModel) -> None:
    """Draws the model's name, family, kind, size and precision."""
    family = FAMILIES[lm.family].title if lm.family in FAMILIES else lm.family
    kept = f"{str(lm.dtype).removeprefix('torch.')} on {lm.device.type.upper()}"
    st.subheader(markdown.plain(lm.name), anchor=False)
    st.caption(f"{family} · {model_pool.KINDS[lm.kind]} · {many(lm.parameters)} parameters · {kept}")


def draw_blocks(lm: LanguageModel) -> None:
    """Draws a block of each stack."""
    stacks = block_drawing.stacks_of(lm.config)
    with st.container(horizontal=True, gap="small"):
        for stack in stacks:
            with st.container(width=DRAWING_PIXELS if len(stacks) > 1 else "stretch"):
                filename = f"{lm.name.rpartition('/')[2]}-{stack}-block"
                block_drawing.draw_block(lm.config, stack, key=f"block_{stack}", filename=filename)


def draw_parameters(lm: LanguageModel) -> None:
    """Draws how many parameters each part has."""
    parts = parameters_by_part(lm)
    tied = (
        " The output head is the embedding's table and counts once."
        if lm.config.tied and lm.config.head != "none"
        else ""
    )
    figures.place(
        parameter_bars(parts, theme=theme.current()),
        key="parameters",
        heading=f"{many(lm.parameters)} parameters",
        explained=f"Numbers learned in training, by the part of the model they belong to.{tied}",
        filename="parameters",
        csv=lambda: table_csv({"part": [part for part, _ in parts], "parameters": [count for _, count in parts]}),
    )


def draw_config(lm: LanguageModel) -> None:
    """Draws the config as terms and values."""
    draw_heading("Config", "What config.json says, in the terms of the field. Each term explains itself on hover.")
    rows = [[Cell(fact.term, fact.means), Cell(fact.value)] for fact in facts(lm.config)]
    tables.table([], rows, label="Config of the model", narrow="wrap")


def draw_special_tokens(lm: LanguageModel) -> None:
    """Draws the tokens that have a role."""
    roles = {
        "start": (lm.special.start,),
        "end": lm.special.end,
        "padding": (lm.special.pad,),
        "mask": (lm.special.mask,),
    }
    tokens = [(role, lm.token(i)) for role, ids in roles.items() for i in ids if i is not None]
    draw_heading(
        "Special tokens",
        "Tokens this checkpoint gives a role: what starts a text, ends it, fills it up, or hides a word.",
    )
    chips = [Chip(token.label, note=role, title=f"id {token.id}", special=True) for role, token in tokens]
    token_strip(
        [Strip("", chips, empty="none are named")], key="special_tokens", label="Special tokens", clickable=False
    )
    if lm.tokenizer is None:
        st.caption("This checkpoint has no tokenizer: it reads token ids.")


def draw_task_prefixes(lm: LanguageModel) -> None:
    """Draws the task prefixes of the checkpoint; a click writes one before the text."""
    known = all_prefixes(lm)
    draw_heading(
        "What is added to your text", "Special tokens that the tokenizer asks for are shown among the pieces above."
    )
    st.caption(
        "No chat template is applied, and no task prefix is put before your text: the model reads what stands in the box, and the "
        "special tokens of its tokenizer."
    )
    if not known:
        return
    st.caption(
        "Its files name what it was trained to read before a text. A click writes one into the text above, where you can edit it; "
        "every page has them in the menu beside the text."
    )
    with st.container(horizontal=True, gap="small"):
        for i, opening in enumerate(known[:PREFIX_BUTTONS]):
            st.button(
                markdown.plain(opening.text.strip()),
                key=f"prefix_{i}",
                help=markdown.plain(opening.why),
                on_click=add_prefix,
                args=(opening.text, tuple(one.text for one in known)),
            )


def add_prefix(prefix: str, known: tuple[str, ...]) -> None:
    """Writes a prefix into the text box."""
    text_box.use_text(with_prefix(str(st.session_state.get("text") or ""), prefix, {text: text for text in known}))


def draw_files(lm: LanguageModel) -> None:
    """Draws where the model came from, and the keys and tensors of its files that were not used."""
    draw_heading(
        "Files", "Nothing in a checkpoint is executed: config.json, tensors and the tokenizer's tables are read."
    )
    st.text(where_from(lm))
    draw_left_out(lm)
    keys, tensors = lm.source.unused_keys, lm.source.unused_tensors
    with st.expander(f"{len(keys)} keys of config.json were not used"):
        st.caption(
            "Nothing here reads them: versions, dropout of its training, hints to other programs. Keys known to change the "
            "computation in a way not done here are refused."
        )
        rows = [[Cell(key), Cell(shortened(repr(value)), quiet=True)] for key, value in sorted(keys.items())]
        tables.table([], rows, label="Unused keys", narrow="wrap")
    with st.expander(f"{len(tensors)} tensors were not used"):
        st.caption(
            "Tensors of heads for other tasks, or tables that are computed here."
            if tensors
            else "Every tensor has its place."
        )
        tables.table([], [[Cell(name)] for name in tensors[:LISTED_TENSORS]], label="Unused tensors", narrow="wrap")
        if len(tensors) > LISTED_TENSORS:
            st.caption(f"and {len(tensors) - LISTED_TENSORS:,} more")


def draw_left_out(lm: LanguageModel) -> None:
    """Draws what changes the model's text and is not done here: rules of generation, and a tokenizer that cannot be read."""
    source = lm.source
    if source.tokenizer_fault:
        st.warning(
            f"Its tokenizer cannot be read: {markdown.sentence(source.tokenizer_fault)} Type token ids instead of text."
        )
    if source.rules_not_applied:
        st.warning(
            "Rules of generation_config.json that are not applied here, so that `generate` may write another text:"
        )
        rows = [
            [Cell(key), Cell(shortened(repr(value)), quiet=True)] for key, value in source.rules_not_applied.items()
        ]
        tables.table([], rows, label="Rules not applied", narrow="wrap")


def where_from(lm: LanguageModel) -> str:
    """The folder of a model for those who may open folders of this machine; for all others its name alone."""
    return lm.source.path if permission.may_open() else model_pool.label(lm.name)


def draw_card(lm: LanguageModel) -> None:
    """Draws the model card, without markup that could load or run anything."""
    text = readable(lm.source.card)
    with st.expander("Model card" if text else "No model card", expanded=False):
        st.markdown(text) if text else st.caption("The folder holds no README.md.")


def readable(card: str) -> str:
    """A model card without its front matter, HTML and pictures: text, links and tables are left."""
    text = re.sub(r"\A---\n.*?\n---\n", "", card, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<(script|style)\b.*?</\1\s*>", "", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"</?[A-Za-z][^<>]*>", "", text)
    text = re.sub(r"!\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])?", r"\1", text)
    return text.strip()


def shortened(text: str) -> str:
    """A value short enough for a line or two."""
    return text if len(text) <= 200 else text[:199] + "…"
