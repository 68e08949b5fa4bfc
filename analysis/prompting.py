"""A prompt and an answer as token ids: the part of each token, and the positions that predict the answer.

A prompt is an instruction, examples and an input, in that order (Brown et al. 2020, zero-, one- and few-shot). A decoder reads
prompt and answer as one text. An encoder-decoder reads the prompt with its encoder and the answer with its decoder. An encoder
has the answer in place of its mask. The answer is never sampled: it is given, token by token (teacher forcing).
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
LONGEST = 8_192  # tokens of a prompt with its answer, also where the model itself has no limit
LONGEST_ANSWER = 256  # tokens


@dataclass(frozen=True)
class Prompt:
    """The text before the input; the input is the same for all prompts."""

    instruction: str = ""
    examples: tuple[str, ...] = ()

    @property
    def shots(self) -> int:
        return len(self.examples)


@dataclass(frozen=True)
class Composed:
    """A prompt as one text, and the end of each part."""

    text: str
    ends: tuple[tuple[Part, int], ...]  # (part, index after its last character), in the order of the text

    def part_at(self, start: int, end: int) -> Part:
        """The part of a token that covers these characters: that of its first character other than white space."""
        inside = [i for i in range(start, end) if not self.text[i].isspace()]
        at = inside[0] if inside else max(start, end - 1)
        return next((part for part, after in self.ends if at < after), self.ends[-1][0])


@dataclass(frozen=True, eq=False)
class Posed:
    """One prompt and one answer as tokens."""

    read: tuple[Token, ...]  # the input of the predicting stack, with the answer
    parts: tuple[Part, ...]  # the part of each token of `read`
    at: tuple[int, ...]  # the position that predicts each token of the answer
    answer: tuple[Token, ...]
    source: tuple[Token, ...] = ()  # the encoder's input of an encoder-decoder
    source_parts: tuple[Part, ...] = ()
    mask: int | None = None  # of an encoder: it hides the predicted token and the answer's tokens after it

    def ids(self, n: int) -> list[int]:
        """The input of the predicting stack when token `n` of the answer is predicted."""
        ids = [token.id for token in self.read]
        if self.mask is not None:
            for place in self.at[n:]:
                ids[place] = self.mask
        return ids

    @property
    def passes(self) -> int:
        """The number of different inputs: one for each answer token with an encoder, else one in all."""
        return len(self.at) if self.mask is not None else 1


def compose(prompt: Prompt, given: str, joint: Joint = "space") -> Composed:
    """The non-empty parts as one text, with a joint between two parts unless there is white space already."""
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
    """The answer as it follows a text: with a space before it, if it begins like a word and the text ends without a space."""
    apart = text[-1:].isspace() or not (answer[:1].isalnum() or answer[:1] in '"“«(<[')
    return answer if apart else f" {answer}"


def pose(lm: LanguageModel, prompt: Prompt, given: str, answer: str, joint: Joint = "space") -> Posed:
    """One prompt, the shared input and one answer as ids.

    Raises InputError for a model without a tokenizer or an output head, an empty input or answer, too many tokens, and an
    encoder's prompt without exactly one mask.
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
    """The part of each token of a prompt; tokens that were not typed are special."""
    return tuple("special" if token.span is None else composed.part_at(*token.span) for token in tokens)


def _all(part: Part, count: int) -> tuple[Part, ...]:
    return (part,) * count


def _after_the_prompt(lm: LanguageModel, composed: Composed, answer: str) -> Posed:
    """For a decoder: the tokens of the prompt, then those of the answer; the last answer token is predicted and not read.

    The answer's tokens are those of the whole text, if the prompt's tokens are the same there. Otherwise (tokens that span
    words) the answer is tokenized alone, as it would be generated after a given prompt.
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
    """For an encoder-decoder: the end token is part of the answer, so that the probability is that of exactly this answer."""
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
    """For an encoder: the mask is replaced by the tokens of the answer, which are masked when they are predicted."""
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
    """The position of the mask in an encoder's prompt. Raises InputError where there is none, or more than one."""
    if lm.special.mask is None:
        raise InputError("this encoder names no mask token, so it cannot be asked for an answer")
    masks = [i for i, token in enumerate(tokens) if token.id == lm.special.mask]
    if len(masks) != 1:
        mask = lm.token(lm.special.mask).text
        raise InputError(f"an encoder answers at its mask: put {mask} into the text once (there are {len(masks)} now)")
    return masks[0]


def _as_hidden(composed: Composed, tokens: Sequence[Token], place: int, answer: str) -> str:
    """The answer in place of the mask: with a space before it where the text has one that no other token contains."""
    start, end = tokens[place].span or (0, 0)
    hides_space = composed.text[start:end][:1].isspace()
    held = place > 0 and tokens[place - 1].text.isspace()
    opens = hides_space or (composed.text[:start][-1:].isspace() and not held)
    return f" {answer}" if opens and not answer[0].isspace() else answer
