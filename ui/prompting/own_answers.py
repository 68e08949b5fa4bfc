"""The answers used where none are typed: what the model itself finds most probable after the text."""

from dataclasses import replace

from analysis.prompting import mask_place
from ui.runs import runner
from ui.runs.store import Run

MOST_ANSWER_TOKENS = 64
CANDIDATES = 12  # the most probable tokens, among which two readable ones are sought


def own_answers(run: Run) -> list[str]:
    """At most two answers of the model itself.

    Of an encoder or a decoder they are the two most probable tokens; a token that was masked by a click comes first. Of an
    encoder-decoder they are its output, and its output with the closest choice between two tokens made the other way.

    Raises InputError where an encoder has no mask to answer at.
    """
    if run.lm.kind == "encoder":
        trace = run.lm.run(given(run))
        shares = trace.probabilities(mask_place(run.lm, trace.tokens("encoder")))
        hidden = [run.original[at].id for at in run.spec.masks if at < len(run.original)]
        return readable(run, [*hidden, *map(int, shares.topk(min(CANDIDATES, len(shares))).indices)])
    if not run.steps:
        return []
    if run.lm.kind == "encoder-decoder":
        return generated(run)
    count = min(CANDIDATES, run.lm.config.vocab_size)
    return readable(run, [token.id for token, _ in run.steps[0].top(count)])


def given(run: Run) -> str:
    """The input: the text above, with the mask in the place of tokens that were masked by a click."""
    text, lm = run.spec.text, run.lm
    if lm.kind != "encoder" or lm.special.mask is None:
        return text
    for at in sorted(run.spec.masks, reverse=True):
        span = run.original[at].span if at < len(run.original) else None
        if span is not None:
            blank = " " if text[span[0] : span[0] + 1].isspace() else ""
            text = text[: span[0]] + blank + lm.token(lm.special.mask).text + text[span[1] :]
    return text


def readable(run: Run, ids: list[int]) -> list[str]:
    """The first two of these tokens that are words or signs by themselves."""
    tokens = [run.lm.token(i) for i in ids]
    texts = [token.text.strip() for token in tokens if not token.special and "\ufffd" not in token.text]
    return list(dict.fromkeys(text for text in texts if text))[:2]


def generated(run: Run) -> list[str]:
    """The output, and the output with the closest choice between two tokens made the other way."""
    steps = [step for step in run.steps if not step.token.special][:MOST_ANSWER_TOKENS]
    rivals = [next((t for t, _ in step.top(3) if t.id != step.token.id and not t.special), None) for step in steps]
    close = [
        (float(step.probabilities[rival.id]), step.index, rival.id)
        for step, rival in zip(steps, rivals, strict=True)
        if rival
    ]
    texts = [run.lm.text([step.token.id for step in steps]).strip()]
    if close:
        _, index, rival = max(close)
        before = tuple(choice for choice in run.spec.choices if choice[0] < index)
        other = runner.get(replace(run.spec, choices=(*before, (index, rival))), like=run.spec)
        ids = [step.token.id for step in other.steps if not step.token.special][:MOST_ANSWER_TOKENS]
        texts.append(run.lm.text(ids).strip())
    return list(dict.fromkeys(text for text in texts if text))
