"""What a checkpoint was trained to read before a text: task prefixes and language tokens."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from model.language_model import LanguageModel
from model.tokenizers.sentencepiece_pipelines import CODE
from model.tokenizers.tokens import Tokenizer
from ui.figures.markdown import plain
from ui.shell import text_box

LANGUAGE = re.compile(r">>[\w-]{2,12}<<")
FRONT = re.compile(r"\A---\n(.*?)\n---\n", re.DOTALL)
EXAMPLE = re.compile(r"""^\s*-?\s*text:\s*["']?([^\n"':]{2,58}: )""", re.MULTILINE)
QUOTED = re.compile(r"`([A-Za-z][^`\n:]{2,56}:) ?`")
MOST_FROM_CARD = 8


@dataclass(frozen=True)
class Prefix:
    """Words to put before a text, and the file that names them."""

    text: str
    why: str


def all_prefixes(lm: LanguageModel) -> list[Prefix]:
    """All prefixes that the checkpoint's config.json, card and tokenizer name, each once."""
    found = [Prefix(prefix, task) for task, prefix in prefixes(lm.source.config_json).items()]
    whole = lm.source.config_json.get("prefix")
    if isinstance(whole, str) and whole.strip() and not is_special(lm, whole):
        found.append(Prefix(whole, "config.json: prefix"))
    if lm.kind == "encoder-decoder":
        found += [Prefix(prefix, "the model card") for prefix in of_card(lm.source.card)]
    if lm.tokenizer is not None and lm.kind == "encoder-decoder":
        found += [Prefix(f"{code} ", "the language to translate into") for code in languages(lm.tokenizer)]
    return list({prefix.text.strip(): prefix for prefix in reversed(found)}.values())[::-1]


def is_special(lm: LanguageModel, text: str) -> bool:
    """Whether a prefix is a token that the tokenizer puts there anyway, as OPT's </s>."""
    found = None if lm.tokenizer is None else lm.tokenizer.find(text.strip())
    return found is not None and lm.tokenizer is not None and lm.tokenizer.token(found).special


def of_card(card: str) -> list[str]:
    """The prefixes of a model card: the beginnings of its example texts, and code in its text that ends in a colon."""
    front = FRONT.match(card)
    shown = EXAMPLE.findall(front[1]) if front else []
    shown += [f"{prefix} " for prefix in QUOTED.findall(card[front.end() :] if front else card)]
    return list(dict.fromkeys(prefix.lstrip() for prefix in shown))[:MOST_FROM_CARD]


@lru_cache(maxsize=8)
def languages(tokenizer: Tokenizer) -> tuple[str, ...]:
    """The language tokens of a vocabulary, such as >>fra<<."""
    pieces = (piece.replace(CODE, ">>") for piece in tokenizer.pipeline.get_vocab())
    return tuple(sorted(piece for piece in pieces if LANGUAGE.fullmatch(piece)))


def draw_menu(lm: LanguageModel) -> None:
    """A menu of the prefixes beside the text box, where there are any."""
    found = all_prefixes(lm)
    if not found:
        return
    why = {prefix.text: prefix.why for prefix in found}
    st.menu_button(
        "Begin with",
        list(why),
        key="opening",
        format_func=lambda text: f"{plain(text.strip())} :gray[· {plain(why.get(text, ''))}]",
        on_click=use_prefix,
        args=(tuple(why),),
        help="What this checkpoint was trained to read before a text. It is written into the box, where you can edit it.",
        width="stretch",
    )


def use_prefix(known: tuple[str, ...]) -> None:
    """Puts the prefix picked from the menu before the text, in place of another one of `known` that stands there."""
    picked = st.session_state.get("opening")
    if isinstance(picked, str) and picked in known:
        written = str(st.session_state.get("text") or "")
        text_box.use_text(with_prefix(written, picked, {text: text for text in known}))


def prefixes(config_json: Mapping[str, object]) -> dict[str, str]:
    """{task: prefix} of `task_specific_params`: what a checkpoint was trained to read before the text of a task."""
    tasks = config_json.get("task_specific_params")
    if not isinstance(tasks, Mapping):
        return {}
    stated = {str(task): part.get("prefix") for task, part in tasks.items() if isinstance(part, Mapping)}
    return {task: prefix for task, prefix in stated.items() if isinstance(prefix, str) and prefix.strip()}


def with_prefix(text: str, prefix: str, known: Mapping[str, str]) -> str:
    """The text with a prefix before it, in place of another known prefix that stands there."""
    for other in sorted(known.values(), key=len, reverse=True):
        if text.startswith(other):
            text = text[len(other) :]
            break
    return prefix + text
