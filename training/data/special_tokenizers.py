"""The tokenizers of BERT and BART: special tokens around a text, and a mask inside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tokenizers import AddedToken, Tokenizer

from training.data.byte_pairs import save, surround, tokenizer_of
from training.data.story_tokenizers import MAX_POSITIONS, train_word_pieces


@dataclass(frozen=True)
class Specials:
    """The special tokens of a family and their places. They have the first ids, in the order of `all`."""

    pad: str
    begin: str
    separate: str
    mask: str
    single: str  # templates, as `tokenizers` writes them
    pair: str
    roles: tuple[tuple[str, str], ...]  # (name in tokenizer_config.json, token)
    inputs: tuple[str, ...]  # the inputs that `transformers` gives the model

    @property
    def all(self) -> tuple[str, ...]:
        """The four, in the order of their ids."""
        return self.pad, self.begin, self.separate, self.mask


BERT = Specials(
    pad="[PAD]",
    begin="[CLS]",
    separate="[SEP]",
    mask="[MASK]",
    single="[CLS]:0 $A:0 [SEP]:0",
    pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
    roles=(("pad_token", "[PAD]"), ("cls_token", "[CLS]"), ("sep_token", "[SEP]"), ("mask_token", "[MASK]")),
    inputs=("input_ids", "token_type_ids", "attention_mask"),
)
"""Devlin et al. 2019, figure 2. There is no [UNK]: every byte is a piece."""

BART = Specials(
    pad="<pad>",
    begin="<s>",
    separate="</s>",
    mask="<mask>",
    single="<s> $A </s>",
    pair="<s> $A </s> </s> $B </s>",
    roles=(
        ("bos_token", "<s>"),
        ("eos_token", "</s>"),
        ("pad_token", "<pad>"),
        ("cls_token", "<s>"),
        ("sep_token", "</s>"),
        ("mask_token", "<mask>"),
    ),
    inputs=("input_ids", "attention_mask"),
)
"""Lewis et al. 2020, whose special tokens are RoBERTa's."""


def train_special_tokenizer(stories: Iterable[str], *, vocab_size: int, specials: Specials) -> Tokenizer:
    """Byte-pair encoding inside words, with the family's template around one text or two."""
    tokenizer = train_word_pieces(stories, vocab_size=vocab_size, specials=specials.all)
    tokenizer.add_special_tokens(
        [
            AddedToken(
                token, special=True, normalized=False, lstrip=token == specials.mask
            )  # a mask replaces a word and the space before it
            for token in specials.all
        ]
    )
    around = (specials.begin, specials.separate)
    surround(tokenizer, around, single=specials.single, pair=specials.pair, prefix_space=False)
    return tokenizer


def save_special_tokenizer(tokenizer: Tokenizer, specials: Specials, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json."""
    mask = {"__type": "AddedToken", "content": specials.mask, "lstrip": True, "normalized": False, "rstrip": False}
    settings = {
        **dict(specials.roles),
        "mask_token": mask | {"single_word": False, "special": True},
        "model_input_names": list(specials.inputs),
    }
    save(tokenizer, folder, settings, max_positions=MAX_POSITIONS)


def run_special_tokenizer(run: Path, stories: Iterable[str], *, vocab_size: int, specials: Specials) -> Tokenizer:
    """The tokenizer in the run's folder. If there is none, it is learnt from the stories and saved there."""

    def learn_and_save() -> None:
        trained = train_special_tokenizer(stories, vocab_size=vocab_size, specials=specials)
        save_special_tokenizer(trained, specials, run)

    return tokenizer_of(run, learn_and_save)
