"""The tokenizer of a chat: special tokens around each turn, and the template that adds them.

    <|user|> 배고파 <|end|> <|assistant|> 뭐 좀 드세요. <|end|>

A single text is read as a turn of the user, with the start of an answer behind it; a pair of texts as a question and answer.
"""

from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer

from training.data.byte_pairs import save, surround
from training.data.korean_tokenizers import train_pieces

PAD, END, USER, ASSISTANT = "<|pad|>", "<|end|>", "<|user|>", "<|assistant|>"
SPECIALS = (PAD, END, USER, ASSISTANT)
MAX_POSITIONS = 512
COMMON = 2  # a character with this count is not cut in two

TEMPLATE = (
    "{% for message in messages %}"
    "{% if message['role'] not in ['user', 'assistant'] %}"
    "{{ raise_exception('A turn is of the user or of the assistant: there is no other role here.') }}"
    "{% endif %}"
    "{{ '<|' + message['role'] + '|>' + message['content'] | trim + '<|end|>' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def train_chat_tokenizer(texts: Iterable[str], *, vocab_size: int) -> Tokenizer:
    """Learn the pieces of `texts`. Ids 0 to 3 are padding, end, user, assistant."""
    tokenizer = train_pieces(texts, vocab_size=vocab_size, specials=SPECIALS, common=COMMON)
    asked = f"{USER} $A {END} {ASSISTANT}"
    surround(tokenizer, SPECIALS[1:], single=asked, pair=f"{asked} $B {END}", prefix_space=True)
    return tokenizer


def save_chat_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write tokenizer.json and tokenizer_config.json, which has the template."""
    settings = {
        "eos_token": END,
        "pad_token": PAD,
        "additional_special_tokens": [USER, ASSISTANT],
        "chat_template": TEMPLATE,
    }
    save(tokenizer, folder, settings, max_positions=MAX_POSITIONS)
