"""Everything that decides how a model is trained, apart from the data and the machine."""

from dataclasses import dataclass

from model.config import TransformerConfig


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The sizes and the schedule of one model. The learning rate rises linearly, then falls linearly to zero."""

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
    batch_tokens: int  # source and target positions, padding counted
    epochs: int  # where no time budget is given
    lexicon_copies: int  # how often an epoch meets each lexicon pair
    seed: int
