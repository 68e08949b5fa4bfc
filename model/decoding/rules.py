"""The rules of generation_config.json: what each does to the logits of one step, in the order of `transformers`.

They act before any strategy. Each is a named stage, so that what a step could write can be followed rule by rule, and each can be
switched off.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

import torch
from torch import Tensor

from model.errors import InputError
from model.pretrained import Constraints

RuleName = Literal[
    "sequence_bias", "encoder_repetition_penalty", "repetition_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size",
    "bad_words_ids", "min_length", "min_new_tokens", "forced_bos_token_id", "exponential_decay_length_penalty", "suppress_tokens",
    "begin_suppress_tokens",
]  # fmt: skip
RULES: tuple[RuleName, ...] = get_args(RuleName)
NEVER = float("-inf")


@dataclass(frozen=True)
class Situation:
    """Where a decode is when it chooses a token."""

    read: Sequence[int]  # the ids the decoder has read
    index: int  # how many of them this decode has generated
    source: Sequence[int]  # what the encoder read; a decoder's prompt, as the reference takes it

    @property
    def given(self) -> int:
        """How many ids the decoder had read before the first step."""
        return len(self.read) - self.index


def situation(read: Sequence[int], index: int, source: Sequence[int] | None) -> Situation:
    """`source` None: there is no encoder."""
    return Situation(read, index, read[: len(read) - index] if source is None else source)


def after_each(logits: Tensor, rules: Constraints, now: Situation) -> list[tuple[RuleName, Tensor]]:
    """(name, (vocab,) logits after it) of each rule that acts at this step, in order; each reads those of the one before it."""
    done: list[tuple[RuleName, Tensor]] = []
    for name in RULES:
        after = STAGES[name](logits, rules, now)
        if after is not logits:
            done.append((name, after))
            logits = after
    return done


def constrained(
    logits: Tensor, rules: Constraints, read: Sequence[int], index: int, source: Sequence[int] | None = None
) -> Tensor:
    """(vocab,) logits after all rules. `read`, `index` and `source` are as in `Situation`; source None: there is no encoder."""
    done = after_each(logits, rules, situation(read, index, source))
    return done[-1][1] if done else logits


def without(rules: Constraints, off: Sequence[str]) -> Constraints:
    """The rules without those switched off. Raises InputError for a name that is none."""
    if (wrong := next((name for name in off if name not in RULES), None)) is not None:
        raise InputError(f'there is no generation rule "{wrong}"; rules are {", ".join(RULES)}')
    return rules.without([FIELDS[cast("RuleName", name)] for name in off])


def stated(rules: Constraints) -> tuple[RuleName, ...]:
    """The rules that a checkpoint has."""
    plain = Constraints()
    return tuple(name for name in RULES if getattr(rules, FIELDS[name]) != getattr(plain, FIELDS[name]))


FIELDS: Mapping[RuleName, str] = {name: name for name in RULES} | {
    "bad_words_ids": "never_sequences",
    "forced_bos_token_id": "forced_first",
    "suppress_tokens": "never",
    "begin_suppress_tokens": "never_first",
}
"""The field of `Constraints` that each rule is kept in."""


def _banned(logits: Tensor, ids: Sequence[int]) -> Tensor:
    if not ids:
        return logits
    logits = logits.clone()
    logits[list(ids)] = NEVER
    return logits


def _ends_with(read: Sequence[int], prefix: Sequence[int]) -> bool:
    return len(prefix) <= len(read) and tuple(read[len(read) - len(prefix) :]) == tuple(prefix)


def _biased(logits: Tensor, rules: Constraints, now: Situation) -> Tensor:
    held = [(ids[-1], bias) for ids, bias in rules.sequence_bias if _ends_with(now.read, ids[:-1])]
    if not held:
        return logits
    bias = torch.zeros_like(logits)
    at = torch.tensor([id for id, _ in held], device=logits.device)
    return logits + bias.index_add(0, at, torch.tensor([b for _, b in held], device=logits.device, dtype=logits.dtype))


def penalised(logits: Tensor, penalty: float, ids: Sequence[int]) -> Tensor:
    """Lowers the logits of these ids for a penalty above 1, and raises them below (Keskar et al. 2019)."""
    if penalty == 1.0 or not ids:
        return logits
    seen = torch.tensor(sorted(set(ids)), dtype=torch.long, device=logits.device)
    old = logits[seen]
    return logits.scatter(0, seen, torch.where(old < 0, old * penalty, old / penalty))


def _followers(text: Sequence[int], size: int, read: Sequence[int]) -> list[int]:
    """The ids that would complete a run of `size` tokens which `text` holds (Paulus et al. 2018)."""
    if not size or len(read) + 1 < size:
        return []
    prefix = tuple(read[len(read) + 1 - size :])
    return [text[i + size - 1] for i in range(len(text) - size + 1) if tuple(text[i : i + size - 1]) == prefix]


def _no_sequence(logits: Tensor, rules: Constraints, now: Situation) -> Tensor:
    return _banned(logits, [ids[-1] for ids in rules.never_sequences if _ends_with(now.read, ids[:-1])])


def _no_early_end(logits: Tensor, rules: Constraints, length: int, least: int) -> Tensor:
    return _banned(logits, rules.ends) if length < least else logits


def _forced(logits: Tensor, rules: Constraints, now: Situation) -> Tensor:
    if rules.forced_first is None or len(now.read) != 1:
        return logits
    forced = torch.full_like(logits, NEVER)
    forced[rules.forced_first] = 0.0
    return forced


def _decayed(logits: Tensor, rules: Constraints, now: Situation) -> Tensor:
    if rules.exponential_decay_length_penalty is None or not rules.ends:
        return logits
    first, factor = rules.exponential_decay_length_penalty
    if now.index <= first:
        return logits
    ends = torch.tensor(rules.ends, device=logits.device)
    old = logits[ends]
    raised = old + old.abs() * (factor ** (now.index - first) - 1)
    return logits.scatter(0, ends, torch.where(old.isfinite(), raised, old))


def _not_first(logits: Tensor, rules: Constraints, now: Situation) -> Tensor:
    first = 1 if rules.forced_first is not None and now.given <= 1 else 0
    return _banned(logits, rules.never_first) if now.index == first else logits


STAGES: Mapping[RuleName, Callable[[Tensor, Constraints, Situation], Tensor]] = {
    "sequence_bias": _biased,
    "encoder_repetition_penalty": lambda x, rules, now: penalised(x, 1 / rules.encoder_repetition_penalty, now.source),
    "repetition_penalty": lambda x, rules, now: penalised(x, rules.repetition_penalty, now.read),
    "no_repeat_ngram_size": lambda x, rules, now: _banned(
        x, _followers(now.read, rules.no_repeat_ngram_size, now.read)
    ),
    "encoder_no_repeat_ngram_size": lambda x, rules, now: _banned(
        x, _followers(now.source, rules.encoder_no_repeat_ngram_size, now.read)
    ),
    "bad_words_ids": _no_sequence,
    "min_length": lambda x, rules, now: _no_early_end(
        x, rules, len(now.read), 0 if rules.min_new_tokens else rules.min_length
    ),
    "min_new_tokens": lambda x, rules, now: _no_early_end(x, rules, now.index, rules.min_new_tokens),
    "forced_bos_token_id": _forced,
    "exponential_decay_length_penalty": _decayed,
    "suppress_tokens": lambda x, rules, now: _banned(x, rules.never),
    "begin_suppress_tokens": _not_first,
}
"""Returns the same tensor where the rule does not act. As in the reference, min_new_tokens takes the place of min_length."""
