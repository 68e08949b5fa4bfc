"""A prompt of labelled parts and an answer, as the ids a model reads: what stands where, and from where the answer is predicted.

A prompt is an instruction, examples and an input, in that order (Brown et al. 2020, zero-, one- and few-shot). A decoder reads
them as one text and the answer's tokens after it; an encoder-decoder reads them with its encoder and the answer with its decoder;
an encoder answers at its mask. The answer is never sampled: it is given, token by token ("teacher forcing").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from model.errors import InputError
from model.language_model import LanguageModel
from model.tokenizers.tokens import Token

Part = Literal["instruction", "examples", "input", "answer", "special"]
PARTS: tuple[Part, ...] = get_args(Part)
Joint = Literal["space", "line"]
JOINTS: dict[Joint, str] = {"space": " ", "line": "\n"}
LONGEST = 2_048  # tokens of a prompt with its answer, where the model itself knows no limit
LONGEST_ANSWER = 256  # tokens


@dataclass(frozen=True)
class Prompt:
    """What stands before the input, which all prompts share."""

    instruction: str = ""
    examples: tuple[str, ...] = ()

    @property
    def shots(self) -> int:
        return len(self.examples)


@dataclass(frozen=True)
class Composed:
    """A prompt as one text, and where each part ends in it."""

    text: str
    ends: tuple[tuple[Part, int], ...]  # (part, the character after its last), in the order of the text

    def part_at(self, start: int, end: int) -> Part:
        """The part of a token that covers these characters: that of the first of them that is no white space."""
        inside = [i for i in range(start, end) if not self.text[i].isspace()]
        at = inside[0] if inside else max(start, end - 1)
        return next((part for part, after in self.ends if at < after), self.ends[-1][0])


@dataclass(frozen=True, eq=False)
class Posed:
    """One prompt and one answer, ready to be measured."""

    read: tuple[Token, ...]  # what the stack that predicts reads, the answer in it
    parts: tuple[Part, ...]  # of each of them
    at: tuple[int, ...]  # the position each token of the answer is predicted from
    answer: tuple[Token, ...]
    source: tuple[Token, ...] = ()  # what the encoder of a model with both stacks reads
    source_parts: tuple[Part, ...] = ()
    mask: int | None = None  # an encoder's: the answer's tokens from the predicted one on stand behind it

    def ids(self, n: int) -> list[int]:
        """What the predicting stack reads when the answer's token `n` is asked for."""
        ids = [token.id for token in self.read]
        if self.mask is not None:
            for place in self.at[n:]:
                ids[place] = self.mask
        return ids

    @property
    def passes(self) -> int:
        """How many different texts `ids` gives: an encoder reads one for each token, others one in all."""
        return len(self.at) if self.mask is not None else 1


def compose(prompt: Prompt, given: str, joint: Joint = "space") -> Composed:
    """The parts that are not empty, a joint between each two unless white space stands there already."""
    text, ends = "", list[tuple[Part, int]]()
    pieces: list[tuple[Part, str]] = [("instruction", prompt.instruction)]
    pieces += [("examples", example) for example in prompt.examples]
    for part, piece in (*pieces, ("input", given)):
        if not piece.strip():
            continue
        between = JOINTS[joint] if text and not text[-1].isspace() and not piece[0].isspace() else ""
        text += between + piece
        ends.append((part, len(text)))
    if not ends:
        raise InputError("there is no text to read: type an input")
    return Composed(text, tuple(ends))


def joined(text: str, answer: str) -> str:
    """The answer as it follows a text: a space before it where it begins like a word and none stands there."""
    apart = text[-1:].isspace() or not (answer[:1].isalnum() or answer[:1] in '"“«(<[')
    return answer if apart else f" {answer}"


def pose(lm: LanguageModel, prompt: Prompt, given: str, answer: str, joint: Joint = "space") -> Posed:
    """One prompt, the shared input and one answer as ids.

    Raises InputError for a model without a tokenizer or an output head, an empty input or answer, more tokens than can be
    read, and for an encoder's prompt without exactly one mask.
    """
    if lm.tokenizer is None:
        raise InputError("this checkpoint has no tokenizer, so it reads neither an instruction nor an answer as text")
    if lm.net.head is None:
        raise InputError("this checkpoint holds no output head, so it gives no answer a probability")
    if not answer.strip():
        raise InputError("an answer is empty: type at least a letter")
    composed = compose(prompt, given, joint)
    if lm.kind == "encoder":
        posed = _at_the_mask(lm, composed, answer)
    elif lm.kind == "encoder-decoder":
        posed = _by_the_decoder(lm, composed, answer)
    else:
        posed = _after_the_prompt(lm, composed, answer)
    _check_lengths(lm, posed)
    return posed


def _check_lengths(lm: LanguageModel, posed: Posed) -> None:
    if len(posed.answer) > LONGEST_ANSWER:
        raise InputError(f"an answer may have {LONGEST_ANSWER} tokens, and this has {len(posed.answer):,}: shorten it")
    for tokens, what in ((posed.source, "the prompt"), (posed.read, "the prompt with its answer")):
        lm.check_length(len(tokens), what)
        if len(tokens) > LONGEST:
            raise InputError(f"{what} is {len(tokens):,} tokens long; {LONGEST:,} are read here at most: shorten it")


def _parts_of(tokens: Sequence[Token], composed: Composed) -> tuple[Part, ...]:
    """The part of each token of a prompt; what nobody typed is special."""
    return tuple("special" if token.span is None else composed.part_at(*token.span) for token in tokens)


def _all(part: Part, count: int) -> tuple[Part, ...]:
    return (part,) * count


def _after_the_prompt(lm: LanguageModel, composed: Composed, answer: str) -> Posed:
    """A decoder: the prompt is read as it is read alone, then the answer's tokens, the last of which nothing need follow.

    The answer is cut as the whole text is where that leaves the prompt's tokens alone; else, where pieces span words, it is
    cut by itself, as it would have to be written after a prompt that is given.
    """
    before = lm.reading(composed.text).tokens
    after = joined(composed.text, answer)
    whole = lm.reading(composed.text + after).tokens
    ids = [token.id for token in before]
    tail = whole[len(before) :] if [token.id for token in whole[: len(before)]] == ids else ()
    tail = tail or lm.reading(after, special=False).tokens
    read = (*before, *tail[:-1])
    parts = (*_parts_of(before, composed), *_all("answer", len(tail) - 1))
    return Posed(read, parts, tuple(range(len(before) - 1, len(read))), tail)


def _by_the_decoder(lm: LanguageModel, composed: Composed, answer: str) -> Posed:
    """An encoder-decoder: the answer counts to its end token, so that its probability is that of writing it and no more."""
    source = lm.reading(composed.text).tokens
    start, *answered = lm.target_reading(answer).tokens
    forced = lm.constraints.forced_first
    begin = [start] if forced is None or answered[0].id == forced else [start, lm.token(forced)]
    target = (*answered, *(lm.token(end) for end in lm.special.end[:1]))
    read = (*begin, *target[:-1])
    parts = (*_all("special", len(begin)), *_all("answer", len(target) - 1))
    at = tuple(range(len(begin) - 1, len(read)))
    return Posed(read, parts, at, target, source, _parts_of(source, composed))


def _at_the_mask(lm: LanguageModel, composed: Composed, answer: str) -> Posed:
    """An encoder: as many masks as the answer has pieces stand where the one mask was."""
    tokens = lm.reading(composed.text).tokens
    place = mask_place(lm, tokens)
    pieces = lm.reading(_as_hidden(composed, tokens, place, answer), special=False).tokens
    read = (*tokens[:place], *pieces, *tokens[place + 1 :])
    parts = _parts_of(tokens, composed)
    at = tuple(range(place, place + len(pieces)))
    return Posed(
        read, (*parts[:place], *_all("answer", len(pieces)), *parts[place + 1 :]), at, pieces, mask=lm.special.mask
    )


def mask_place(lm: LanguageModel, tokens: Sequence[Token]) -> int:
    """Where the one mask of an encoder's prompt stands. Raises InputError where there is none, or more than one."""
    if lm.special.mask is None:
        raise InputError("this encoder names no mask token, so it cannot be asked for an answer")
    masks = [i for i, token in enumerate(tokens) if token.id == lm.special.mask]
    if len(masks) != 1:
        mask = lm.token(lm.special.mask).text
        raise InputError(f"an encoder answers at its mask: put {mask} into the text once (there are {len(masks)} now)")
    return masks[0]


def _as_hidden(composed: Composed, tokens: Sequence[Token], place: int, answer: str) -> str:
    """The answer as it stands in the mask's place: with a space before it where one stood there that no other token holds."""
    start, end = tokens[place].span or (0, 0)
    hides_space = composed.text[start:end][:1].isspace()
    held = place > 0 and tokens[place - 1].text.isspace()
    opens = hides_space or (composed.text[:start][-1:].isspace() and not held)
    return f" {answer}" if opens and not answer[0].isspace() else answer
