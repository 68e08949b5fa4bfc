"""How tokens are chosen: greedily or by drawing, what narrows the draw, and the seed. Kept in the session and the link."""

from dataclasses import dataclass, replace

import streamlit as st

from model.decoding.strategies import Greedy, Sample
from ui.state import address

HIGHEST_SEED = 999_999


@dataclass(frozen=True)
class Dial:
    """One stage of sampling: a switch and a number."""

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
    """What a person chose about choosing."""

    drawn: bool = False  # tokens are drawn; else the most probable is taken
    seed: int = 0
    dials: tuple[tuple[str, float], ...] = ()  # those switched on, in the order in which they act

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


def chosen() -> Choosing:
    """From the session, at first from the link."""
    if "choosing" not in st.session_state:
        st.session_state["choosing"] = read(
            st.query_params.get("choose", ""), st.query_params.get("seed", ""), st.query_params.get("narrow", "")
        )
    held: Choosing = st.session_state["choosing"]
    return held


def choose(choosing: Choosing) -> None:
    """Replaces it."""
    st.session_state["choosing"] = choosing


def link() -> None:
    """Keeps the address in step."""
    held = chosen()
    address.link("choose", "draw" if held.drawn else "")
    address.link("seed", str(held.seed) if held.seed else "")
    address.link("narrow", write_dials(held.dials))


def read(choose: str, seed: str, narrow: str) -> Choosing:
    """What three parts of an address say; what they cannot mean is left out."""
    number = int(seed) if seed.isascii() and seed.isdecimal() and len(seed) < 9 else 0
    found = Choosing(choose == "draw", min(number, HIGHEST_SEED))
    for part in narrow.split(",")[: len(DIALS)]:
        key, _, value = part.partition(":")
        if key in BY_KEY and _is_number(value):
            found = found.turned(key, float(value))
    return found


def write_dials(dials: tuple[tuple[str, float], ...]) -> str:
    """Dials as they stand in an address."""
    return ",".join(f"{key}:{value:g}" for key, value in dials)


def _is_number(text: str) -> bool:
    """A plain decimal such as 0.7 or 40, and nothing else that `float` would read."""
    whole, _, part = text.partition(".")
    return text.isascii() and len(text) < 9 and whole.isdecimal() and (not part or part.isdecimal())
