"""Everything that decides how a model is trained, except the data and the machine."""

from dataclasses import dataclass
from typing import Literal

from model.config import TransformerConfig

TaskName = Literal["translate", "continue", "mask", "denoise", "text to text", "chat", "translate Korean"]
Optimizer = Literal["adamw", "muon"]

OPTIMIZERS: dict[Optimizer, str] = {
    "adamw": "AdamW",
    "muon": "[Muon](https://kellerjordan.github.io/posts/muon/) for the maps inside blocks and AdamW for the rest,",
}
"""Their names in a card."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The sizes and the schedule of one model. The learning rate rises linearly, then falls linearly to zero."""

    task: TaskName
    config: TransformerConfig
    embedding_dropout: float
    sublayer_dropout: float
    label_smoothing: float  # Szegedy et al. 2016
    peak_rate: float
    warmup_steps: int
    betas: tuple[float, float]
    weight_decay: float
    clip_norm: float
    ema_decay: float  # the weights that ship are an exponential moving average of those trained
    batch_tokens: int  # positions in a batch, sources and targets, padding counted
    epochs: int  # if no time budget is given
    seed: int
    lexicon_copies: int = 0  # how often each pair of the French-English lexicon is in an epoch
    word_pieces: int = 0  # in a vocabulary with phrases: how many pieces are learnt inside words
    optimizer: Optimizer = "adamw"
    cpu_bfloat16: bool = False  # matrix products in bfloat16 also on a CPU
    embedding_rate: float = (
        1.0  # factor on the learning rate of the token table; a table of size 1 would change too slowly
    )
