"""Tokens as chips."""

from model.tokenizers.tokens import Token
from ui.components.token_strip.token_strip import Chip

STRIP_TOKENS = 120


def chip(token: Token, *, note: str = "", current: bool = False, following: bool = False) -> Chip:
    """A token as a chip."""
    title = f"id {token.id}" + (f" · characters {token.span[0]} to {token.span[1]}" if token.span else "")
    return Chip(token.label, note=note, title=title, special=token.special, current=current, next=following)
