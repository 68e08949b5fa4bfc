"""Loaded models and finished runs, shared by every session and bounded in bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import streamlit as st
import torch

from model.decoding import Forced, Greedy, Sample, Step
from model.errors import InputError
from model.language_model import LanguageModel, Reading
from model.rewriting import rewrite
from model.tap import Edit, StackName
from model.tokens import Token
from model.trace import Trace
from ui.estimate import announced
from ui.examples import DEFAULT_MODEL, examples_for
from ui.opened import LIGHT_BYTES, MOST_MODELS, Shelf

BUDGET_BYTES = 512 * 1024**2
TOKENS_A_TOKEN = 3
SPARE_TOKENS = 8
CONTINUED = 40  # tokens a decoder alone writes after its prompt


class ChoiceError(InputError):
    """A choice that came with a link and that this model cannot write."""


@dataclass(frozen=True)
class RunSpec:
    """All that a run depends on."""

    model: str
    device: str
    text: str
    target: str | None = None  # what the decoder shall have read; None: what the model writes itself
    choices: tuple[tuple[int, int], ...] = ()  # (step, token id) chosen by a person
    pair: str | None = None  # a second sentence, for a model that tells two apart
    masks: tuple[int, ...] = ()  # positions of an encoder's text hidden behind its mask token
    edits: tuple[Edit, ...] = ()  # what is switched off in the model while it runs
    read: tuple[int, ...] | None = None  # ids the decoder shall have read, exactly these, so that two runs compare
    strategy: Greedy | Sample = Greedy()  # how the model's own tokens are chosen
    most: int | None = None  # how many tokens it may write; None: what its kind may


@dataclass(frozen=True, eq=False)
class Run:
    """What one spec came to."""

    spec: RunSpec
    lm: LanguageModel
    trace: Trace
    steps: tuple[Step, ...]
    limit: int  # how many tokens the model was allowed to write
    reading: Reading | None = None  # the text as it came from the tokenizer, before any token was masked

    @cached_property
    def bytes(self) -> int:
        """What its recording takes; counted once, because the store asks at every keystroke."""
        return self.trace.recording.bytes

    @property
    def reader(self) -> StackName:
        """The stack that reads what was typed."""
        return "encoder" if self.lm.config.encoder_layers else "decoder"

    @property
    def source(self) -> tuple[Token, ...]:
        """What was typed, as pieces."""
        return self.trace.tokens(self.reader)[: self.typed]

    @property
    def typed(self) -> int:
        """How many tokens the typed text came to."""
        if self.reader == "decoder" and self.steps:
            return len(self.steps[0].read["decoder"])
        return len(self.trace.tokens(self.reader))

    @property
    def written(self) -> tuple[Token, ...]:
        """What came out, the end token included."""
        if self.steps:
            return tuple(step.token for step in self.steps)
        return self.trace.tokens("decoder")[1:] if self.lm.kind == "encoder-decoder" else ()

    @property
    def segments(self) -> tuple[int, ...] | None:
        """The sentence of each token, 0 or 1, where the text is a pair; else None."""
        held = None if self.reading is None else self.reading.segments
        return held if held is not None and len(set(held)) > 1 else None

    @property
    def original(self) -> tuple[Token, ...]:
        """What was typed, as pieces, before any was masked."""
        return self.source if self.reading is None else self.reading.tokens

    @property
    def stacks(self) -> tuple[StackName, ...]:
        return tuple(self.trace.read)

    def after(self, stack: StackName) -> list[int | None]:
        """For each position of a stack, the id that came next; None where nothing did."""
        read = self.trace.tokens(stack)
        following: list[int | None] = [token.id for token in read[1:]]
        last = self.steps[-1].token.id if self.steps and stack == "decoder" else None
        return [*following, last]


def _without_choices(spec: RunSpec) -> RunSpec:
    return replace(spec, choices=(), strategy=Greedy(), most=None)


class RunStore:
    """The runs used last, until their tensors pass a budget. Safe to share between threads."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._runs: OrderedDict[RunSpec, Run] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, spec: RunSpec) -> Run | None:
        with self._lock:
            if spec in self._runs:
                self._runs.move_to_end(spec)
            return self._runs.get(spec)

    def alike(self, spec: RunSpec) -> Run | None:
        """The newest decode that differs only in the tokens chosen: its steps serve as far as their tokens stay."""
        asked = _without_choices(spec)
        with self._lock:
            of_the_text = [run for held, run in self._runs.items() if run.steps and held.text == spec.text]
        return next((run for run in reversed(of_the_text) if _without_choices(run.spec) == asked), None)

    def put(self, run: Run) -> None:
        with self._lock:
            self._runs[run.spec] = run
            self._runs.move_to_end(run.spec)
            while len(self._runs) > 1 and self.bytes > self.budget:
                self._runs.popitem(last=False)

    def forget(self, name: str, device: str) -> None:
        """Drops every run of a model."""
        with self._lock:
            for spec in [spec for spec in self._runs if (spec.model, spec.device) == (name, device)]:
                del self._runs[spec]

    def of(self, name: str, device: str) -> tuple[int, int]:
        """(how many, bytes) of a model's runs."""
        with self._lock:
            kept = [run for spec, run in self._runs.items() if (spec.model, spec.device) == (name, device)]
        return len(kept), sum(run.bytes for run in kept)

    @property
    def bytes(self) -> int:
        """What the runs' recordings take."""
        return sum(run.bytes for run in self._runs.values())

    def __len__(self) -> int:
        return len(self._runs)


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The one store of this process."""
    return RunStore(BUDGET_BYTES)


@st.cache_resource(show_spinner=False)
def shelf() -> Shelf:
    """The models of this process; one that leaves memory takes its runs with it."""
    return Shelf(MOST_MODELS, lambda name, device: store().forget(name, device), LIGHT_BYTES)


def load(name: str, device: str) -> LanguageModel:
    """One model for every session; a model holds weights and nothing about any run."""
    if shelf().has(name, device):
        return shelf().get(name, device)
    with st.spinner("Loading the model"):
        return shelf().get(name, device)


def devices() -> list[str]:
    """Where a model can run on this machine."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def writing_limit(lm: LanguageModel, source: int, asked: int | None = None) -> int:
    """How many tokens a decode may write: what a person asked for, or else a multiple of the source's length, so that
    odd input cannot run on, and a fixed number after a prompt."""
    usual = TOKENS_A_TOKEN * source + SPARE_TOKENS if lm.config.encoder_layers else CONTINUED
    most = usual if asked is None else asked
    return most if lm.config.max_positions is None else min(most, lm.config.max_positions)


def get(spec: RunSpec, between_steps: Callable[[], object] = lambda: None, like: RunSpec | None = None) -> Run:
    """The run of a spec, from the store or made now.

    `between_steps` is called after each decoded token: a newer keystroke raises there and the decode is dropped.
    `like` is a run that is expected to have written much the same, such as that of the text before a keystroke: it
    makes this one quicker and changes nothing of it. Raises InputError or CheckpointError as the model does.
    """
    held = store().get(spec)
    if held is not None:
        return held
    with announced(lm := load(spec.model, spec.device), spec.text, spec.pair):
        run = _make(spec, lm, between_steps, like)
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


def _make(spec: RunSpec, lm: LanguageModel, between_steps: Callable[[], object], like: RunSpec | None = None) -> Run:
    x = given(lm, spec.text)
    pair = None if spec.pair is None else given(lm, spec.pair)
    reading = lm.reading(x, pair)
    if lm.kind == "encoder":
        hidden = _behind_masks(lm, reading, spec.masks) if spec.masks else None
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
    steps = []
    for step in _writing(spec, lm, x, limit, _written(like, lm)):
        steps.append(step)
        between_steps()
    return Run(spec, lm, steps[-1].trace, tuple(steps), limit, reading)


def _written(spec: RunSpec | None, lm: LanguageModel) -> list[int]:
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


def _behind_masks(lm: LanguageModel, reading: Reading, masks: tuple[int, ...]) -> list[int]:
    """The ids of a reading, the mask token in the place of those at `masks`."""
    if lm.special.mask is None:
        raise InputError("this checkpoint names no mask token, so no token can be masked")
    return [lm.special.mask if i in masks else id for i, id in enumerate(reading.ids)]


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
    shelf().get(DEFAULT_MODEL, devices()[-1])  # before `load`, whose spinner needs a page
    get(RunSpec(DEFAULT_MODEL, devices()[-1], examples_for(DEFAULT_MODEL)[0].text))
