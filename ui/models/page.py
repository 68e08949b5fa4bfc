"""The model on screen: how its blocks are built, where its parameters lie, what of its files was and was not used."""

import re

import streamlit as st

from model.config import TransformerConfig
from model.errors import CheckpointError
from model.families import FAMILIES
from model.language_model import LanguageModel
from ui import figures
from ui.components.token_strip.token_strip import Chip, Strip, token_strip
from ui.figures import markdown, tables, theme
from ui.figures.tables import Cell
from ui.models import block_drawing
from ui.models.facts import (
    ACTIVATIONS,
    NORMS,
    ORDERS,
    ORDERS_MEANING,
    POSITIONS,
    POSITIONS_MEANING,
    Stack,
    biases,
    facts,
    parameters_by_part,
)
from ui.models.families import EXAMPLES, example_config
from ui.runs import model_pool, runner
from ui.runs import runner as runs_runner
from ui.runs.examples import DEFAULT_MODEL
from ui.shell import text_box
from ui.shell.task_prefixes import all_prefixes, with_prefix
from ui.state import address
from viz.export import table_csv
from viz.parameters import many, parameter_bars

PARTS = {"model": "This model", "open": "Open and unload", "families": "How families differ"}
MOST_LISTED = 40
MOST_BUTTONS = 12
BESIDE = 288  # px for each of two drawings; they stand below each other where two do not fit


def pick_part() -> str:
    """Which of the page's three parts is on screen."""
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
    """(name, device, model) chosen in the sidebar; where it cannot be loaded, those of the last run."""
    name = str(st.session_state.get("model") or DEFAULT_MODEL)
    device = str(st.session_state.get("device") or runner.devices()[-1])
    try:
        return name, device, runner.load(name, device)
    except CheckpointError:
        run = runs_runner.shown()
        return run.spec.model, run.spec.device, run.lm


def heading(text: str, explained: str) -> None:
    """A part's name, explained on hover."""
    st.markdown(f"**{text}**", help=explained)


def title(lm: LanguageModel) -> None:
    """The model in one line."""
    family = FAMILIES[lm.family].title if lm.family in FAMILIES else lm.family
    kept = f"{str(lm.dtype).removeprefix('torch.')} on {lm.device.type.upper()}"
    st.subheader(markdown.plain(lm.name), anchor=False)
    st.caption(f"{family} · {model_pool.KINDS[lm.kind]} · {many(lm.parameters)} parameters · {kept}")


def blocks(lm: LanguageModel) -> None:
    """A drawing of each stack's block."""
    both: tuple[Stack, ...] = ("encoder", "decoder")
    stacks = [stack for stack in both if lm.config.layers(stack)]
    with st.container(horizontal=True, gap="small"):
        for stack in stacks:
            with st.container(width=BESIDE if len(stacks) > 1 else "stretch"):
                drawing(lm.config, stack, key=f"block_{stack}", name=lm.name)


def drawing(config: TransformerConfig, stack: Stack, *, key: str, name: str) -> None:
    """One stack's block, or a recurrent layer; its numbers are the config in words."""
    told = facts(config)
    fig, title, explained = block_drawing.block_figure(config, stack)
    figures.place(
        fig,
        key=key,
        heading=title,
        explained=explained,
        filename=f"{name.rpartition('/')[2]}-{stack}-block",
        csv=lambda: table_csv({"term": [fact.term for fact in told], "value": [fact.value for fact in told]}),
    )


def parameters(lm: LanguageModel) -> None:
    """How many parameters each part has."""
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


def config(lm: LanguageModel) -> None:
    """The config as terms and values."""
    heading("Config", "What config.json says, in the terms of the field. Each term explains itself on hover.")
    rows = [[Cell(fact.term, fact.means), Cell(fact.value)] for fact in facts(lm.config)]
    tables.table([], rows, label="Config of the model", narrow="wrap")


def special_tokens(lm: LanguageModel) -> None:
    """Tokens with a role, as pieces."""
    roles = {
        "start": (lm.special.start,),
        "end": lm.special.end,
        "padding": (lm.special.pad,),
        "mask": (lm.special.mask,),
    }
    tokens = [(role, lm.token(i)) for role, ids in roles.items() for i in ids if i is not None]
    heading(
        "Special tokens",
        "Tokens this checkpoint gives a role: what starts a text, ends it, fills it up, or hides a word.",
    )
    chips = [Chip(token.label, note=role, title=f"id {token.id}", special=True) for role, token in tokens]
    token_strip(
        [Strip("", chips, empty="none are named")], key="special_tokens", label="Special tokens", clickable=False
    )
    if lm.tokenizer is None:
        st.caption("This checkpoint has no tokenizer: it reads token ids.")


def task_prefixes(lm: LanguageModel) -> None:
    """What Regard does not add by itself, and what a person can put before a text."""
    known = all_prefixes(lm)
    heading(
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
        for i, opening in enumerate(known[:MOST_BUTTONS]):
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


def origin(lm: LanguageModel) -> None:
    """Where it came from and what of its files had no use."""
    heading("Files", "Nothing in a checkpoint is executed: config.json, tensors and the tokenizer's tables are read.")
    st.text(lm.source.path)
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
        tables.table([], [[Cell(name)] for name in tensors[:MOST_LISTED]], label="Unused tensors", narrow="wrap")
        if len(tensors) > MOST_LISTED:
            st.caption(f"and {len(tensors) - MOST_LISTED:,} more")


def card(lm: LanguageModel) -> None:
    """The model's own card, without markup that could load or run anything."""
    text = readable(lm.source.card)
    with st.expander("Model card" if text else "No model card", expanded=False):
        st.markdown(text) if text else st.caption("The folder holds no README.md.")


def readable(card: str) -> str:
    """A model card without its front matter, HTML and pictures: what is left is text, links and tables."""
    text = re.sub(r"\A---\n.*?\n---\n", "", card, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<(script|style)\b.*?</\1\s*>", "", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"</?[A-Za-z][^<>]*>", "", text)
    text = re.sub(r"!\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])?", r"\1", text)
    return text.strip()


def shortened(text: str) -> str:
    """A value short enough for a line or two."""
    return text if len(text) <= 200 else text[:199] + "…"


def families() -> None:
    """A line for each family, read from a published model's config by the reader that loads it."""
    heading("How the families differ", "Each line is what Regard reads from the config.json of the model named last.")
    heads = [
        Cell("Family"),
        Cell("Kind", "Which stacks it has: one that reads (encoder), one that writes (decoder), or both."),
        Cell("Positions", "How the model is told which token stands where."),
        Cell("Norm", "Which norm keeps vectors at a length, and where it stands in a block."),
        Cell("Heads / key heads", "Attention patterns a layer, and how many sets of keys and values they share."),
        Cell("Feed-forward", "What bends the widened vector, and how wide it gets against d_model."),
        Cell("Biases", "Which linear maps add a learned vector."),
        Cell("Tied", "Whether the output uses the embedding's table."),
        Cell("Read from"),
    ]
    tables.table(
        heads,
        [family_row(name) for name in FAMILIES if name in EXAMPLES],
        label="How the families differ",
        narrow="fit",
    )


def two_families(lm: LanguageModel) -> None:
    """Two families' blocks beside each other, drawn from the same configs as the table."""
    heading("Two blocks side by side", block_drawing.READ_UPWARDS)
    names = list(EXAMPLES)
    own = lm.family if lm.family in EXAMPLES else names[0]
    firsts = (own, next(name for name in ("llama", "bert") if name != own))
    for i, (column, first) in enumerate(zip(st.columns(2, gap="medium"), firsts, strict=True)):
        key = f"family_{i}"
        with column:
            address.keep_among(key, names, first)
            name = st.selectbox("Family", names, key=key, format_func=family_title)
            address.link(key, name or first, first)
            config = example_config(name or first)
            stack: Stack = "decoder" if config.decoder_layers else "encoder"
            st.caption(markdown.plain(EXAMPLES[name or first].source))
            drawing(config, stack, key=f"drawn_{i}", name=name or first)


def family_title(name: str) -> str:
    """A family as people write it; two of them share a title."""
    return FAMILIES[name].title + (" (with pictures)" if name == "gemma3" else "")


def family_row(name: str) -> list[Cell]:
    """One family's line."""
    c = example_config(name)
    window = f", window {c.window:,}" if c.window else ""
    extra = " + q, k" if c.qk_norm else ""
    shape = f"{ACTIVATIONS[c.activation]}{', gated' if c.gated else ''}, × {c.d_ff / c.d_model:.3g}"
    return [
        Cell(family_title(name), f"model_type {name}"),
        Cell(model_pool.KINDS[c.kind]),
        Cell(POSITIONS[c.positions] + window, POSITIONS_MEANING[c.positions]),
        Cell(f"{NORMS[c.norm]}, {ORDERS[c.order]}{extra}", ORDERS_MEANING[c.order]),
        Cell(f"{c.n_heads} / {c.kv_heads}"),
        Cell(shape),
        Cell(biases(c)),
        Cell("yes" if c.tied else "no"),
        Cell(EXAMPLES[name].source, quiet=True),
    ]
