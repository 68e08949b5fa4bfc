"""Builds the Reshaping that hides special tokens and merges pieces into words, from a run's tokens."""

from typing import Literal

import numpy as np

from analysis.merging import Axis, Reshaping, axis
from analysis.words import alone, words
from model.tokenizers.tokens import Token
from ui.runs.store import Run

Special = Literal["shown", "hidden", "renormalised"]


def reshaping(
    run: Run, queries: tuple[Token, ...], keys: tuple[Token, ...], special: Special, merge: bool
) -> Reshaping | None:
    """The Reshaping of one kind of attention; None where nothing is hidden or merged."""
    if special == "shown" and not merge:
        return None
    asking = side(run, queries, hide=special != "shown", merge=merge)
    asked = asking if keys is queries else side(run, keys, hide=special != "shown", merge=merge)
    return Reshaping(asking, asked, renormalise=special == "renormalised")


def side(run: Run, tokens: tuple[Token, ...], *, hide: bool, merge: bool) -> Axis:
    """Rows or columns after hiding and merging. If every token is special, none is hidden, so that something is left to show."""
    pieces = run.lm.tokenizer is not None and run.lm.tokenizer.word_pieces
    hidden = [hide and token.special for token in tokens]
    if all(hidden):
        hidden = [False] * len(tokens)
    return axis(words(spanned(run, tokens), word_pieces=pieces) if merge else alone(tokens), hidden)


def spanned(run: Run, tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    """The tokens with their spans in the text as typed. Masked text is read as ids, which have no spans: they are filled in."""
    typed = run.original
    if tokens[: len(typed)] == run.source and typed != run.source:
        masked = [Token(t.id, t.text, t.label, t.special, o.span) for t, o in zip(tokens, typed, strict=False)]
        return (*masked, *tokens[len(typed) :])
    return tokens


def first_of(side: Axis, piece: int) -> int:
    """The first row or column that begins at a piece or after it."""
    starts = np.array([side.piece(word) for word in range(len(side.words))])
    return int(np.searchsorted(starts, piece))
