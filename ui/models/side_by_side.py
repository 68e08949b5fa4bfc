"""Several models on one text: which they are, their runs, and what is computed from each run."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch

from analysis.cost import seconds_a_token
from analysis.influence import ByDistance, by_distance, influence, rows_at_once
from model.errors import CheckpointError, InputError
from model.language_model import LanguageModel
from model.tokenizers.tokens import Token
from ui.maps import attention
from ui.maps.attention import CROSS, ENCODER, AttentionKind
from ui.runs import estimate, model_pool, runner
from ui.runs.examples import examples_for
from ui.runs.on_demand import asked, held, in_turn, is_kept, keep, kept
from ui.runs.store import Run, RunSpec
from ui.shell import encoder_input
from ui.state.linked import Linked

MOST_BESIDE = 3
WRITTEN_TOKENS = 8  # that a decoder writes here
MOST_TOKENS = 160  # whose influence is computed; each prediction takes a pass
MOST_PREDICTIONS = 24
MOST_TIMED = 512  # tokens before the ones that are timed
INFLUENCE = ("influence",)
AT_ONCE_SECONDS = 8.0  # longer work is done when a person asks for it
AT_ONCE_PRODUCTS = 5e10  # parameters times tokens times predictions: smaller work is not even timed
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


def read_here(run: Run) -> tuple[Token, ...]:
    """The tokens whose influence is worked out: of a long text the first MOST_TOKENS."""
    both = run.lm.kind == "encoder-decoder"
    return (run.trace.tokens("decoder") if both else run.original)[:MOST_TOKENS]


def cut(run: Run) -> str:
    """What a figure about influence leaves out; empty where it shows all."""
    whole = len(run.trace.tokens("decoder")) if run.lm.kind == "encoder-decoder" else len(run.original)
    if whole <= MOST_TOKENS:
        return ""
    return f"Of {whole:,} tokens the first {MOST_TOKENS}: each prediction takes a pass of its own."


def may_work_out_influence(run: Run) -> bool:
    """Whether the influence takes little time, or a person asked for it. Else draws the button to ask.

    Raises InputError where there is not enough memory for it.
    """
    if is_kept(run, INFLUENCE) or len(read_here(run)) < LEAST_TOKENS:
        return True
    source = len(run.trace.tokens("encoder")) if run.lm.kind == "encoder-decoder" else 0
    time = len(read_here(run))
    if run.lm.parameters * (time + source) * MOST_PREDICTIONS < AT_ONCE_PRODUCTS:
        return True
    work = estimate.of_gradients(run.lm, time, source, MOST_PREDICTIONS + 1)
    rows = rows_at_once(run.lm, time, source)
    work = estimate.Work(work.seconds, rows * work.bytes)
    estimate.check_memory(run.lm, work.bytes, "the influence of every token read", "shorten the text")
    if work.seconds < AT_ONCE_SECONDS:
        return True
    says = f"The influence takes a gradient for each of {MOST_PREDICTIONS} predictions: {work.said}."
    return asked(run, INFLUENCE, says, key=f"influence_wanted_{run.spec.model}")


def influence_of(run: Run) -> TokenInfluence:
    """The influence of this run's tokens; any other choice on the page stops it. Raises InputError where the text is too short."""
    found = held(run, INFLUENCE, TokenInfluence)
    if found is not None:
        return found
    made = in_turn(lambda seen: _influence(run, seen), "One prediction after another")
    return keep(run, INFLUENCE, made)


def _influence(run: Run, seen: Callable[[float], object]) -> TokenInfluence:
    tokens = read_here(run)
    if len(tokens) < LEAST_TOKENS:
        raise InputError(
            f"the text is {len(tokens)} tokens long here: type a longer one to see what counts at a distance"
        )

    def between(share: float) -> None:
        st.session_state.get("text")  # where Streamlit lets a newer choice end this run of the page
        seen(share)

    ids = [token.id for token in tokens]
    source = [token.id for token in run.trace.tokens("encoder")] if run.lm.kind == "encoder-decoder" else None
    reach = (len(tokens) + 1) // 2
    at = tuple(int(i) for i in np.unique(np.linspace(reach - 1, len(tokens) - 1, MOST_PREDICTIONS).round()))
    found = influence(run.lm, ids, at=at, source=source, seen=between)
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
    found = influence_of(run)
    stack = "decoder" if run.lm.kind == "encoder-decoder" else run.reader
    first, end = min(found.at), max(found.at) + 1
    weights = run.trace.attention(stack, clamp(run, layer, stack)).weights_from(first, end).mean(dim=0)
    return by_distance(weights[[at - first for at in found.at]], found.at, reach=len(found.by_distance.mean))


def clamp(run: Run, layer: int, stack: str) -> int:
    """The layer asked for, or the last where a stack has fewer."""
    return min(layer, run.lm.config.layers(stack) - 1)


def seconds(run: Run) -> float:
    """The measured time of a token of this run's text, in seconds."""
    both = run.lm.kind == "encoder-decoder"
    ids = ([token.id for token in run.trace.tokens("decoder")] if both else typed_ids(run))[:MOST_TIMED]
    source = [token.id for token in run.trace.tokens("encoder")][:MOST_TIMED] if both else None
    return kept(run, ("seconds a token",), float, lambda: seconds_a_token(run.lm, ids, source=source))


def kinds(run: Run) -> list[AttentionKind]:
    """The kinds of attention that are about the text typed."""
    if run.lm.kind == "recurrent":
        return []
    return [ENCODER, CROSS] if run.lm.kind == "encoder-decoder" else [attention.available(run)[0]]
