"""What the model reads under each prompt, token by token; of a long prompt a part at a time, at first its end."""

import streamlit as st

from model.tokenizers.tokens import Token
from ui.components.token_strip.token_strip import Chip, Role, Strip, token_strip
from ui.prompting.scores import Measured
from ui.state import address
from ui.state.linked import Linked
from viz.prompting import percent

ROLES: dict[str, Role] = {"instruction": "position", "examples": "warning", "input": "key", "answer": "probability"}
TINT = 0.4  # of a part that is not the answer
MOST = 60  # of a row: more would be hidden by the height of the strip, the answer among them
FROM = Linked("texts_from", -1, address.whole_number, str)
"""The first token of the part on screen; -1: the part that ends with the answer."""


def draw_texts(found: Measured, answer: int) -> None:
    """Draws the tokens read under each prompt, each part in its colour, with the surprisal of each token of the answer."""
    whole = [row for i in range(len(found.prompts)) for row in rows_of(found, i, answer)]
    longest = max(len(row.chips) for row, _ in whole)
    start = FROM.get() if longest > MOST else -1
    FROM.link(start)
    st.markdown(
        "**What the model reads**",
        help="Token by token, as its tokenizer cuts it: purple is the instruction, gold the examples, blue-green the input; "
        "special tokens have no colour. Green is the answer: the deeper, the more probable; below each of its tokens its "
        "surprisal in bits, −log₂ of its probability.",
    )
    rows = [Strip(row.name, row.chips[part(row, end, start)], "nothing in this part") for row, end in whole]
    token_strip(rows, key="prompt_texts", label="What the model reads", clickable=False)
    if longest > MOST:
        draw_moves(longest, start)


def part(row: Strip, end: int, start: int) -> slice:
    """The part of a row on screen: from `start` on, or by default the part that ends with the answer, at `end`."""
    first = max(0, min(end, len(row.chips)) - MOST) if start < 0 else start
    return slice(first, first + MOST)


def draw_moves(longest: int, start: int) -> None:
    """Which part is on screen, and buttons that go to the others."""
    said = f"The prompts have up to {longest:,} tokens. Shown: "
    said += f"the {MOST} that end with the answer." if start < 0 else f"tokens {start:,} to {start + MOST - 1:,}."
    first = max(0, longest - MOST) if start < 0 else start
    moves = (
        ("First", "first", 0, start == 0),
        ("◂ Earlier", "earlier", max(0, first - MOST), first == 0),
        ("Later ▸", "later", first + MOST, start < 0 or first + MOST >= longest),
        ("Answer", "answer", -1, start < 0),
    )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(said, width="content")
        for label, name, to, off in moves:
            st.button(label, key=f"texts_{name}", type="tertiary", disabled=off, on_click=FROM.set, args=(to,))


def rows_of(found: Measured, prompt: int, answer: int) -> list[tuple[Strip, int]]:
    """The tokens of one prompt, a row each for encoder and decoder; with each row the end of the part shown by default."""
    one, number = found.scored[prompt][answer], found.prompts[prompt].number
    posed = one.posed
    answered = [chip_of_answer(token, float(bits)) for token, bits in zip(posed.answer, one.bits, strict=True)]
    if posed.source:
        reads = [chip(token, part) for token, part in zip(posed.source, posed.source_parts, strict=True)]
        return [(Strip(f"{number} reads", reads), len(reads)), (Strip("answer", answered), len(answered))]
    place = posed.at[0] if posed.mask is not None else len(posed.read) - len(posed.answer) + 1
    around = [chip(token, part) for token, part in zip(posed.read, posed.parts, strict=True)]
    after = around[place + len(posed.answer) :] if posed.mask is not None else []
    row = [*around[:place], *answered, *after]
    return [(Strip(f"{number} reads", row), min(len(row), place + len(answered) + MOST // 2))]


def chip(token: Token, part: str) -> Chip:
    """A token of the prompt, in the colour of its part."""
    role = ROLES.get(part)
    if role is None or part == "answer":
        return Chip(token.label, special=token.special, title="special token")
    return Chip(token.label, title=part, intensity=TINT, role=role)


def chip_of_answer(token: Token, bits: float) -> Chip:
    """A token of the answer: coloured by its probability, with its surprisal below."""
    p = min(1.0, 2.0**-bits)
    return Chip(token.label, f"{bits:.1f}", p, "probability", f"answer, {percent(p)}", special=token.special)
