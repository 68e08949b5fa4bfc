"""How tokens are chosen: greedy or sampling, the sampling stages, and the seed. Kept in the session and the link."""

from dataclasses import dataclass, replace

from model.decoding.strategies import Greedy, Sample
from ui.state.address import whole_number
from ui.state.linked import Linked

HIGHEST_SEED = 999_999
Dials = tuple[tuple[str, float], ...]  # (field of `Sample`, value)


@dataclass(frozen=True)
class Dial:
    """One sampling stage: a switch and a number."""

    key: str  # the field of `Sample`
    label: str
    at_first: float  # what it stands at when it is switched on
    low: float
    high: float
    step: float
    explained: str

    def held(self, value: float) -> float:
        """A value brought into the dial's range; whole where the dial counts."""
        inside = max(self.low, min(self.high, value))
        return float(round(inside)) if self.step == 1 else inside


DIALS = (
    Dial(
        "repetition_penalty",
        "Repetition penalty",
        1.2,
        0.5,
        2.0,
        0.05,
        "Logits of tokens already read are divided by it, or multiplied where they are below 0: above 1 a text repeats itself "
        "less (Keskar et al. 2019).",
    ),
    Dial(
        "temperature",
        "Temperature",
        0.7,
        0.1,
        3.0,
        0.05,
        "Logits are divided by it before the softmax: below 1 the choice sharpens, above 1 it flattens.",
    ),
    Dial("top_k", "Top-k", 20, 1, 200, 1, "Only the k most probable tokens stay (Fan et al. 2018)."),
    Dial(
        "top_p",
        "Top-p",
        0.9,
        0.05,
        1.0,
        0.01,
        "Only the fewest tokens whose shares reach p together stay, the nucleus (Holtzman et al. 2020).",
    ),
    Dial(
        "min_p",
        "Min-p",
        0.1,
        0.0,
        1.0,
        0.01,
        "Only tokens at least this many times as probable as the first stay (Nguyen et al. 2024).",
    ),
)
BY_KEY = {dial.key: dial for dial in DIALS}


@dataclass(frozen=True)
class Choosing:
    """How tokens are chosen."""

    drawn: bool = False  # tokens are drawn; else the most probable is taken
    seed: int = 0
    dials: Dials = ()  # those switched on, in the order in which they act

    @property
    def sample(self) -> Sample:
        """The draw, with the dials that are on."""
        held = dict(self.dials)
        return Sample(
            temperature=held.get("temperature", 1.0),
            top_k=int(held.get("top_k", 0)),
            top_p=held.get("top_p", 1.0),
            min_p=held.get("min_p", 0.0),
            repetition_penalty=held.get("repetition_penalty", 1.0),
            seed=self.seed,
        )

    @property
    def strategy(self) -> Greedy | Sample:
        """What decodes."""
        return self.sample if self.drawn else Greedy()

    def turned(self, key: str, value: float | None) -> "Choosing":
        """With one dial at a value, or off."""
        held = {name: number for name, number in self.dials if name != key}
        if value is not None:
            held[key] = BY_KEY[key].held(value)
        return replace(self, dials=tuple((dial.key, held[dial.key]) for dial in DIALS if dial.key in held))


def read_seed(text: str) -> int:
    """A seed from an address, 0 where it is none."""
    return min(whole_number(text), HIGHEST_SEED) if text.isascii() else 0


def read_dials(text: str) -> Dials:
    """Dials from an address, "temperature:0.7,top_k:40"; parts that are none are left out."""
    found = Choosing()
    for part in text.split(",")[: len(DIALS)]:
        key, _, value = part.partition(":")
        if key in BY_KEY and _is_number(value):
            found = found.turned(key, float(value))
    return found.dials


def write_dials(dials: Dials) -> str:
    """Dials as they stand in an address."""
    return ",".join(f"{key}:{value:g}" for key, value in dials)


DRAWN = Linked("choose", False, lambda text: text == "draw", lambda drawn: "draw")
SEED = Linked("seed", 0, read_seed, str)
NARROW = Linked[Dials]("narrow", (), read_dials, write_dials)


def chosen() -> Choosing:
    """How tokens are chosen now."""
    return Choosing(DRAWN.get(), SEED.get(), NARROW.get())


def choose(choosing: Choosing) -> None:
    """Replaces how tokens are chosen."""
    DRAWN.set(choosing.drawn)
    SEED.set(choosing.seed)
    NARROW.set(choosing.dials)


def link() -> None:
    """Keeps the address in step."""
    DRAWN.link(DRAWN.get())
    SEED.link(SEED.get())
    NARROW.link(NARROW.get())


def _is_number(text: str) -> bool:
    """A plain decimal such as 0.7 or 40, and nothing else that `float` would read."""
    whole, _, part = text.partition(".")
    return text.isascii() and len(text) < 9 and whole.isdecimal() and (not part or part.isdecimal())
