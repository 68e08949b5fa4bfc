"""The families by name: the `model_type` of config.json, or its `regard.family` where that is given."""

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
