"""The settings beside a tokenizer.json that change what it reads, applied as the reference library applies them."""

import json
from collections.abc import Mapping

from tokenizers import AddedToken, Tokenizer

NAMED = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
LISTED = ("additional_special_tokens", "extra_special_tokens")
FLAGS = ("single_word", "lstrip", "rstrip", "normalized")
LIKE_BERT = ("BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MPNetTokenizer")
LIKE_GPT2 = ("GPT2Tokenizer", "RobertaTokenizer", "BartTokenizer", "OPTTokenizer")


def with_settings(pipeline: Tokenizer, values: Mapping[str, object]) -> Tokenizer:
    """The pipeline with the switches of its tokenizer class: letter case, accents, a space before the text."""
    stated = values.get("tokenizer_class")
    name = stated.removesuffix("Fast") if isinstance(stated, str) else ""
    state = json.loads(pipeline.to_str())
    if name in LIKE_BERT and _type(state, "normalizer") == "BertNormalizer":
        strips = values.get("strip_accents")
        change: dict[str, object] = {
            "lowercase": values.get("do_lower_case") is not False,
            "strip_accents": strips if isinstance(strips, bool) else None,
            "handle_chinese_chars": values.get("tokenize_chinese_chars") is not False,
        }
        step = "normalizer"
    elif name in LIKE_GPT2 and _type(state, "pre_tokenizer") == "ByteLevel":
        change, step = {"add_prefix_space": values.get("add_prefix_space") is True}, "pre_tokenizer"
    else:
        return pipeline
    if all(state[step].get(key) == value for key, value in change.items()):
        return pipeline
    state[step] |= change
    return Tokenizer.from_str(json.dumps(state))


def with_special(pipeline: Tokenizer, values: Mapping[str, object]) -> Tokenizer:
    """The pipeline with the special tokens that the settings name; those its vocabulary lacks get the next ids."""
    entries = [values.get(name) for name in NAMED]
    for name in LISTED:
        listed = values.get(name)
        entries += listed if isinstance(listed, list) else []
    for entry in entries:
        known = {token.content for token in pipeline.get_added_tokens_decoder().values() if token.special}
        token = _special(entry)
        if token is not None and token.content not in known:
            pipeline.add_special_tokens([token])
    return pipeline


def with_words(pipeline: Tokenizer, words: Mapping[int, AddedToken]) -> Tokenizer:
    """The pipeline with added words that it lacks, in the order of the ids they were given."""
    for _, token in sorted(words.items()):
        if pipeline.token_to_id(token.content) is None:
            (pipeline.add_special_tokens if token.special else pipeline.add_tokens)([token])
    return pipeline


def _special(entry: object) -> AddedToken | None:
    """A special token, which settings state as a text or as an object with flags; None for anything else."""
    content = entry.get("content") if isinstance(entry, dict) else entry
    if not isinstance(content, str) or not content or any("\ud800" <= c <= "\udfff" for c in content):
        return None
    flags = {flag: entry[flag] is True for flag in FLAGS if flag in entry} if isinstance(entry, dict) else {}
    return AddedToken(content, special=True, **({"normalized": False} | flags))


def _type(state: Mapping[str, object], step: str) -> str:
    held = state.get(step)
    return str(held.get("type")) if isinstance(held, dict) else ""
