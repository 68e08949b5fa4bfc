"""Reads the rules of generation_config.json, and names those that are not applied."""

from collections.abc import Mapping, Sequence
from typing import TypeGuard

from model.families.family import ConfigJson
from model.pretrained import Constraints

WITHOUT_EFFECT = frozenset(
    (
        "_from_model_config", "transformers_version", "_commit_hash", "bos_token_id", "eos_token_id", "pad_token_id",
        "decoder_start_token_id", "mask_token_id", "do_sample", "temperature", "top_k", "top_p", "min_p", "num_beams",
        "length_penalty", "early_stopping", "max_length", "max_new_tokens", "max_time", "use_cache",
        "cache_implementation", "cache_config", "return_legacy_cache", "num_return_sequences", "output_attentions",
        "output_hidden_states", "output_scores", "output_logits", "return_dict_in_generate", "remove_invalid_values",
        "renormalize_logits", "forced_eos_token_id", "prefill_chunk_size", "compile_config", "disable_compile",
        "low_memory", "is_assistant", "num_assistant_tokens", "num_assistant_tokens_schedule",
        "assistant_confidence_threshold", "prompt_lookup_num_tokens", "max_matching_ngram_size", "assistant_early_exit",
        "assistant_lookbehind", "target_lookbehind", "trust_remote_code", "chat_format", "max_window_size",
        "generation_mode", "language", "task", "lang_to_id", "task_to_id", "is_multilingual", "alignment_heads",
        "no_timestamps_token_id", "return_timestamps", "prev_sot_token_id",
    )
)  # fmt: skip
"""Keys that are read elsewhere, that are a strategy's or a caller's choice here, or that change no text. No end is ever forced."""

NEUTRAL: Mapping[str, Sequence[object]] = {
    "guidance_scale": (1, 1.0),
    "typical_p": (1, 1.0),
    "diversity_penalty": (0, 0.0),
    "num_beam_groups": (1,),
    "epsilon_cutoff": (0, 0.0),
    "eta_cutoff": (0, 0.0),
    "penalty_alpha": (0, 0.0),
    "encoder_repetition_penalty": (1, 1.0),
    "repetition_penalty": (1, 1.0),
}
"""Values with which a rule changes nothing, besides null, false, zero and nothing."""


class RuleReader:
    """Reads rules one by one, and remembers those it could not read as `transformers` would."""

    def __init__(self, values: Mapping[str, object], vocab: int) -> None:
        self.values, self.vocab = values, vocab
        self.known: set[str] = set()
        self.unread: dict[str, object] = {}

    def take(self, key: str) -> object:
        """The value; None where the rule is absent or changes nothing."""
        self.known.add(key)
        value = self.values.get(key)
        return None if is_neutral(key, value) else value

    def number(self, key: str, otherwise: float) -> float:
        value = self.take(key)
        if value is None:
            return otherwise
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6:
            return float(value)
        self.unread[key] = value
        return otherwise

    def count(self, key: str) -> int:
        value = self.take(key)
        if value is None:
            return 0
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
        self.unread[key] = value
        return 0

    def decay(self, key: str) -> tuple[int, float] | None:
        value = self.take(key)
        if value is None:
            return None
        if isinstance(value, list) and len(value) == 2:
            first, factor = value
            if isinstance(first, int) and isinstance(factor, int | float) and factor > 0:
                return first, float(factor)
        self.unread[key] = value
        return None

    def biases(self, key: str) -> tuple[tuple[tuple[int, ...], float], ...]:
        value = self.take(key)
        if value is None:
            return ()
        found = [self._bias(entry) for entry in value] if isinstance(value, list) else [None]
        if any(entry is None for entry in found):
            self.unread[key] = value
        return tuple(entry for entry in found if entry is not None)

    def _bias(self, entry: object) -> tuple[tuple[int, ...], float] | None:
        if not isinstance(entry, list) or len(entry) != 2:
            return None
        ids, bias = entry
        whole = isinstance(ids, list) and bool(ids) and all(self.is_id(i) for i in ids)
        number = isinstance(bias, int | float) and not isinstance(bias, bool)
        return (tuple(ids), float(bias)) if whole and number else None

    def is_id(self, i: object) -> TypeGuard[int]:
        return isinstance(i, int) and not isinstance(i, bool) and 0 <= i < self.vocab


def is_neutral(key: str, value: object) -> bool:
    """Whether a rule with this value changes nothing."""
    return value is None or value is False or value in ([], {}, "") or value in NEUTRAL.get(key, (0,))


def rules_of(
    generation: ConfigJson | None, hf: ConfigJson, older: Constraints, ends: tuple[int, ...], vocab: int
) -> tuple[Constraints, dict[str, object]]:
    """(the rules, those that would change the text and are not applied); `older` are the constraints on single ids.

    As in the reference, config.json states them only where there is no generation_config.json (`generation` None).
    """
    reader = RuleReader(hf.values if generation is None else generation.values, vocab)
    rules = Constraints(
        forced_first=older.forced_first,
        never=older.never,
        never_sequences=older.never_sequences,
        never_first=older.never_first,
        sequence_bias=reader.biases("sequence_bias"),
        encoder_repetition_penalty=reader.number("encoder_repetition_penalty", 1.0),
        repetition_penalty=reader.number("repetition_penalty", 1.0),
        no_repeat_ngram_size=reader.count("no_repeat_ngram_size"),
        encoder_no_repeat_ngram_size=reader.count("encoder_no_repeat_ngram_size"),
        min_length=reader.count("min_length"),
        min_new_tokens=reader.count("min_new_tokens"),
        exponential_decay_length_penalty=reader.decay("exponential_decay_length_penalty"),
        ends=ends,
    )
    if generation is None:
        hf.read |= reader.known
        return rules, reader.unread
    ids = {"forced_bos_token_id", "bad_words_ids", "suppress_tokens", "begin_suppress_tokens"}
    others = {
        key: value
        for key, value in generation.values.items()
        if key not in WITHOUT_EFFECT | reader.known | ids and not is_neutral(key, value)
    }
    return rules, reader.unread | others
