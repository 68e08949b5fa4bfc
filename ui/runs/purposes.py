"""What each model reads and writes, in the words of the first page and of the model picker."""

import functools
from dataclasses import dataclass
from pathlib import Path

import model
from model.errors import CheckpointError
from model.families.family import ConfigJson
from model.loading import checkpoint
from model.tokenizers import files
from ui.runs import model_pool, runner

GROUPS = {
    "encoder-decoder": "Encoder-decoder",
    "encoder": "Encoder",
    "decoder": "Decoder",
    "recurrent": "Recurrent",
    "opened": "Opened",
}
"""The groups of the model picker, in their order."""


@dataclass(frozen=True)
class Purpose:
    """What a model does with a text."""

    does: str  # a part of a sentence: "reads French and writes English"
    short: str  # for the picker: "French → English"


CONTINUES = Purpose("reads the beginning of an English children's story and writes how it goes on", "continues stories")
SHIPPED: dict[str, Purpose] = {
    "transformer-fr-en": Purpose("reads French and writes English", "French → English"),
    "t5-fr-en": Purpose(
        "reads French with a task in front of it, or a text with blanks, and writes English, or what fills the blanks",
        "French → English, blanks",
    ),
    "bart-denoise": Purpose(
        "reads an English sentence with words swapped or masked and writes it as it was", "repairs sentences"
    ),
    "bert-stories": Purpose("reads English children's stories and guesses the words that are masked", "fills in masks"),
    "gpt-stories": CONTINUES,
    "bloom-stories": CONTINUES,
    "llama-stories": CONTINUES,
    "palm-stories": CONTINUES,
    "jurassic-stories": CONTINUES,
    "lstm-stories": CONTINUES,
}
OF_KIND: dict[str, Purpose] = {
    "encoder-decoder": Purpose("reads one text and writes another", "text → text"),
    "encoder": Purpose("reads a text from both sides and gives each token a vector", "text → vectors"),
    "decoder": Purpose("reads the beginning of a text and writes how it goes on", "continues a text"),
    "recurrent": Purpose("reads the beginning of a text and writes how it goes on", "continues a text"),
}
UNKNOWN = Purpose("", "")


def purpose(name: str) -> Purpose:
    """What a model is for: its own words where Regard ships it, else those of its kind."""
    own = SHIPPED.get(model_pool.parts(name)[0])
    return own or OF_KIND.get(kind_of(name), UNKNOWN)


def kind_of(name: str) -> str:
    """The kind of a model; of one that is not in memory from its config, and "" where that cannot be read."""
    loaded = runner.model_pool().kinds.get(name)
    where = model_pool.parts(name)[0]
    if loaded is None and where in model.shipped():
        return _kind_on_disk(checkpoint.ZOO / where)
    return loaded or ""


@functools.lru_cache(maxsize=64)
def _kind_on_disk(folder: Path) -> str:
    try:
        hf = ConfigJson(files.table(folder / "config.json"))
        return checkpoint.family_of(hf).read_config(hf).kind
    except CheckpointError:
        return ""


def grouped(names: list[str], opened: tuple[str, ...]) -> dict[str, list[str]]:
    """The names under the group of each, in the order of GROUPS; a group without models is left out."""
    found: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in names:
        kind = kind_of(name)
        found["opened" if name in opened or kind not in found else kind].append(name)
    return {group: members for group, members in found.items() if members}
