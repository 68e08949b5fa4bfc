"""An instrumented transformer: load a checkpoint, run a text, read every tensor that mattered."""

from model.checkpoint import load, shipped
from model.decoding import Forced, Greedy, Sample, Step
from model.edits import CutEdge, SkipSublayer, ZeroHead
from model.errors import CheckpointError, InputError
from model.language_model import LanguageModel
from model.tap import SITES
from model.tokens import Token
from model.trace import AttentionTrace, Trace

__all__ = [
    "SITES",
    "AttentionTrace",
    "CheckpointError",
    "CutEdge",
    "Forced",
    "Greedy",
    "InputError",
    "LanguageModel",
    "Sample",
    "SkipSublayer",
    "Step",
    "Token",
    "Trace",
    "ZeroHead",
    "load",
    "shipped",
]
