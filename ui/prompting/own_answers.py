"""The answers that stand in for typed ones: what the model itself finds likeliest after the text as it is."""

from dataclasses import replace

from analysis.prompting import mask_place
from ui.runs import runner
from ui.runs.runner import Run

LONGEST_OWN = 64  # tokens of a text the model wrote
LOOKED_AT = 12  # of the most probable tokens, to find two that can be read


def own_answers(run: Run) -> list[str]:
    """Two at most. A decoder's or an encoder's two likeliest tokens, a token hidden by a click before them; what an
    encoder-decoder wrote, and what it writes where its closest choice goes the other way.

    Raises InputError where an encoder has no mask to answer at.
    """
    if run.lm.kind == "encoder":
        trace = run.lm.run(given(run))
        shares = trace.probabilities(mask_place(run.lm, trace.tokens("encoder")))
        hidden = [run.original[at].id for at in run.spec.masks if at < len(run.original)]
        return readable(run, [*hidden, *map(int, shares.topk(min(LOOKED_AT, len(shares))).indices)])
    if not run.steps:
        return []
    if run.lm.kind == "encoder-decoder":
        return generated(run)
    count = min(LOOKED_AT, run.lm.config.vocab_size)
    return readable(run, [token.id for token, _ in run.steps[0].top(count)])


def given(run: Run) -> str:
    """The input: the text above, tokens that were hidden by a click as the mask that is read in their place."""
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
    """What the model wrote, and what it writes where its closest choice went the other way."""
    steps = [step for step in run.steps if not step.token.special][:LONGEST_OWN]
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
        ids = [step.token.id for step in other.steps if not step.token.special][:LONGEST_OWN]
        texts.append(run.lm.text(ids).strip())
    return list(dict.fromkeys(text for text in texts if text))
