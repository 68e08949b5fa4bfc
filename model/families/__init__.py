"""The families by name: the `model_type` of config.json, or its `regard.family` where that is given."""

import re

from model.families import (
    bart,
    bert,
    bloom,
    distilbert,
    gemma3,
    gpt2,
    gpt_neox,
    llama,
    lstm,
    marian,
    mistral,
    opt,
    palm,
    pegasus,
    qwen2,
    qwen3,
    roberta,
    t5,
)
from model.families.family import Family

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        bert.FAMILY,
        roberta.FAMILY,
        distilbert.FAMILY,
        bart.FAMILY,
        marian.FAMILY,
        pegasus.FAMILY,
        t5.FAMILY,
        gpt2.FAMILY,
        gpt2.JURASSIC,
        opt.FAMILY,
        gpt_neox.FAMILY,
        bloom.FAMILY,
        llama.FAMILY,
        mistral.FAMILY,
        qwen2.FAMILY,
        qwen3.FAMILY,
        gemma3.TEXT,
        gemma3.WITH_PICTURES,
        palm.FAMILY,
        lstm.FAMILY,
    )
}

BY_CLASS: dict[str, str] = {
    "Bert": "bert",
    "Roberta": "roberta",
    "DistilBert": "distilbert",
    "Bart": "bart",
    "Marian": "marian",
    "Pegasus": "pegasus",
    "T5": "t5",
    "GPT2": "gpt2",
    "OPT": "opt",
    "GPTNeoX": "gpt_neox",
    "Bloom": "bloom",
    "Llama": "llama",
    "Mistral": "mistral",
    "Qwen2": "qwen2",
    "Qwen3": "qwen3",
    "Gemma3": "gemma3_text",
}
"""The family of a class in config.json's `architectures`, by the beginning of its name, for files without a `model_type`."""

REST = re.compile(r"(Text|MT|LMHead|DoubleHeads|Encoder)?(Model|For[A-Z]\w*)")
"""What follows the beginning in the names of the reference library's classes."""


def of_class(name: str) -> str | None:
    """The model_type of a class such as "BertForMaskedLM"; None where no family here has it."""
    stem = next((stem for stem in sorted(BY_CLASS, key=len, reverse=True) if name.startswith(stem)), None)
    if stem is None or not REST.fullmatch(name.removeprefix(stem)):
        return None
    return "gemma3" if name == "Gemma3ForConditionalGeneration" else BY_CLASS[stem]
