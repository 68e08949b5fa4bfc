"""An instrumented transformer: load a checkpoint, run a text, read the tensors inside."""

from model.attention_trace import AttentionTrace
from model.decoding.beam import BeamHistory, Candidate, Hypothesis, beam_history, beam_search
from model.decoding.rewrite import rewrite
from model.decoding.step import Step
from model.decoding.strategies import Forced, Greedy, Sample
from model.edits import CutEdge, SkipSublayer, ZeroHead
from model.errors import CheckpointError, InputError
from model.language_model import LanguageModel
from model.loading.checkpoint import load, shipped
from model.tap import SITES
from model.tokenizers.tokens import Token
from model.trace import Trace

__all__ = [
    "SITES",
    "AttentionTrace",
    "BeamHistory",
    "Candidate",
    "CheckpointError",
    "CutEdge",
    "Forced",
    "Greedy",
    "Hypothesis",
    "InputError",
    "LanguageModel",
    "Sample",
    "SkipSublayer",
    "Step",
    "Token",
    "Trace",
    "ZeroHead",
    "beam_history",
    "beam_search",
    "load",
    "rewrite",
    "shipped",
]
