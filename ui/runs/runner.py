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
from model.trace import Trace
from ui.runs import out_of_memory
from ui.runs.estimate import announced
from ui.runs.examples import DEFAULT_MODEL, examples_for
from ui.runs.model_pool import LIGHT_BYTES, MOST_MODELS, ModelPool
from ui.runs.store import Run, RunSpec, RunStore

LEAST_STORE_BYTES, MOST_STORE_BYTES = 512 * 1024**2, 4 * 1024**3
TOKENS_A_TOKEN = 3  # tokens that may be written for each token of a source
SPARE_TOKENS = 8  # and so many more
CONTINUED_TOKENS = 40  # tokens a decoder alone writes after its prompt
LONGEST_NAMED = 20  # characters of a wrong token id that a sentence repeats
LEAST_KEPT_TOKENS = 16  # an interrupted decode of fewer is dropped


class ChoiceError(InputError):
    """A token chosen in a link that is not in this model's vocabulary."""


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The one store of this process, of an eighth of the machine's memory.

    At GPT-2 small's shape a run of 2,048 tokens keeps 0.5 GB, and a knock-out compares three runs.
    """
    return RunStore(max(LEAST_STORE_BYTES, min(MOST_STORE_BYTES, installed() // 8)))


@st.cache_resource(show_spinner=False)
def model_pool() -> ModelPool:
    """The models of this process; the runs of a model that leaves memory are dropped."""
    return ModelPool(MOST_MODELS, lambda name, device: store().forget(name, device), LIGHT_BYTES)


def load(name: str, device: str) -> LanguageModel:
    """A loaded model, shared by all sessions: it holds weights and nothing of any run."""
    if model_pool().has(name, device):
        return model_pool().get(name, device)
    with st.spinner("Loading the model"):
        return model_pool().get(name, device)


def devices() -> list[str]:
    """Where a model can run on this machine."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def writing_limit(lm: LanguageModel, source: int, asked: int | None = None) -> int:
    """How many tokens a decode may write.

    That is what a person asked for. Else it is a multiple of the source's length, so that a decode of odd input ends, or
    for a decoder alone a fixed number. Never more than the model has positions.
    """
    usual = TOKENS_A_TOKEN * source + SPARE_TOKENS if lm.config.encoder_layers else CONTINUED_TOKENS
    most = usual if asked is None else asked
    return most if lm.config.max_positions is None else min(most, lm.config.max_positions)


def get(
    spec: RunSpec,
    between_steps: Callable[[], object] = lambda: None,
    like: RunSpec | None = None,
    seen: Callable[[Step], object] = lambda step: None,
) -> Run:
    """The run of a spec, from the store or made now.

    `between_steps` is called after each decoded token: a newer keystroke raises there, which ends the decode. `seen` is
    then called with the step. `like` names a run that probably wrote similar tokens, such as that of the text before a
    keystroke: they serve as a draft, which saves time and does not change the result. Raises InputError or
    CheckpointError as the model does.
    """
    held = store().get(spec)
    if held is not None:
        return held
    lm = load(spec.model, spec.device)
    with announced(lm, spec.text, spec.pair, ids=spec.ids), out_of_memory.as_sentence("this run"):
        run = _make(spec, lm, between_steps, like, seen)
    store().put(run)
    return run


def given(lm: LanguageModel, text: str, ids: bool = False) -> str | list[int]:
    """A typed text as the model takes it: the text, or where `ids` or there is no tokenizer the token ids typed in it."""
    if lm.tokenizer is not None and not ids:
        return text
    parts = text.replace(",", " ").split()
    wrong = [part for part in parts if not (part.isdecimal() and len(part) < 10)]
    if parts and not wrong:
        return [int(part) for part in parts]
    named = f": “{wrong[0][:LONGEST_NAMED]}” is none" if wrong else ""
    if lm.tokenizer is None:
        raise InputError(f"this model has no tokenizer: type token ids instead of text, such as 12 7 93{named}")
    raise InputError(
        f"token ids are whole numbers from 0 to {lm.config.vocab_size - 1:,} with spaces between them, such as 12 7 93{named}"
    )


def source_of(spec: RunSpec, lm: LanguageModel) -> str | list[int]:
    """The text of a spec as its model takes it."""
    return given(lm, spec.text, spec.ids)


def _make(
    spec: RunSpec,
    lm: LanguageModel,
    between_steps: Callable[[], object],
    like: RunSpec | None,
    seen: Callable[[Step], object],
) -> Run:
    """The run of a spec: the model writes its own tokens, or reads in one pass what it is given."""
    reading = lm.reading(source_of(spec, lm), None if spec.pair is None else given(lm, spec.pair))
    if not _is_written(spec, lm):
        return Run(spec, lm, _one_pass(spec, lm, reading), (), 0, reading)

    def after_step(step: Step) -> None:
        between_steps()
        seen(step)

    return _decode(spec, lm, reading, like, after_step)


def _is_written(spec: RunSpec, lm: LanguageModel) -> bool:
    """Whether the model chooses tokens: it can and may, and the spec does not give those the decoder reads."""
    if lm.kind == "encoder" or lm.net.head is None or spec.read is not None or spec.most == 0:
        return False
    return lm.kind != "encoder-decoder" or spec.target is None


def _one_pass(spec: RunSpec, lm: LanguageModel, reading: Reading) -> Trace:
    """One pass over what the spec gives: a text, ids of the decoder, or an encoder's text with tokens masked."""
    text = source_of(spec, lm)
    if lm.kind == "encoder-decoder":
        target = _target(lm, spec.target) if spec.read is None else list(spec.read)
        return lm.run(text, target=target, edits=spec.edits)
    if lm.kind != "encoder":
        return lm.run(text if spec.read is None else list(spec.read), edits=spec.edits)
    if spec.masks or spec.filled:
        return lm.run(_masked_ids(lm, reading, spec), segments=reading.segments, edits=spec.edits)
    pair = None if spec.pair is None else given(lm, spec.pair)
    return lm.run(text, pair=pair, edits=spec.edits)


def _decode(
    spec: RunSpec, lm: LanguageModel, reading: Reading, like: RunSpec | None, after_step: Callable[[Step], object]
) -> Run:
    """The run in which the model writes. Where `after_step` raises, the steps made so far are stored as a run of their own."""
    limit = writing_limit(lm, len(reading.tokens), spec.most)
    check_choices(spec.choices, lm)
    steps = list[Step]()
    try:
        for step in _steps(spec, lm, limit, like):
            steps.append(step)
            after_step(step)
    finally:
        if len(steps) >= LEAST_KEPT_TOKENS and not steps[-1].ended:
            store().put(_stopped(spec, lm, steps, reading))
    return Run(spec, lm, steps[-1].trace, tuple(steps), limit, reading)


def _steps(spec: RunSpec, lm: LanguageModel, limit: int, like: RunSpec | None) -> Iterator[Step]:
    """The steps of a decode; it goes on from an earlier decode of the same text where there is one."""
    strategy = Forced(spec.choices, spec.strategy)
    earlier = store().alike(spec)
    if earlier is not None and earlier.lm is lm:
        return rewrite(lm, earlier.steps, strategy, max_new_tokens=limit)
    draft = _generated_by(like, lm)
    return lm.decode(source_of(spec, lm), strategy=strategy, edits=spec.edits, max_new_tokens=limit, draft=draft)


def _generated_by(spec: RunSpec | None, lm: LanguageModel) -> list[int]:
    """The ids that a run in the store has generated with this model; none where there is no such run."""
    held = None if spec is None else store().get(spec)
    return [step.token.id for step in held.steps] if held is not None and held.lm is lm else []


def _stopped(spec: RunSpec, lm: LanguageModel, steps: list[Step], reading: Reading) -> Run:
    """An interrupted decode as the run of so many tokens, from which another decode can go on."""
    ended = (*steps[:-1], replace(steps[-1], ended="limit"))
    return Run(replace(spec, most=len(steps)), lm, steps[-1].trace, ended, len(steps), reading)


def _masked_ids(lm: LanguageModel, reading: Reading, spec: RunSpec) -> list[int]:
    """The ids of a reading with the mask token at the spec's masks, and over masks the tokens that fill them."""
    if lm.special.mask is None:
        raise InputError("this checkpoint names no mask token, so no token can be masked")
    ids = [lm.special.mask if i in spec.masks else id for i, id in enumerate(reading.ids)]
    for at, id in spec.filled:
        if not 0 <= at < len(ids) or ids[at] != lm.special.mask:
            raise InputError(f"there is no mask at position {at} to fill")
        ids[at] = id
    return ids


def _target(lm: LanguageModel, text: str | None) -> str | list[int] | None:
    """What the decoder reads; typed ids get the start token that text would get. None where nothing is given."""
    if text is None:
        return None
    ids = given(lm, text) if text.strip() else ""
    start = lm.special.start
    return ids if isinstance(ids, str) or start is None else [start, *ids]


def check_choices(choices: tuple[tuple[int, int], ...], lm: LanguageModel) -> None:
    """Raises ChoiceError where a chosen id is not in the model's vocabulary."""
    size = lm.config.vocab_size
    for step, token in choices:
        if not 0 <= token < size:
            raise ChoiceError(
                f"token {token} cannot be written at step {step}: the model's vocabulary has ids 0 to {size - 1}"
            )


def warm_up() -> None:
    """Loads the default model and runs its first example, so that the first visit need not wait."""
    model_pool().get(DEFAULT_MODEL, devices()[-1])  # before `load`, whose spinner needs a page
    get(RunSpec(DEFAULT_MODEL, devices()[-1], examples_for(DEFAULT_MODEL)[0].text))


def offered() -> list[str]:
    """Names of the models one can choose: the shipped ones, the default first, then those opened in this process."""
    return [*sorted(model.shipped(), key=lambda name: (name != DEFAULT_MODEL, name)), *model_pool().opened]


def shown() -> Run:
    """The run on screen; the first example where a page runs alone, without app.py. Stops the page where there is no run."""
    spec = st.session_state.get("shown")
    if "shown" in st.session_state and spec is None:
        st.info("Nothing could be read yet: type a text above.")
        st.stop()
    if not isinstance(spec, RunSpec):
        spec = RunSpec(DEFAULT_MODEL, devices()[-1], examples_for(DEFAULT_MODEL)[0].text)
    return get(spec)
