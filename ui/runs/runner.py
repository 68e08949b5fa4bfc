"""Loaded models and finished runs, shared by every session and bounded in bytes."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import streamlit as st
import torch

import model
from model.decoding.rewrite import rewrite
from model.decoding.step import Step
from model.decoding.strategies import Forced
from model.errors import InputError
from model.language_model import LanguageModel
from model.loading.memory import installed
from model.pretrained import Reading
from model.tap import Edit
from model.trace import Trace
from ui.runs.estimate import announced
from ui.runs.examples import DEFAULT_MODEL, examples_for
from ui.runs.model_pool import LIGHT_BYTES, MOST_MODELS, ModelPool
from ui.runs.store import Run, RunSpec, RunStore

__all__ = ["Run", "RunSpec", "RunStore"]

LEAST_BUDGET, MOST_BUDGET = 512 * 1024**2, 4 * 1024**3
TOKENS_A_TOKEN = 3
SPARE_TOKENS = 8
WORTH_KEEPING = 16  # tokens of a decode that was interrupted
CONTINUED = 40  # tokens a decoder alone writes after its prompt


class ChoiceError(InputError):
    """A choice that came with a link and that this model cannot write."""


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The one store of this process: an eighth of the memory there is. At GPT-2 small's shape a run of 2,048 tokens keeps 0.5 GB,
    and a knock-out sets three of them side by side."""
    return RunStore(max(LEAST_BUDGET, min(MOST_BUDGET, installed() // 8)))


@st.cache_resource(show_spinner=False)
def model_pool() -> ModelPool:
    """The models of this process; one that leaves memory takes its runs with it."""
    return ModelPool(MOST_MODELS, lambda name, device: store().forget(name, device), LIGHT_BYTES)


def load(name: str, device: str) -> LanguageModel:
    """One model for every session; a model holds weights and nothing about any run."""
    if model_pool().has(name, device):
        return model_pool().get(name, device)
    with st.spinner("Loading the model"):
        return model_pool().get(name, device)


def devices() -> list[str]:
    """Where a model can run on this machine."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def writing_limit(lm: LanguageModel, source: int, asked: int | None = None) -> int:
    """How many tokens a decode may write: what a person asked for, or else a multiple of the source's length, so that
    odd input cannot run on, and a fixed number after a prompt."""
    usual = TOKENS_A_TOKEN * source + SPARE_TOKENS if lm.config.encoder_layers else CONTINUED
    most = usual if asked is None else asked
    return most if lm.config.max_positions is None else min(most, lm.config.max_positions)


def get(
    spec: RunSpec,
    between_steps: Callable[[], object] = lambda: None,
    like: RunSpec | None = None,
    seen: Callable[[Step], object] = lambda step: None,
) -> Run:
    """The run of a spec, from the store or made now.

    `between_steps` is called after each decoded token: a newer keystroke raises there and the decode is dropped.
    `like` is a run that is expected to have written much the same, such as that of the text before a keystroke: it
    makes this one quicker and changes nothing of it. `seen` is handed each step as it is made. Raises InputError or
    CheckpointError as the model does.
    """
    held = store().get(spec)
    if held is not None:
        return held
    with announced(lm := load(spec.model, spec.device), spec.text, spec.pair):
        run = _make(spec, lm, between_steps, like, seen)
    store().put(run)
    return run


def given(lm: LanguageModel, text: str) -> str | list[int]:
    """What a typed text means to a model: itself, or the ids in it where the model has no tokenizer."""
    if lm.tokenizer is not None:
        return text
    parts = text.replace(",", " ").split()
    if not parts or not all(part.isdecimal() and len(part) < 10 for part in parts):
        raise InputError("this model has no tokenizer: type token ids instead of text, such as 12 7 93")
    return [int(part) for part in parts]


def _make(
    spec: RunSpec,
    lm: LanguageModel,
    between_steps: Callable[[], object],
    like: RunSpec | None,
    seen: Callable[[Step], object],
) -> Run:
    x = given(lm, spec.text)
    pair = None if spec.pair is None else given(lm, spec.pair)
    reading = lm.reading(x, pair)
    if lm.kind == "encoder":
        hidden = _behind_masks(lm, reading, spec.masks, spec.filled) if spec.masks or spec.filled else None
        if hidden is None:
            trace = lm.run(x, pair=pair, edits=spec.edits)
        else:
            trace = lm.run(hidden, segments=reading.segments, edits=spec.edits)
        return Run(spec, lm, trace, (), 0, reading)
    if spec.read is not None:
        return Run(spec, lm, _read_exactly(lm, x, spec.read, spec.edits), (), 0, reading)
    if spec.target is not None and lm.kind == "encoder-decoder":
        return Run(spec, lm, lm.run(x, target=_target(lm, spec.target), edits=spec.edits), (), 0, reading)
    if lm.net.head is None:
        return Run(spec, lm, lm.run(x, edits=spec.edits), (), 0, reading)
    limit = writing_limit(lm, len(reading.tokens), spec.most)
    check_choices(spec.choices, lm)
    steps = list[Step]()
    try:
        for step in _writing(spec, lm, x, limit, _generated(like, lm)):
            steps.append(step)
            between_steps()
            seen(step)
    finally:
        if len(steps) >= WORTH_KEEPING and not steps[-1].ended:
            store().put(_stopped(spec, lm, steps, reading))
    return Run(spec, lm, steps[-1].trace, tuple(steps), limit, reading)


def _stopped(spec: RunSpec, lm: LanguageModel, steps: list[Step], reading: Reading) -> Run:
    """What a decode came to before it was interrupted: the run of so many tokens, from which another can go on."""
    whole = (*steps[:-1], replace(steps[-1], ended="limit"))
    return Run(replace(spec, most=len(steps)), lm, steps[-1].trace, whole, len(steps), reading)


def _generated(spec: RunSpec | None, lm: LanguageModel) -> list[int]:
    """What a run still held has written, with the same model; nothing where there is none."""
    held = None if spec is None else store().get(spec)
    return [step.token.id for step in held.steps] if held is not None and held.lm is lm else []


def _writing(spec: RunSpec, lm: LanguageModel, x: str | list[int], limit: int, draft: list[int]) -> Iterator[Step]:
    """The decode of a spec; it goes on from an earlier one of the same text where there is one."""
    strategy = Forced(spec.choices, spec.strategy)
    held = store().alike(spec)
    if held is not None and held.lm is lm:
        return rewrite(lm, held.steps, strategy, max_new_tokens=limit)
    return lm.decode(x, strategy=strategy, edits=spec.edits, max_new_tokens=limit, draft=draft)


def _read_exactly(lm: LanguageModel, x: str | list[int], read: tuple[int, ...], edits: tuple[Edit, ...]) -> Trace:
    """One pass over ids that are given, not decoded."""
    if lm.kind == "encoder-decoder":
        return lm.run(x, target=list(read), edits=edits)
    return lm.run(list(read), edits=edits)


def _behind_masks(
    lm: LanguageModel, reading: Reading, masks: tuple[int, ...], filled: tuple[tuple[int, int], ...]
) -> list[int]:
    """The ids of a reading, the mask token in the place of those at `masks`, and over it what was filled in."""
    if lm.special.mask is None:
        raise InputError("this checkpoint names no mask token, so no token can be masked")
    ids = [lm.special.mask if i in masks else id for i, id in enumerate(reading.ids)]
    for at, id in filled:
        if not 0 <= at < len(ids) or ids[at] != lm.special.mask:
            raise InputError(f"there is no mask at position {at} to fill")
        ids[at] = id
    return ids


def _target(lm: LanguageModel, text: str) -> str | list[int]:
    """What a decoder shall have read; ids get the start token that text would get."""
    ids = given(lm, text) if text.strip() else ""
    start = lm.special.start
    return ids if isinstance(ids, str) or start is None else [start, *ids]


def check_choices(choices: tuple[tuple[int, int], ...], lm: LanguageModel) -> None:
    """Raises ChoiceError where a choice is no token of the model."""
    size = lm.config.vocab_size
    for step, token in choices:
        if not 0 <= token < size:
            raise ChoiceError(
                f"token {token} cannot be written at step {step}: the model's vocabulary has ids 0 to {size - 1}"
            )


def warm_up() -> None:
    """Loads the default model and runs its first example, so that a first visit shows real numbers at once."""
    model_pool().get(DEFAULT_MODEL, devices()[-1])  # before `load`, whose spinner needs a page
    get(RunSpec(DEFAULT_MODEL, devices()[-1], examples_for(DEFAULT_MODEL)[0].text))


def offered() -> list[str]:
    """Names of the models one can choose: shipped, the default first, then what was opened in this process."""
    return [*sorted(model.shipped(), key=lambda name: (name != DEFAULT_MODEL, name)), *model_pool().opened]


def shown() -> Run:
    """The run on screen. A page that runs by itself, without app.py around it, shows the first example."""
    spec = st.session_state.get("shown")
    if "shown" in st.session_state and spec is None:
        st.info("Nothing could be read yet: type a text above.")
        st.stop()
    if not isinstance(spec, RunSpec):
        spec = RunSpec(DEFAULT_MODEL, devices()[-1], examples_for(DEFAULT_MODEL)[0].text)
    return get(spec)
