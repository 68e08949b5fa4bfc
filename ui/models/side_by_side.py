"""Several models on one text: which they are, their runs, and what is computed from each run."""

from dataclasses import dataclass

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
from ui.runs.examples import examples_for
from ui.runs.on_demand import kept
from ui.runs.store import Run, RunSpec
from ui.shell import encoder_input
from ui.state.linked import Linked

MOST_BESIDE = 3
WRITTEN_TOKENS = 8  # that a decoder writes here
MOST_TOKENS = 160  # whose influence is computed; each prediction takes a pass
MOST_PREDICTIONS = 24
LEAST_TOKENS = 4
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
class TokenInfluence:
    """The influence of the tokens read: each token's on one prediction, and by distance the mean over many predictions."""

    labels: tuple[str, ...]
    about: int  # the id whose probability `shares` explains
    shares: torch.Tensor  # (time,) of one prediction
    by_distance: ByDistance
    at: tuple[int, ...]  # positions of the predictions behind `by_distance`


def suggested(name: str, names: list[str]) -> list[str]:
    """The models offered at first, two at most: those trained on the same texts, the recurrent one and the same task first."""
    texts = name.partition("@")[0].partition("-")[2]
    others = [other for other in names if other != name and "@" not in other]
    alike = [other for other in others if texts and other.endswith(texts)]
    alike.sort(key=lambda other: (not other.startswith("lstm"), examples_for(other) != examples_for(name)))
    return [*alike, *(other for other in others if other not in alike)][:2]


def pick_models(name: str) -> list[str]:
    """The models on screen: the one chosen on the left, then those of the picker drawn here, at first from the address."""
    names = [other for other in runner.offered() if other != name]
    beside = Linked(KEY, suggested(name, names), lambda text: text.split("|"), lambda some: "|".join(some) or "-")
    beside.set([other for other in beside.get() if other in names][:MOST_BESIDE])
    chosen = st.multiselect(
        "Models beside it",
        names,
        key=KEY,
        format_func=model_pool.label,
        max_selections=MOST_BESIDE,
        placeholder="Choose up to three models to put beside it",
        help="Each reads the text above. The first column is the model chosen on the left.",
    )
    beside.link(chosen)
    return [name, *chosen]


def side(name: str, run: Run) -> Side:
    """One model with its run of the text on screen; `run` is the run of the model on the left."""
    try:
        lm = runner.load(name, run.spec.device)
        spec = spec_of(name, lm, run)
        return Side(name, runner.get(spec, between_steps=lambda: st.session_state.get("text")))
    except (InputError, CheckpointError) as error:
        return Side(name, None, str(error))


def spec_of(name: str, lm: LanguageModel, run: Run) -> RunSpec:
    """The run of a model on this page: a decoder continues by a few tokens, an encoder-decoder writes its whole output, and
    an encoder's last word is masked. Of token ids the others read the text."""
    text = run.lm.text(run.reading.ids) if run.spec.ids and run.reading is not None else run.spec.text
    if lm.config.encoder_layers and lm.config.decoder_layers:
        return RunSpec(name, run.spec.device, text)
    if lm.kind != "encoder":
        return RunSpec(name, run.spec.device, text, most=WRITTEN_TOKENS)
    if not encoder_input.can_mask(lm):
        return RunSpec(name, run.spec.device, text)
    tokens = lm.reading(runner.given(lm, text)).tokens
    typed = any(token.id == lm.special.mask for token in tokens)
    plain = [
        i for i, token in enumerate(tokens) if not token.special and any(map(str.isalnum, token.text or token.label))
    ]
    hidden = tuple(plain[-1:]) if plain and not typed else ()
    return RunSpec(name, run.spec.device, text, masks=hidden)


def typed_ids(run: Run) -> list[int]:
    """The ids of what was typed, as the model reads them."""
    return [token.id for token in run.original]


def influence_of(run: Run) -> TokenInfluence:
    """The influence of this run's tokens. Raises InputError where the text is too short."""
    return kept(run, ("influence",), TokenInfluence, lambda: _influence(run))


def _influence(run: Run) -> TokenInfluence:
    both = run.lm.kind == "encoder-decoder"
    tokens = (run.trace.tokens("decoder") if both else run.original)[:MOST_TOKENS]
    if len(tokens) < LEAST_TOKENS:
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
    return TokenInfluence(labels, shown.tokens[-1], shown.shares[-1], by_distance(found.shares, at, reach=reach), at)


def place_shown(run: Run, read: int) -> int:
    """The position of the prediction shown: the last one, or an encoder's first mask."""
    if run.lm.kind != "encoder":
        return read - 1
    hidden = [i for i, token in enumerate(run.source[:read]) if token.id == run.lm.special.mask]
    return hidden[0] if hidden else read - 1


def attention_by_distance(run: Run, layer: int) -> ByDistance | None:
    """The mean attention of a layer's heads for the same predictions, by distance; None without attention."""
    if run.lm.kind == "recurrent":
        return None
    held = influence_of(run)
    stack = "decoder" if run.lm.kind == "encoder-decoder" else run.reader
    weights = run.trace.attention(stack, clamp(run, layer, stack)).weights().mean(dim=0)
    return by_distance(weights[list(held.at)], held.at, reach=len(held.by_distance.mean))


def clamp(run: Run, layer: int, stack: str) -> int:
    """The layer asked for, or the last where a stack has fewer."""
    return min(layer, run.lm.config.layers(stack) - 1)


def seconds(run: Run) -> float:
    """The measured time of a token of this run's text, in seconds."""
    both = run.lm.kind == "encoder-decoder"
    ids = [token.id for token in run.trace.tokens("decoder")] if both else typed_ids(run)
    source = [token.id for token in run.trace.tokens("encoder")] if both else None
    return kept(run, ("seconds a token",), float, lambda: seconds_a_token(run.lm, ids, source=source))


def kinds(run: Run) -> list[AttentionKind]:
    """The kinds of attention that are about the text typed."""
    if run.lm.kind == "recurrent":
        return []
    return [ENCODER, CROSS] if run.lm.kind == "encoder-decoder" else [attention.available(run)[0]]
