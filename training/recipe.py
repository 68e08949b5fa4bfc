"""Everything that decides how a model is trained, apart from the data and the machine."""

from dataclasses import dataclass
from typing import Literal

from model.config import TransformerConfig

TaskName = Literal["translate", "continue", "mask", "denoise", "text to text"]
Optimizer = Literal["adamw", "muon"]

OPTIMIZERS: dict[Optimizer, str] = {
    "adamw": "AdamW",
    "muon": "[Muon](https://kellerjordan.github.io/posts/muon/) for the maps inside blocks and AdamW for the rest,",
}
"""What a card calls them."""


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
    batch_tokens: int  # positions of all that is read, padding counted
    epochs: int  # where no time budget is given
    seed: int
    lexicon_copies: int = 0  # how often an epoch meets each pair of the French-English lexicon
    word_pieces: int = 0  # of a vocabulary with phrases: how many of its pieces are learnt inside words
    optimizer: Optimizer = "adamw"
    embedding_rate: float = 1.0  # times the learning rate: for token tables of size 1, which Adam would move too slowly
