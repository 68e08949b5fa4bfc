"""A run, the spec that names it, and the store that keeps the runs used last, bounded in bytes."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property

from model.decoding.step import Step
from model.decoding.strategies import Greedy, Sample
from model.language_model import LanguageModel
from model.pretrained import Reading
from model.tap import Edit, StackName
from model.tokenizers.tokens import Token
from model.trace import Trace


@dataclass(frozen=True)
class RunSpec:
    """Everything a run depends on."""

    model: str
    device: str
    text: str
    target: str | None = None  # what the decoder reads; None: the model writes it
    choices: tuple[tuple[int, int], ...] = ()  # (step, token id) chosen by a person
    pair: str | None = None  # a second sentence, for a model that tells two apart
    masks: tuple[int, ...] = ()  # positions of an encoder's text hidden behind its mask token
    filled: tuple[tuple[int, int], ...] = ()  # (position, token id) put in the place of masks
    edits: tuple[Edit, ...] = ()  # what is switched off in the model
    read: tuple[int, ...] | None = None  # exactly the ids the decoder reads, so that two runs can be compared
    strategy: Greedy | Sample = Greedy()  # how the model's own tokens are chosen
    most: int | None = None  # how many tokens the model may write; None: the usual limit of its kind; 0: it only reads
    ids: bool = False  # the text, a list of token ids, is read as these ids


@dataclass(frozen=True, eq=False)
class Run:
    """The result of a spec."""

    spec: RunSpec
    lm: LanguageModel
    trace: Trace
    steps: tuple[Step, ...]
    limit: int  # how many tokens the model was allowed to write
    reading: Reading | None = None  # the text as it came from the tokenizer, before any token was masked

    @cached_property
    def bytes(self) -> int:
        """Memory of its recording; cached, because the store asks at every keystroke."""
        return self.trace.recording.bytes

    @property
    def reader(self) -> StackName:
        """The stack that reads what was typed."""
        return "encoder" if self.lm.config.encoder_layers else "decoder"

    @property
    def source(self) -> tuple[Token, ...]:
        """The tokens of the typed text, as the model read them."""
        return self.trace.tokens(self.reader)[: self.typed]

    @property
    def typed(self) -> int:
        """How many tokens the typed text has."""
        if self.reader == "decoder" and self.steps:
            return len(self.steps[0].read["decoder"])
        return len(self.trace.tokens(self.reader))

    @property
    def generated(self) -> tuple[Token, ...]:
        """The output, the end token included; where the target was given, its tokens after the start token."""
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
        """The tokens of the typed text, before any was masked."""
        return self.source if self.reading is None else self.reading.tokens

    @cached_property
    def written(self) -> tuple[str, ...]:
        """The label of the token that each position of the decoder writes: the token after the one it reads."""
        return self.trace.written("decoder", self.steps[-1].token.label if self.steps else None)

    @property
    def stacks(self) -> tuple[StackName, ...]:
        return tuple(self.trace.read)

    def after(self, stack: StackName) -> list[int | None]:
        """For each position of a stack, the id of the next token; None where there is none."""
        read = self.trace.tokens(stack)
        following: list[int | None] = [token.id for token in read[1:]]
        last = self.steps[-1].token.id if self.steps and stack == "decoder" else None
        return [*following, last]


def without_choices(spec: RunSpec) -> RunSpec:
    """The part of a spec that a decode shares with the decodes it can go on from."""
    return replace(spec, choices=(), strategy=Greedy(), most=None)


def read_alone(spec: RunSpec) -> RunSpec:
    """The spec of a run that reads the text and generates nothing."""
    return replace(spec, choices=(), strategy=Greedy(), most=0)


class RunStore:
    """The runs used last, as many as fit into `budget` bytes, at least one. Safe to use from several threads."""

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
        """The newest decode whose spec differs only in how tokens are chosen: its steps up to the first new token can be used."""
        asked = without_choices(spec)
        with self._lock:
            of_the_text = [run for held, run in self._runs.items() if run.steps and held.text == spec.text]
        return next((run for run in reversed(of_the_text) if without_choices(run.spec) == asked), None)

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
        """Memory of the recordings of all runs."""
        return sum(run.bytes for run in self._runs.values())

    def __len__(self) -> int:
        return len(self._runs)
