"""The log-probability of every answer under every prompt, and a warning about prompts and answers that have none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import streamlit as st

from analysis.prompting import Joint, Posed, Prompt, pose
from analysis.prompting_shares import (
    BITS,
    Floats,
    Length,
    attention_shares,
    influence_shares,
    log_probabilities,
    per_length,
    shares_among,
)
from model.errors import InputError
from ui.figures import markdown
from ui.prompting.draft import Draft, typed_answers
from ui.prompting.own_answers import given, own_answers
from ui.runs import estimate
from ui.runs.on_demand import asked, duration, is_kept, kept
from ui.runs.store import Run
from viz.prompting import Named

AT_ONCE_SECONDS = 8.0  # longer work is done when a person asks for it
AT_ONCE_PRODUCTS = 2e11  # parameters times characters times passes: smaller work is not even timed
TOKENS_UNASKED = 400  # for shorter prompts no gradient is estimated
MOST_KEPT = 400  # pairs of a prompt and an answer that are kept with a run


@dataclass(frozen=True, eq=False)
class Scored:
    """One answer under one prompt."""

    posed: Posed
    logs: Floats  # (answer,) nats

    @property
    def bits(self) -> Floats:
        """(answer,) surprisal of each token."""
        return np.asarray(-self.logs * BITS)


@dataclass(frozen=True, eq=False)
class Measured:
    """The prompts and answers on screen, and the log-probability of every answer under every prompt."""

    run: Run
    draft: Draft
    prompts: tuple[Named, ...]
    answers: tuple[str, ...]
    scored: tuple[tuple[Scored, ...], ...]  # prompts, answers
    own: bool  # whether the answers are the model's own, because none were typed

    @property
    def totals(self) -> Floats:
        """(prompts, answers) nats: the summed log-probabilities."""
        return np.array([[one.logs.sum() for one in row] for row in self.scored])

    def scores(self, length: Length) -> Floats:
        """(prompts, answers) nats, divided by the answers' lengths if `length` says so."""
        return np.array(
            [
                [
                    per_length(float(one.logs.sum()), length, tokens=len(one.logs), answer=answer)
                    for one, answer in zip(row, self.answers, strict=True)
                ]
                for row in self.scored
            ]
        )

    def shares(self, length: Length) -> Floats:
        """(prompts, answers): each answer's share among the answers; a row sums to 1."""
        return shares_among(self.scores(length))

    def prompt(self, place: int) -> Prompt:
        return self.draft.prompts[self.prompts[place].number - 1].prompt


def measured(run: Run, draft: Draft) -> Measured | None:
    """The scores of all answers under all prompts; draws a warning for each that cannot be scored. None where none can."""
    answers, notes = typed_answers(draft.answers)
    own = not answers
    try:
        answers = answers or own_answers(run)
    except InputError as error:
        st.warning(markdown.sentence(str(error)), icon="⚠️")
        return None
    if not answers:
        st.info("The model's own answer to this text is blank: type an answer, or pick one of the presets.", icon="✏️")
        return None
    if not may_measure(run, draft, answers):
        return None
    scored, problems = scored_pairs(run, draft, answers)
    keep_prompts, keep_answers, said = usable(problems, len(draft.prompts), answers)
    for sentence in [*notes, *said]:
        st.warning(sentence, icon="⚠️")
    if not keep_prompts or not keep_answers:
        return None
    return Measured(
        run,
        draft,
        tuple(Named(i + 1, draft.prompts[i].kind) for i in keep_prompts),
        tuple(answers[j] for j in keep_answers),
        tuple(tuple(scored[i, j] for j in keep_answers) for i in keep_prompts),
        own,
    )


def may_measure(run: Run, draft: Draft, answers: Sequence[str]) -> bool:
    """Whether the pairs that are not scored yet take little time, or a person asked for them. Else draws the button to ask."""
    prompts = [one.prompt for one in draft.prompts]
    pairs = [
        (prompt, answer)
        for prompt in prompts
        for answer in answers
        if not is_kept(run, ("answer scored", prompt, answer, draft.joint))
    ]
    longest = max(draft.size + len(run.spec.text), 1)  # there are no more tokens than characters, and usually a third
    if run.lm.parameters * longest * len(pairs) < AT_ONCE_PRODUCTS:
        return True
    wait = len(pairs) * estimate.seconds(run.lm, longest // 3 + 1)
    if wait < AT_ONCE_SECONDS:
        return True
    says = f"{len(pairs)} pairs of a prompt and an answer are to be read, each in a pass of its own: about {duration(wait)}."
    return asked(run, (draft, tuple(answers)), says, key="prompts_wanted")


def may_explain(found: Measured, answer: int) -> bool:
    """Whether attention and influence of an answer take little time, or a person asked for them. Else draws the button to ask.

    Raises InputError where there is not enough memory for them.
    """
    run, posed = found.run, [row[answer].posed for row in found.scored]
    todo = [one for i, one in enumerate(posed) if not is_kept(run, _key(found, i, answer, "influence"))]
    if not todo or max(len(one.read) + len(one.source) for one in todo) < TOKENS_UNASKED:
        return True
    works = [estimate.of_gradients(run.lm, len(one.read), len(one.source), one.passes) for one in todo]
    work = estimate.Work(1.5 * sum(one.seconds for one in works), max(one.bytes for one in works))
    estimate.check_memory(run.lm, work.bytes, "the influence of every token read", "shorten the prompts")
    if work.seconds < AT_ONCE_SECONDS:
        return True
    says = f"What this answer rests on takes gradients through the whole prompts: {work.said}."
    return asked(run, (found.draft, found.answers[answer]), says, key="parts_wanted")


def scored_pairs(
    run: Run, draft: Draft, answers: Sequence[str]
) -> tuple[dict[tuple[int, int], Scored], dict[tuple[int, int], str]]:
    """(scores, reasons why a pair has none), each by the places of prompt and answer."""
    scored, problems = dict[tuple[int, int], Scored](), dict[tuple[int, int], str]()
    for i, one in enumerate(draft.prompts):
        for j, answer in enumerate(answers):
            st.session_state.get("text")  # where Streamlit lets a newer choice end this run of the page
            try:
                scored[i, j] = score(run, one.prompt, answer, draft.joint)
            except InputError as error:
                problems[i, j] = str(error)
    return scored, problems


def score(run: Run, prompt: Prompt, answer: str, joint: Joint) -> Scored:
    """The score of one answer under one prompt. Raises InputError as `pose` does."""

    def make() -> Scored:
        posed = pose(run.lm, prompt, given(run), answer, joint)
        return Scored(posed, log_probabilities(run.lm, posed))

    return kept(run, ("answer scored", prompt, answer, joint), Scored, make, most=MOST_KEPT)


def usable(
    problems: dict[tuple[int, int], str], prompts: int, answers: Sequence[str]
) -> tuple[list[int], list[int], list[str]]:
    """(prompts, answers, sentences): the places of those that can be compared, and why the others are left out.

    A problem of all pairs makes one sentence. An answer that fails under every prompt is left out; otherwise the prompt is.
    """
    everywhere = set(problems.values())
    if len(problems) == prompts * len(answers) and len(everywhere) == 1:
        return [], [], [markdown.sentence(everywhere.pop())]
    bad_prompts = {i for i in range(prompts) if all((i, j) in problems for j in range(len(answers)))}
    left = [i for i in range(prompts) if i not in bad_prompts]
    bad_answers = {j for j in range(len(answers)) if left and all((i, j) in problems for i in left)}
    bad_prompts |= {i for i, j in problems if j not in bad_answers}
    said = [
        f"“{markdown.plain(short(answers[j]))}” is left out: {markdown.sentence(problems[left[0], j])}"
        for j in sorted(bad_answers)
    ]
    for i in sorted(bad_prompts):
        why = next(text for (prompt, j), text in problems.items() if prompt == i and j not in bad_answers)
        said.append(f"Prompt {i + 1} is left out: {markdown.sentence(why)}")
    return (
        [i for i in range(prompts) if i not in bad_prompts],
        [j for j in range(len(answers)) if j not in bad_answers],
        said,
    )


def short(answer: str, most: int = 40) -> str:
    """An answer cut to `most` characters."""
    return answer if len(answer) <= most else f"{answer[: most - 1]}…"


def attention(found: Measured, prompt: int, answer: int) -> Floats:
    """(layers, heads, parts): shares of the attention of one answer under one prompt."""
    return _shares(found, prompt, answer, "attention")


def influence(found: Measured, prompt: int, answer: int) -> Floats:
    """(parts,): shares of the influence on one answer under one prompt."""
    return _shares(found, prompt, answer, "influence")


def _shares(found: Measured, prompt: int, answer: int, what: Literal["attention", "influence"]) -> Floats:
    run, one = found.run, found.scored[prompt][answer]
    work = attention_shares if what == "attention" else influence_shares
    st.session_state.get("text")  # where Streamlit lets a newer choice end this run of the page
    return kept(run, _key(found, prompt, answer, what), np.ndarray, lambda: work(run.lm, one.posed), most=MOST_KEPT)


def _key(found: Measured, prompt: int, answer: int, what: str) -> tuple[object, ...]:
    return (f"{what} on parts", found.prompt(prompt), found.answers[answer], found.draft.joint)
