"""Tokens as chips."""

from model.tokenizers.tokens import Token
from model.tokenizers.visible import SPACE
from ui.components.token_strip.token_strip import Chip

STRIP_TOKENS = 120


def chip(token: Token, *, note: str = "", current: bool = False, following: bool = False) -> Chip:
    """A token as a chip."""
    title = f"id {token.id}" + (f" · characters {token.span[0]} to {token.span[1]}" if token.span else "")
    if token.special:
        title += " · a special token, no part of the text"
    elif token.label.startswith(SPACE):
        title += f" · the dot {SPACE} is a space"
    elif "\ufffd" in token.text:
        title += " · a part of a character, its bytes in hexadecimal"
    return Chip(token.label, note=note, title=title, special=token.special, current=current, next=following)
