"""Several models on one text: which ones, their runs made in turn, and what is worked out once for each run."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import streamlit as st
import torch

from analysis.cost import seconds_a_token
from analysis.influence import ByDistance, by_distance, influence
from model.errors import CheckpointError, InputError
from model.language_model import LanguageModel
from ui.maps import attention
from ui.maps.attention import CROSS, ENCODER, AttentionKind
from ui.runs import model_pool, runner
from ui.runs import runner as runs_runner
from ui.runs.examples import examples_for
from ui.runs.runner import Run, RunSpec
from ui.shell import encoder_input
from ui.state import address

MOST_BESIDE = 3
WRITTEN = 8  # tokens a decoder writes here: the first is what the page is about
MOST_READ = 160  # tokens whose influence is worked out; a pass is made for each prediction
MOST_PREDICTIONS = 24
LEAST_READ = 4
KEY = "together"  # in the session and in the address


@dataclass(frozen=True, eq=False)
class Side:
    """One model on the text: its run, or why there is none."""

    name: str
    run: Run | None
    problem: str = ""

    @property
    def label(self) -> str:
        return model_pool.label(self.name)


@dataclass(frozen=True, eq=False)
class Counted:
    """What was read counts: for the prediction shown token by token, and by distance for many."""

    labels: tuple[str, ...]
    about: int  # the id that the prediction shown is about
    shares: torch.Tensor  # (time,) of that prediction
    by_distance: ByDistance
    at: tuple[int, ...]  # where the predictions behind it are made


def suggested(name: str, names: list[str]) -> list[str]:
    """Whom to begin with: models of the same texts, the recurrent one first and then those of the same task; two at most."""
    texts = name.partition("@")[0].partition("-")[2]
    others = [other for other in names if other != name and "@" not in other]
    alike = [other for other in others if texts and other.endswith(texts)]
    alike.sort(key=lambda other: (not other.startswith("lstm"), examples_for(other) != examples_for(name)))
    return [*alike, *(other for other in others if other not in alike)][:2]


def pick(name: str) -> list[str]:
    """The models on screen, the one chosen on the left first; the others by their picker, at first from the address."""
    names = [other for other in runs_runner.offered() if other != name]
    asked = st.query_params.get(KEY)
    first = suggested(name, names) if asked is None else asked.split("|")
    held = st.session_state.get(KEY, first)
    st.session_state[KEY] = [other for other in held if other in names][:MOST_BESIDE]
    chosen = st.multiselect(
        "Models beside it",
        names,
        key=KEY,
        format_func=model_pool.label,
        max_selections=MOST_BESIDE,
        placeholder="Choose up to three models to put beside it",
        help="Each reads the text above. The first column is the model chosen on the left.",
    )
    address.link(KEY, "" if chosen == suggested(name, names) else "|".join(chosen) or "-")
    return [name, *chosen]


def side(name: str, run: Run) -> Side:
    """One model's run of the text on screen; `run` is that of the model on the left."""
    try:
        lm = runner.load(name, run.spec.device)
        spec = spec_of(name, lm, run)
        return Side(name, runner.get(spec, between_steps=lambda: st.session_state.get("text")))
    except (InputError, CheckpointError) as error:
        return Side(name, None, str(error))


def spec_of(name: str, lm: LanguageModel, run: Run) -> RunSpec:
    """The run of a model here: a few tokens written after a prompt, a translation to its end, a last word hidden."""
    if lm.config.encoder_layers and lm.config.decoder_layers:
        return RunSpec(name, run.spec.device, run.spec.text)
    if lm.kind != "encoder":
        return RunSpec(name, run.spec.device, run.spec.text, most=WRITTEN)
    if not encoder_input.can_mask(lm):
        return RunSpec(name, run.spec.device, run.spec.text)
    tokens = lm.reading(runner.given(lm, run.spec.text)).tokens
    typed = any(token.id == lm.special.mask for token in tokens)
    plain = [
        i for i, token in enumerate(tokens) if not token.special and any(map(str.isalnum, token.text or token.label))
    ]
    hidden = tuple(plain[-1:]) if plain and not typed else ()
    return RunSpec(name, run.spec.device, run.spec.text, masks=hidden)


def typed_ids(run: Run) -> list[int]:
    """The ids of what was typed, as the model reads them."""
    return [token.id for token in run.original]


_COUNTED: "WeakKeyDictionary[Run, Counted]" = WeakKeyDictionary()
_SECONDS: "WeakKeyDictionary[Run, float]" = WeakKeyDictionary()


def counted(run: Run) -> Counted:
    """What each token read counts in this run, worked out once. Raises InputError where there is no prediction."""
    found = _COUNTED.get(run)
    if found is None:
        found = _COUNTED[run] = _count(run)
    return found


def _count(run: Run) -> Counted:
    both = run.lm.kind == "encoder-decoder"
    tokens = (run.trace.tokens("decoder") if both else run.original)[:MOST_READ]
    if len(tokens) < LEAST_READ:
        raise InputError(
            f"the text is {len(tokens)} tokens long here: type a longer one to see what counts at a distance"
        )
    ids = [token.id for token in tokens]
    source = [token.id for token in run.trace.tokens("encoder")] if both else None
    reach = (len(tokens) + 1) // 2
    at = tuple(int(i) for i in np.unique(np.linspace(reach - 1, len(tokens) - 1, MOST_PREDICTIONS).round()))
    found = influence(run.lm, ids, at=at, source=source)
    here = place_shown(run, len(tokens))
    shown = found if here == at[-1] else influence(run.lm, ids, at=(here,), source=source)
    labels = tuple(token.label for token in tokens)
    return Counted(labels, shown.tokens[-1], shown.shares[-1], by_distance(found.shares, at, reach=reach), at)


def place_shown(run: Run, read: int) -> int:
    """The position whose prediction is shown token by token: the last, or what is hidden from an encoder."""
    if run.lm.kind != "encoder":
        return read - 1
    hidden = [i for i, token in enumerate(run.source[:read]) if token.id == run.lm.special.mask]
    return hidden[0] if hidden else read - 1


def attention_by_distance(run: Run, layer: int) -> ByDistance | None:
    """The mean attention of a layer's heads for the same predictions, by distance; None without attention."""
    if run.lm.kind == "recurrent":
        return None
    held = counted(run)
    stack = "decoder" if run.lm.kind == "encoder-decoder" else run.reader
    weights = run.trace.attention(stack, clamp(run, layer, stack)).weights().mean(dim=0)
    return by_distance(weights[list(held.at)], held.at, reach=len(held.by_distance.mean))


def clamp(run: Run, layer: int, stack: str) -> int:
    """The layer asked for, or the last where a stack has fewer."""
    return min(layer, run.lm.config.layers(stack) - 1)


def seconds(run: Run) -> float:
    """The measured time of a token of this run's text, taken once."""
    if run not in _SECONDS:
        both = run.lm.kind == "encoder-decoder"
        ids = [token.id for token in run.trace.tokens("decoder")] if both else typed_ids(run)
        source = [token.id for token in run.trace.tokens("encoder")] if both else None
        _SECONDS[run] = seconds_a_token(run.lm, ids, source=source)
    return _SECONDS[run]


def kinds(run: Run) -> list[AttentionKind]:
    """The kinds of attention that are about the text typed."""
    if run.lm.kind == "recurrent":
        return []
    return [ENCODER, CROSS] if run.lm.kind == "encoder-decoder" else [attention.available(run)[0]]
