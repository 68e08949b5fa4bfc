"""Loaded models and finished runs, shared by every session and bounded in bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
import torch

import model
from model.decoding import Forced, Step
from model.language_model import LanguageModel
from model.tap import StackName
from model.tokens import Token
from model.trace import Trace
from ui.examples import DEFAULT_MODEL, examples_for

BUDGET_BYTES = 512 * 1024**2
TOKENS_A_TOKEN = 3
SPARE_TOKENS = 8


@dataclass(frozen=True)
class RunSpec:
    """All that a run depends on."""

    model: str
    device: str
    text: str
    target: str | None = None  # what the decoder shall have read; None: what the model writes itself
    choices: tuple[tuple[int, int], ...] = ()  # (step, token id) chosen by a person


@dataclass(frozen=True, eq=False)
class Run:
    """What one spec came to."""

    spec: RunSpec
    lm: LanguageModel
    trace: Trace
    steps: tuple[Step, ...]
    limit: int  # how many tokens the model was allowed to write

    @property
    def source(self) -> tuple[Token, ...]:
        """What was typed, as pieces."""
        return self.trace.tokens("encoder" if self.lm.kind != "decoder" else "decoder")[: self.typed]

    @property
    def typed(self) -> int:
        """How many tokens the typed text came to."""
        if self.lm.kind == "decoder" and self.steps:
            return len(self.steps[0].read["decoder"])
        return len(self.trace.tokens("encoder" if self.lm.kind != "decoder" else "decoder"))

    @property
    def written(self) -> tuple[Token, ...]:
        """What came out, the end token included."""
        if self.steps:
            return tuple(step.token for step in self.steps)
        return self.trace.tokens("decoder")[1:] if self.lm.kind == "encoder-decoder" else ()

    @property
    def stacks(self) -> tuple[StackName, ...]:
        return tuple(self.trace.read)

    def after(self, stack: StackName) -> list[int | None]:
        """For each position of a stack, the id that came next; None where nothing did."""
        read = self.trace.tokens(stack)
        following: list[int | None] = [token.id for token in read[1:]]
        last = self.steps[-1].token.id if self.steps and stack == "decoder" else None
        return [*following, last]


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

    def put(self, run: Run) -> None:
        with self._lock:
            self._runs[run.spec] = run
            self._runs.move_to_end(run.spec)
            while len(self._runs) > 1 and self.bytes > self.budget:
                self._runs.popitem(last=False)

    @property
    def bytes(self) -> int:
        """What the runs' recordings take."""
        return sum(run.trace.recording.bytes for run in self._runs.values())

    def __len__(self) -> int:
        return len(self._runs)


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    """The one store of this process."""
    return RunStore(BUDGET_BYTES)


@st.cache_resource(show_spinner="Loading the model", max_entries=3)
def load(name: str, device: str) -> LanguageModel:
    """One model for every session; a model holds weights and nothing about any run."""
    return model.load(name, device="cuda" if device == "cuda" else "cpu")


def devices() -> list[str]:
    """Where a model can run on this machine."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def writing_limit(lm: LanguageModel, source: int) -> int:
    """How many tokens a decode may write: a multiple of the source's length, so that odd input cannot run on."""
    most = TOKENS_A_TOKEN * source + SPARE_TOKENS
    return most if lm.config.max_positions is None else min(most, lm.config.max_positions)


def get(spec: RunSpec, between_steps: Callable[[], object] = lambda: None) -> Run:
    """The run of a spec, from the store or made now.

    `between_steps` is called after each decoded token: a newer keystroke raises there and the decode is dropped.
    Raises InputError or CheckpointError as the model does.
    """
    held = store().get(spec)
    if held is not None:
        return held
    run = _make(spec, load(spec.model, spec.device), between_steps)
    store().put(run)
    return run


def _make(spec: RunSpec, lm: LanguageModel, between_steps: Callable[[], object]) -> Run:
    if lm.kind == "encoder" or (lm.kind == "encoder-decoder" and spec.target is not None):
        trace = lm.run(spec.text, target=spec.target if lm.kind == "encoder-decoder" else None)
        return Run(spec, lm, trace, (), 0)
    source = len(lm.reading(spec.text).tokens)
    limit = writing_limit(lm, source)
    steps = []
    for step in lm.decode(spec.text, strategy=Forced(spec.choices), max_new_tokens=limit):
        steps.append(step)
        between_steps()
    return Run(spec, lm, steps[-1].trace, tuple(steps), limit)


def warm_up() -> None:
    """Loads the default model and runs its first example, so that a first visit shows real numbers at once."""
    get(RunSpec(DEFAULT_MODEL, devices()[-1], examples_for(DEFAULT_MODEL)[0].text))
