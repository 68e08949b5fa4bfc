"""Five position schemes.

Each scheme acts in one of three places: it adds to the embeddings, rotates queries and keys, or adds to the scores.
`Positions` has a method for each of the three that does nothing; a scheme has its own method for the place where it acts.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from model.config import Llama3Scaling, TransformerConfig


class Bias(Protocol):
    """What a scheme adds to the scores: (heads, query, key) for absolute positions (query,) and (key,)."""

    def __call__(self, query_at: Tensor, key_at: Tensor) -> Tensor: ...


@dataclass(frozen=True, slots=True)
class Rotation:
    """Cosines and sines, (time, rotary_dims / 2), that rotate the first rotary_dims coordinates of each head."""

    cos: Tensor
    sin: Tensor

    def turn(self, x: Tensor) -> Tensor:
        """Queries or keys, (batch, heads, time, d_head), rotated by their positions.

        Coordinate i is paired with i + rotary_dims/2, as in Hugging Face checkpoints. RoFormer and Meta's own files pair
        neighbours, which is a fixed permutation of the rows of W_q and W_k.
        """
        half = self.cos.shape[-1]
        a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
        cos, sin = self.cos.to(x.dtype), self.sin.to(x.dtype)
        return torch.cat((a * cos - b * sin, b * cos + a * sin, rest), dim=-1)


class Positions(nn.Module):
    """No positions at all; the base class of the schemes."""

    def embed(self, at: Tensor) -> Tensor | None:
        """Vectors to add to the token embeddings, (time, d_model), for positions `at`, (time,)."""
        return None

    def rotation(self, at: Tensor, *, local: bool = False) -> Rotation | None:
        """The rotation of queries and keys at positions `at`, (time,); `local` is for layers with a window."""
        return None

    def bias(self) -> Bias | None:
        """What to add to the scores; None where nothing is added."""
        return None


class Sinusoidal(Positions):
    """Fixed sinusoids whose wavelengths grow geometrically (Vaswani et al. 2017, section 3.5): all sines, then all cosines."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        assert config.max_positions is not None
        self.register_buffer("table", sinusoids(config.max_positions, config.d_model), persistent=False)

    def embed(self, at: Tensor) -> Tensor:
        return self.get_buffer("table")[at]


class Learned(Positions):
    """A trained vector per position."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        assert config.max_positions is not None
        self.offset = config.position_offset
        self.table = nn.Embedding(config.max_positions + self.offset, config.d_model)

    def embed(self, at: Tensor) -> Tensor:
        return self.table(at + self.offset)


class Rotary(Positions):
    """Pairs of coordinates rotated by an angle proportional to the position (Su et al. 2021)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        speeds = rotary_speeds(config.rotary_base, config.rotary_dims) / config.rotary_scale
        if config.rotary_llama3 is not None:
            speeds = stretched(speeds, config.rotary_llama3)
        local = (
            speeds if config.local_rotary_base is None else rotary_speeds(config.local_rotary_base, config.rotary_dims)
        )
        self.register_buffer("speeds", speeds, persistent=False)
        self.register_buffer("local_speeds", local, persistent=False)

    def rotation(self, at: Tensor, *, local: bool = False) -> Rotation:
        speeds = self.get_buffer("local_speeds" if local else "speeds").float()
        angle = at[:, None].float() * speeds
        return Rotation(angle.cos(), angle.sin())


@dataclass(frozen=True, slots=True)
class AlibiBias:
    """A penalty proportional to the distance, with a slope for each head."""

    slopes: Tensor  # (heads,)

    def __call__(self, query_at: Tensor, key_at: Tensor) -> Tensor:
        distance = (query_at[:, None] - key_at).abs()
        return -self.slopes[:, None, None] * distance


class Alibi(Positions):
    """Attention with linear biases (Press et al. 2022)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.register_buffer("slopes", alibi_slopes(config.n_heads), persistent=False)

    def bias(self) -> AlibiBias:
        return AlibiBias(self.get_buffer("slopes").float())


@dataclass(frozen=True, slots=True)
class RelativeBias:
    """A trained offset per head and per bucket of relative distance."""

    table: Tensor  # (buckets, heads)
    reach: int
    bidirectional: bool

    def __call__(self, query_at: Tensor, key_at: Tensor) -> Tensor:
        offset = key_at - query_at[:, None]
        bucket = relative_bucket(offset, self.table.shape[0], self.reach, bidirectional=self.bidirectional)
        return self.table[bucket].permute(2, 0, 1)


class Relative(Positions):
    """T5's buckets (Raffel et al. 2020)."""

    def __init__(self, config: TransformerConfig, *, bidirectional: bool) -> None:
        super().__init__()
        self.reach, self.bidirectional = config.relative_reach, bidirectional
        self.table = nn.Embedding(config.relative_buckets, config.n_heads)

    def bias(self) -> RelativeBias:
        return RelativeBias(self.table.weight.float(), self.reach, self.bidirectional)


@dataclass(frozen=True, slots=True)
class OffsetBias:
    """A bias loaded from a file, by offset: every scheme that adds to the scores depends on key - query alone."""

    by_offset: Tensor  # (heads, offsets)
    first: int  # the offset of column 0

    def __call__(self, query_at: Tensor, key_at: Tensor) -> Tensor:
        return self.by_offset[:, key_at - query_at[:, None] - self.first]


def build_positions(config: TransformerConfig, *, bidirectional: bool) -> Positions:
    """The scheme a config names."""
    match config.positions:
        case "none":
            return Positions()
        case "sinusoidal":
            return Sinusoidal(config)
        case "learned":
            return Learned(config)
        case "rotary":
            return Rotary(config)
        case "alibi":
            return Alibi(config)
        case "relative":
            return Relative(config, bidirectional=bidirectional)


def sinusoids(positions: int, d_model: int) -> Tensor:
    """(positions, d_model) float32: sin(p / 10000^(2i/d_model)) for all i, then the cosines.

    The paper interleaves sine and cosine; concatenating them, as Marian and Hugging Face do, permutes the
    coordinates and nothing else. Computed in float64 because p / 10000^x loses digits at p in the hundreds.
    """
    wave = 10_000.0 ** (-torch.arange(0, d_model, 2, dtype=torch.float64) / d_model)
    angle = torch.arange(positions, dtype=torch.float64)[:, None] * wave
    return torch.cat((angle.sin(), angle.cos()[:, : d_model // 2]), dim=-1).float()


def rotary_speeds(base: float, dims: int) -> Tensor:
    """(dims / 2,): radians per position, base^(-2i/dims)."""
    return 1.0 / base ** (torch.arange(0, dims, 2, dtype=torch.int64).float() / dims)


def stretched(speeds: Tensor, by: Llama3Scaling) -> Tensor:
    """Llama 3.1's scaling: high frequencies stay, low ones are divided by `factor`, those between are interpolated."""
    wavelength = 2 * math.pi / speeds
    longest, shortest = by.trained_positions / by.low_frequency, by.trained_positions / by.high_frequency
    ramp = (by.trained_positions / wavelength - by.low_frequency) / (by.high_frequency - by.low_frequency)
    blended = (1 - ramp) * speeds / by.factor + ramp * speeds
    return torch.where(wavelength > longest, speeds / by.factor, torch.where(wavelength < shortest, speeds, blended))


def alibi_slopes(n_heads: int) -> Tensor:
    """(heads,): 2^(-8/n), 2^(-16/n), ...; heads beyond a power of two take the odd powers of the next one's series."""
    whole = 2 ** math.floor(math.log2(n_heads))
    first = [2 ** (-8 * (i + 1) / whole) for i in range(whole)]
    extra = [2 ** (-4 * (2 * i + 1) / whole) for i in range(n_heads - whole)]
    return torch.tensor(first + extra)


def relative_bucket(offset: Tensor, n_buckets: int, reach: int, *, bidirectional: bool) -> Tensor:
    """The bucket of each key - query offset: small offsets have a bucket each, large ones share logarithmically wider ones."""
    side = torch.zeros_like(offset)
    if bidirectional:
        n_buckets //= 2
        side = (offset > 0).long() * n_buckets
        distance = offset.abs()
    else:
        distance = (-offset).clamp(min=0)
    exact = n_buckets // 2
    growth = torch.log(distance.clamp(min=1).float() / exact) / math.log(reach / exact) * (n_buckets - exact)
    far = (exact + growth.long()).clamp(max=n_buckets - 1)
    return side + torch.where(distance < exact, distance, far)
